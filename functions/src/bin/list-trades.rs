//! The Lambda function `list-trades`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::list_trades::ENDPOINT)
}
