//! The Lambda function `list-webhooks`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::list_webhooks::ENDPOINT)
}
