//! The Lambda function `list-my-orders`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::list_my_orders::ENDPOINT)
}
