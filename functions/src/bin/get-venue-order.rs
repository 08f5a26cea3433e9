//! The Lambda function `get-venue-order`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::get_venue_order::ENDPOINT)
}
