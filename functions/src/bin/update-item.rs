//! The Lambda function `update-item`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::update_item::ENDPOINT)
}
