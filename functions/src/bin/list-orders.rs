//! The Lambda function `list-orders`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::list_orders::ENDPOINT)
}
