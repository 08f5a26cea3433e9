//! The Lambda function `logout`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::logout::ENDPOINT)
}
