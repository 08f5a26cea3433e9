//! The Lambda function `get-me`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::get_me::ENDPOINT)
}
