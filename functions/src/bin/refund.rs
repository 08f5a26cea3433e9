//! The Lambda function `refund`.

fn main() -> Result<(), edge::Error> {
    edge::run(&functions::refund::ENDPOINT)
}
