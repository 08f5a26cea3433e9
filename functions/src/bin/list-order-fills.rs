//! The Lambda function `list-order-fills`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::list_order_fills::ENDPOINT)
}
