//! The Lambda function `list-webhook-deliveries`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::list_webhook_deliveries::ENDPOINT)
}
