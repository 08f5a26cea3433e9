//! The Lambda function `cancel-order`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::cancel_order::ENDPOINT)
}
