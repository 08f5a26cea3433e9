//! The Lambda function `place-at-venue`: wakes by the queue of orders at external venues.

fn main() -> Result<(), edge::Error> {
    edge::run_tasks(&functions::place_at_venue::FUNCTION)
}
