//! The Lambda function `message`: hears what is said over a WebSocket.

fn main() -> Result<(), edge::Error> {
    edge::run_socket(&functions::message::FUNCTION)
}
