//! The Lambda function `place-venue-order`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::place_venue_order::ENDPOINT)
}
