//! The Lambda function `rotate-webhook-secret`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::rotate_webhook_secret::ENDPOINT)
}
