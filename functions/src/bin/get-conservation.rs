//! The Lambda function `get-conservation`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::get_conservation::ENDPOINT)
}
