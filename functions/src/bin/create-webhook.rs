//! The Lambda function `create-webhook`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::create_webhook::ENDPOINT)
}
