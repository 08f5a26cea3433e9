//! The Lambda function `get-wallet-proof`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::get_wallet_proof::ENDPOINT)
}
