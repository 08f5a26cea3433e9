//! The Lambda function `list-recent-trades`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::list_recent_trades::ENDPOINT)
}
