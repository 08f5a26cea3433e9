//! The Lambda function `list-universes`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::list_universes::ENDPOINT)
}
