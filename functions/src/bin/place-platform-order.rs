//! The Lambda function `place-platform-order`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::place_platform_order::ENDPOINT)
}
