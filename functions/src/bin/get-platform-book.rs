//! The Lambda function `get-platform-book`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::get_platform_book::ENDPOINT)
}
