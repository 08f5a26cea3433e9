//! The Lambda function `health`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::health::ENDPOINT)
}
