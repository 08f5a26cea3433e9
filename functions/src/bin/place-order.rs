//! The Lambda function `place-order`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::place_order::ENDPOINT)
}
