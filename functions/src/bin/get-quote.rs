//! The Lambda function `get-quote`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::get_quote::ENDPOINT)
}
