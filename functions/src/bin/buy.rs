//! The Lambda function `buy`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::buy::ENDPOINT)
}
