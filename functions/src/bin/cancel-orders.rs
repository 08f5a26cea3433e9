//! The Lambda function `cancel-orders`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::cancel_orders::ENDPOINT)
}
