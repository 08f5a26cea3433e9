//! The Lambda function `disconnect`: hears that a WebSocket was closed.

fn main() -> Result<(), edge::Error> {
    edge::run_socket(&functions::disconnect::FUNCTION)
}
