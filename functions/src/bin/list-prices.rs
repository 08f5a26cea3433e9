//! The Lambda function `list-prices`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::list_prices::ENDPOINT)
}
