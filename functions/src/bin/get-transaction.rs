//! The Lambda function `get-transaction`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::get_transaction::ENDPOINT)
}
