//! The Lambda function `signup`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::signup::ENDPOINT)
}
