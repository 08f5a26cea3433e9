//! The Lambda function `get-jwks`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::get_jwks::ENDPOINT)
}
