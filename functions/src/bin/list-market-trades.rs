//! The Lambda function `list-market-trades`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::list_market_trades::ENDPOINT)
}
