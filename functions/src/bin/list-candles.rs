//! The Lambda function `list-candles`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::list_candles::ENDPOINT)
}
