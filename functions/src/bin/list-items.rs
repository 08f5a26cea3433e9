//! The Lambda function `list-items`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::list_items::ENDPOINT)
}
