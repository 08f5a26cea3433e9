//! The Lambda function `get-market`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::get_market::ENDPOINT)
}
