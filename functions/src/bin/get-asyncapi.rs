//! The Lambda function `get-asyncapi`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::get_asyncapi::ENDPOINT)
}
