//! The Lambda function `place-stock-order`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::place_stock_order::ENDPOINT)
}
