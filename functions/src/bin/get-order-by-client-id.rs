//! The Lambda function `get-order-by-client-id`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::get_order_by_client_id::ENDPOINT)
}
