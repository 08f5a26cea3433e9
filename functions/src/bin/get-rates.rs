//! The Lambda function `get-rates`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::get_rates::ENDPOINT)
}
