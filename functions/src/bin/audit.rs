//! The Lambda function `audit`: runs each minute.

fn main() -> Result<(), edge::Error> {
    edge::run_schedule(&functions::audit::FUNCTION)
}
