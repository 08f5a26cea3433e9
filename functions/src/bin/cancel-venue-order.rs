//! The Lambda function `cancel-venue-order`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::cancel_venue_order::ENDPOINT)
}
