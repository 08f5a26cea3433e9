//! The Lambda function `redeliver-event`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::redeliver_event::ENDPOINT)
}
