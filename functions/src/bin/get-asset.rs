//! The Lambda function `get-asset`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::get_asset::ENDPOINT)
}
