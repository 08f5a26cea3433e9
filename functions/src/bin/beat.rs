//! The Lambda function `beat`: runs each minute.

fn main() -> Result<(), edge::Error> {
    edge::run_schedule(&functions::beat::FUNCTION)
}
