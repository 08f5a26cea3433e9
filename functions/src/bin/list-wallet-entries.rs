//! The Lambda function `list-wallet-entries`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::list_wallet_entries::ENDPOINT)
}
