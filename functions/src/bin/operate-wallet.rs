//! The Lambda function `operate-wallet`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::operate_wallet::ENDPOINT)
}
