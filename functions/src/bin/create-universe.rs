//! The Lambda function `create-universe`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::create_universe::ENDPOINT)
}
