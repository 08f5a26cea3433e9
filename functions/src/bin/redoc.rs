//! The Lambda function `redoc`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::redoc::ENDPOINT)
}
