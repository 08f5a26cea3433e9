//! The Lambda function `ready`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::ready::ENDPOINT)
}
