//! The Lambda function `get-webhook`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::get_webhook::ENDPOINT)
}
