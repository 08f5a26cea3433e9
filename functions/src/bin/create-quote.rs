//! The Lambda function `create-quote`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::create_quote::ENDPOINT)
}
