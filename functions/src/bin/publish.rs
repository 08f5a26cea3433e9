//! The Lambda function `publish`: follows the streams of accounts, orders and the catalog.

fn main() -> Result<(), edge::Error> {
    edge::run_stream(&functions::publish::FUNCTION)
}
