//! The Lambda function `connect`: opens a WebSocket.

fn main() -> Result<(), edge::Error> {
    edge::run_socket(&functions::connect::FUNCTION)
}
