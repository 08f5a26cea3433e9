//! The Lambda function `match-orders`: wakes by the doorbell's queue.

fn main() -> Result<(), edge::Error> {
    edge::run_queue(&functions::match_orders::FUNCTION)
}
