//! The Lambda function `get-request`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::get_request::ENDPOINT)
}
