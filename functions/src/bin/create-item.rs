//! The Lambda function `create-item`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::create_item::ENDPOINT)
}
