//! The Lambda function `list-venue-orders`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::list_venue_orders::ENDPOINT)
}
