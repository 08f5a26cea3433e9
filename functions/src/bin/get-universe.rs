//! The Lambda function `get-universe`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::get_universe::ENDPOINT)
}
