//! The Lambda function `get-openapi`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::get_openapi::ENDPOINT)
}
