//! The keys of connections, of what they listen to, and of spent tickets; and when their rows
//! may be swept.

use app::ports::{Connection, ConnectionId, StoreError};
use domain::time::{Span, Timestamp};

use super::{Row, Spelled, corrupt, in_part, kind_of, sweep_after, text, text_of};

const MARK: &str = "mark";

/// How many partitions open connections are in: few enough that all are read at once.
pub(crate) const OPEN_PARTS: u8 = 16;

/// 25 hours: API Gateway ends a connection after two, and a gateway of ours within a day. What
/// is older, a gateway left that died before it could say so.
const LIFE: Span = Span::seconds(25 * 3_600);

/// One of the partitions of open connections.
pub(crate) fn open_in(part: u8) -> String {
    format!("open#{part:x}")
}

/// An open connection.
pub(crate) fn connection(id: &ConnectionId) -> Row {
    let hash = id.0.bytes().fold(0_u8, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte));
    in_part(open_in(hash % OPEN_PARTS), id.spell())
}

/// The partition of what a connection listens to.
pub(crate) fn topics_of(id: &ConnectionId) -> String {
    format!("conn#{id}")
}

/// The partition of who listens to a topic.
pub(crate) fn listeners_of(topic: &str) -> String {
    format!("topic#{topic}")
}

/// The mark of a topic's roll: it is another one whenever who listens has changed.
pub(crate) fn roll(topic: &str) -> Row {
    in_part(format!("roll#{topic}"), "mark")
}

/// The same with its mark; swept when nobody who was on the roll then can still be.
pub(crate) fn marked_roll(topic: &str, mark: String, at: Timestamp) -> Row {
    let mut row = roll(topic);
    row.insert(MARK.to_owned(), text(mark));
    sweep_after(&mut row, at.plus(LIFE));
    row
}

/// The mark of a roll.
pub(crate) fn mark_of(row: &Row) -> Result<String, StoreError> {
    let mark = text_of(row, MARK).map(str::to_owned);
    mark.ok_or_else(|| corrupt("a roll without a mark"))
}

/// That a connection listens to a topic: as the connection has it, and as the topic does.
pub(crate) fn subscription(id: &ConnectionId, topic: &str) -> [Row; 2] {
    [in_part(topics_of(id), topic), in_part(listeners_of(topic), id.spell())]
}

/// The same, to be swept if its connection is never removed.
pub(crate) fn lasting_subscription(id: &ConnectionId, topic: &str, at: Timestamp) -> [Row; 2] {
    subscription(id, topic).map(|mut row| {
        sweep_after(&mut row, at.plus(LIFE));
        row
    })
}

/// The topic of a row of a connection's.
pub(crate) fn topic_of(row: &Row) -> Result<&str, StoreError> {
    kind_of(row).ok_or_else(|| corrupt("a subscription without a topic"))
}

/// The connection of a row of a topic's.
pub(crate) fn listener_of(row: &Row) -> Result<ConnectionId, StoreError> {
    let id = kind_of(row).and_then(ConnectionId::read);
    id.ok_or_else(|| corrupt("a subscription without a connection"))
}

/// A spent ticket, remembered until it expires.
pub(crate) fn ticket(ticket: u128, expires_at: Timestamp) -> Row {
    let mut row = in_part(format!("ticket#{ticket:032x}"), "spent");
    sweep_after(&mut row, expires_at);
    row
}

pub(in crate::rows) fn of_connection(value: &Connection, row: &mut Row) {
    row.extend(connection(&value.id));
    sweep_after(row, value.connected_at.plus(LIFE));
}
