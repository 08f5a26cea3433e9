//! The Lambda function `get-order`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::get_order::ENDPOINT)
}
