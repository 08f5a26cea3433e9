//! The Lambda function `login`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::login::ENDPOINT)
}
