//! The Lambda function `update-webhook`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::update_webhook::ENDPOINT)
}
