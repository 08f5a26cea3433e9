//! The Lambda function `refresh-session`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::refresh_session::ENDPOINT)
}
