//! The Lambda function `cancel-after`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::cancel_after::ENDPOINT)
}
