//! The Lambda function `list-events`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::list_events::ENDPOINT)
}
