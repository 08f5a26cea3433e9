//! The Lambda function `get-ticker`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::get_ticker::ENDPOINT)
}
