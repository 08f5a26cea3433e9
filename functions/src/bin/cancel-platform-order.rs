//! The Lambda function `cancel-platform-order`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::cancel_platform_order::ENDPOINT)
}
