//! The Lambda function `get-item`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::get_item::ENDPOINT)
}
