//! The Lambda function `list-venues`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::list_venues::ENDPOINT)
}
