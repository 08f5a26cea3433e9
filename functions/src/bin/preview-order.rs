//! The Lambda function `preview-order`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::preview_order::ENDPOINT)
}
