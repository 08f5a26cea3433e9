//! The Lambda function `open-wallet`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::open_wallet::ENDPOINT)
}
