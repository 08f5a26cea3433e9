//! The Lambda function `set-market-status`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::set_market_status::ENDPOINT)
}
