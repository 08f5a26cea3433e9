//! The Lambda function `delete-webhook`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::delete_webhook::ENDPOINT)
}
