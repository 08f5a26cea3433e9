//! The Lambda function `list-wallets`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::list_wallets::ENDPOINT)
}
