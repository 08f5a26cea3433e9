//! The Lambda function `create-ws-ticket`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::create_ws_ticket::ENDPOINT)
}
