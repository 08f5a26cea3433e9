//! The Lambda function `exchange`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::exchange::ENDPOINT)
}
