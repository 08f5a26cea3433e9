//! The Lambda function `void-request`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::void_request::ENDPOINT)
}
