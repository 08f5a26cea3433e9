//! The Lambda function `set-rate`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::set_rate::ENDPOINT)
}
