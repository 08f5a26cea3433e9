//! The Lambda function `authorize`: the authorizer of the HTTP API.

fn main() -> Result<(), edge::Error> {
    edge::run_authorizer()
}
