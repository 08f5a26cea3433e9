//! The Lambda function `amend-order`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::amend_order::ENDPOINT)
}
