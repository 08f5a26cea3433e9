//! The Lambda function `get-wallet`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::get_wallet::ENDPOINT)
}
