//! The Lambda function `welcome`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::welcome::ENDPOINT)
}
