//! The Lambda function `follow-venues`: runs each minute.

fn main() -> Result<(), edge::Error> {
    edge::run_schedule(&functions::follow_venues::FUNCTION)
}
