//! The Lambda function `get-market-book`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::get_market_book::ENDPOINT)
}
