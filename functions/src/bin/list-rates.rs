//! The Lambda function `list-rates`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::list_rates::ENDPOINT)
}
