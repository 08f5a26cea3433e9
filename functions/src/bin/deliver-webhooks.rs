//! The Lambda function `deliver-webhooks`: wakes by the queue of deliveries.

fn main() -> Result<(), edge::Error> {
    edge::run_tasks(&functions::deliver_webhooks::FUNCTION)
}
