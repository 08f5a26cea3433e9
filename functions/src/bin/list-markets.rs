//! The Lambda function `list-markets`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::list_markets::ENDPOINT)
}
