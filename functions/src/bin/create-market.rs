//! The Lambda function `create-market`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::create_market::ENDPOINT)
}
