//! What a FIFO queue makes of rings. Which queue, an environment variable says.

use app::ports::Doorbell;
use aws_sdk_sqs::{
    Client,
    types::{Message, MessageSystemAttributeName, QueueAttributeName},
};
use domain::{command::CommandId, pair::PairId, time::Timestamp};
use dynamo::Access;
use edge::queue::{SqsDoorbell, connect};

use crate::engines::arbitrary;

/// Names an SQS, such as `http://localhost:4566`, to ring on.
const ENDPOINT: &str = "MARKET_CONTRACT_QUEUE_ENDPOINT";

/// The queue service that is there, if one is.
pub(crate) fn endpoint() -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "a test's own switch, not the market's")]
    std::env::var(ENDPOINT).ok()
}

/// A new queue's URL; no two runs share it.
async fn fifo_queue(client: &Client) -> String {
    let created = client
        .create_queue()
        .queue_name(format!("match-{:016x}.fifo", arbitrary()))
        .attributes(QueueAttributeName::FifoQueue, "true")
        .send()
        .await;
    created.expect("a queue").queue_url.expect("its URL")
}

/// Which pair's command it was sent for.
fn sent_for(message: &Message) -> (String, String) {
    let attribute = |name| message.attributes().and_then(|all| all.get(&name)).expect("asked for");
    let group = attribute(MessageSystemAttributeName::MessageGroupId);
    assert_eq!(message.body(), Some(group.as_str()));
    (group.clone(), attribute(MessageSystemAttributeName::MessageDeduplicationId).clone())
}

/// Takes all that waits out of the queue: pair by pair, each in its order.
async fn waiting(client: &Client, queue_url: &str) -> Vec<(String, String)> {
    let mut waiting = Vec::new();
    loop {
        let received = client
            .receive_message()
            .queue_url(queue_url)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await;
        let messages = received.expect("messages").messages.unwrap_or_default();
        let Some(message) = messages.first() else { break };
        waiting.push(sent_for(message));
        let receipt = message.receipt_handle().expect("a receipt");
        let deleted = client.delete_message().queue_url(queue_url).receipt_handle(receipt);
        deleted.send().await.expect("deleted");
    }
    waiting.sort_by(|one, other| one.0.cmp(&other.0));
    waiting
}

/// One matcher of a market is awake at a time because a market is a group, and a command that is
/// rung for again is not another message.
pub(crate) async fn a_queue_takes_a_command_once_and_a_markets_rings_in_their_order(
    endpoint: String,
) {
    let client = connect(Access::emulator(&endpoint));
    let queue_url = fifo_queue(&client).await;
    let bell = SqsDoorbell::new(client.clone(), queue_url.clone());
    let [mrc, vnc] = ["MRC-USD", "VNC-USD"].map(|name| name.parse::<PairId>().expect("a pair"));
    let command = |bits| CommandId { at: Timestamp::from_millis(1_800_000_000_000), bits };
    for (pair, bits) in [(mrc, 2), (vnc, 1), (mrc, 2), (mrc, 1)] {
        bell.ring(pair, command(bits)).await.expect("rung");
    }
    let text = |pair: PairId, bits| (pair.to_string(), format!("{pair}.{}", command(bits)));
    let expected = vec![text(mrc, 2), text(mrc, 1), text(vnc, 1)];
    assert_eq!(waiting(&client, &queue_url).await, expected);
}
