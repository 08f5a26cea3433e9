//! The Lambda function `project`: follows the streams of accounts, journal and orders.

fn main() -> Result<(), edge::Error> {
    edge::run_stream(&functions::project::FUNCTION)
}
