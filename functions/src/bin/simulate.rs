//! The Lambda function `simulate`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::simulate::ENDPOINT)
}
