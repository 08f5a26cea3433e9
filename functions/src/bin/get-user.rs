//! The Lambda function `get-user`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::get_user::ENDPOINT)
}
