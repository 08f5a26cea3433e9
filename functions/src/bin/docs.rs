//! The Lambda function `docs`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::docs::ENDPOINT)
}
