//! The Lambda function `transfer`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::transfer::ENDPOINT)
}
