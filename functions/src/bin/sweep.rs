//! The Lambda function `sweep`: runs each minute.

fn main() -> Result<(), edge::Error> {
    edge::run_schedule(&functions::sweep::FUNCTION)
}
