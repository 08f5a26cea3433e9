//! The Lambda function `receive-venue-report`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::receive_venue_report::ENDPOINT)
}
