//! Reads a stream behind a URL in the order of its records, one shard after the other. How far
//! anybody has come, and what the records mean, is not known here.
//!
//! A stream's shards are read in the order in which they began: an emulator has one open shard
//! at a time. A stream with several open ones is AWS's own, and Lambda's to read.

use std::error::Error;

use aws_sdk_dynamodbstreams::{
    Client,
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    operation::{get_records::GetRecordsError, get_shard_iterator::GetShardIteratorError},
    types::{Shard, ShardIteratorType},
};
use edge::function::DynamoDbEvent;
use serde_json::json;

use super::{EndpointDynamo, json::record};

/// The most records of one event: what Lambda hands a function by default.
const RECORDS_MAX: i32 = 100;

/// Why a stream cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// The service refused, or cannot be reached: its words.
    #[error("cannot read the stream: {0}")]
    Read(String),
    /// Records come in several shards at once, whose order among each other nobody knows.
    #[error("the stream has {0} open shards: only one at a time can be followed")]
    OpenShards(usize),
    /// A record that is none.
    #[error("the stream has a record that cannot be read")]
    Record(#[source] serde_json::Error),
}

/// Reads the stream of one table, from any record on.
#[derive(Debug)]
pub struct Reader {
    client: Client,
    arn: String,
    /// Where the last look ended.
    kept: Option<Kept>,
}

#[derive(Debug)]
struct Kept {
    /// The record behind which it stands.
    after: Option<String>,
    place: Place,
}

#[derive(Debug)]
struct Place {
    shard: String,
    /// `None`: there is nothing more in the shard.
    iterator: Option<String>,
}

impl EndpointDynamo {
    /// Reads the stream of the table with this full name, if it has one.
    ///
    /// # Errors
    /// [`EndpointError::Read`]: also of a service that has no streams at all.
    pub async fn stream(&self, table: &str) -> Result<Option<Reader>, EndpointError> {
        let listed = self.streams.list_streams().table_name(table).send().await.map_err(failed)?;
        // A stream that was switched off may be listed beside the one that is on.
        let newest = listed.streams.unwrap_or_default().into_iter();
        let newest = newest.max_by(|one, other| one.stream_label.cmp(&other.stream_label));
        let arn = newest.and_then(|stream| stream.stream_arn);
        Ok(arn.map(|arn| Reader { client: self.streams.clone(), arn, kept: None }))
    }
}

impl Reader {
    /// What came after the record with this sequence number, or from the first record that is
    /// left on; at most 100 records, as a function is given them. Of a record that is not there
    /// any more, because it is older than a day, it is what is left behind it.
    ///
    /// # Errors
    /// [`EndpointError`]; it can be tried again.
    pub async fn event(&mut self, after: Option<&str>) -> Result<DynamoDbEvent, EndpointError> {
        // Taken: after a failure it is looked for anew.
        let kept = self.kept.take().filter(|kept| kept.after.as_deref() == after);
        let mut place = match kept {
            Some(kept) => kept.place,
            None => match self.find(after).await? {
                Some(place) => place,
                None => return Ok(DynamoDbEvent::default()),
            },
        };
        loop {
            let Some(iterator) = place.iterator.take() else {
                match self.shard_behind(&place.shard).await? {
                    Some(next) => place = next,
                    None => {
                        self.keep(after, place);
                        return Ok(DynamoDbEvent::default());
                    }
                }
                continue;
            };
            let page = self.client.get_records().shard_iterator(iterator).limit(RECORDS_MAX);
            let page = page.send().await.map_err(failed::<GetRecordsError>)?;
            let is_end = page.next_shard_iterator.is_none();
            place.iterator = page.next_shard_iterator;
            let records = page.records.unwrap_or_default();
            if records.is_empty() && is_end {
                continue;
            }
            let records = records.into_iter().map(|read| record(read, &self.arn));
            let records = json!({"Records": records.collect::<Vec<_>>()});
            let event: DynamoDbEvent =
                serde_json::from_value(records).map_err(EndpointError::Record)?;
            let last = event.records.last().map(|last| last.change.sequence_number.as_deref());
            self.keep(last.unwrap_or(after), place);
            return Ok(event);
        }
    }

    fn keep(&mut self, after: Option<&str>, place: Place) {
        self.kept = Some(Kept { after: after.map(str::to_owned), place });
    }

    /// The place behind a record, or the first one; `None`: there is no shard yet.
    async fn find(&self, after: Option<&str>) -> Result<Option<Place>, EndpointError> {
        let shards = self.shards().await?;
        let Some(first) = shards.first() else { return Ok(None) };
        let shard = match after {
            Some(after) => shards.iter().rfind(|shard| shard.begins <= Number::of(after)),
            None => None,
        };
        match (after, shard) {
            (Some(after), Some(shard)) => self.behind(shard, after).await.map(Some),
            _ => self.beginning(first).await.map(Some),
        }
    }

    /// The beginning of the shard that follows one.
    async fn shard_behind(&self, shard: &str) -> Result<Option<Place>, EndpointError> {
        let shards = self.shards().await?;
        let place = shards.iter().position(|known| known.id == shard);
        // One that is listed no more was older than all that are.
        let next = shards.get(place.map_or(0, |place| place + 1));
        match next {
            Some(next) => self.beginning(next).await.map(Some),
            None => Ok(None),
        }
    }

    async fn beginning(&self, shard: &KnownShard) -> Result<Place, EndpointError> {
        let iterator = self.client.get_shard_iterator().stream_arn(&self.arn).shard_id(&shard.id);
        let iterator = iterator.shard_iterator_type(ShardIteratorType::TrimHorizon).send().await;
        let iterator = iterator.map_err(failed)?.shard_iterator;
        Ok(Place { shard: shard.id.clone(), iterator })
    }

    async fn behind(&self, shard: &KnownShard, after: &str) -> Result<Place, EndpointError> {
        let iterator = self.client.get_shard_iterator().stream_arn(&self.arn).shard_id(&shard.id);
        let iterator = iterator.shard_iterator_type(ShardIteratorType::AfterSequenceNumber);
        match iterator.sequence_number(after).send().await {
            Ok(found) => Ok(Place { shard: shard.id.clone(), iterator: found.shard_iterator }),
            Err(error) if is_trimmed(&error) => {
                tracing::warn!(stream = self.arn, after, "the stream's older records are gone");
                self.beginning(shard).await
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// All shards, in the order in which they began.
    async fn shards(&self) -> Result<Vec<KnownShard>, EndpointError> {
        let mut shards = Vec::<KnownShard>::new();
        let mut from = None;
        loop {
            let page = self.client.describe_stream().stream_arn(&self.arn);
            let page = page.set_exclusive_start_shard_id(from).send().await.map_err(failed)?;
            let Some(stream) = page.stream_description else { break };
            shards.extend(stream.shards.unwrap_or_default().into_iter().filter_map(known));
            from = stream.last_evaluated_shard_id;
            if from.is_none() {
                break;
            }
        }
        let open = shards.iter().filter(|shard| shard.is_open).count();
        if open > 1 {
            return Err(EndpointError::OpenShards(open));
        }
        shards.sort_by(|one, other| (&one.begins, &one.id).cmp(&(&other.begins, &other.id)));
        Ok(shards)
    }
}

/// A sequence number in the order of numbers: of two without leading zeros, the longer one is
/// the greater.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Number(usize, String);

impl Number {
    fn of(text: &str) -> Self {
        let digits = text.trim_start_matches('0');
        Self(digits.len(), digits.to_owned())
    }
}

#[derive(Debug)]
struct KnownShard {
    id: String,
    begins: Number,
    is_open: bool,
}

fn known(shard: Shard) -> Option<KnownShard> {
    let range = shard.sequence_number_range;
    let is_open = range.as_ref().is_none_or(|range| range.ending_sequence_number.is_none());
    let begins = range.and_then(|range| range.starting_sequence_number).unwrap_or_default();
    shard.shard_id.map(|id| KnownShard { id, begins: Number::of(&begins), is_open })
}

fn is_trimmed(error: &SdkError<GetShardIteratorError>) -> bool {
    let error = error.as_service_error();
    error.is_some_and(GetShardIteratorError::is_trimmed_data_access_exception)
}

fn failed<Refusal>(error: SdkError<Refusal>) -> EndpointError
where
    Refusal: ProvideErrorMetadata + Error + 'static,
{
    EndpointError::Read(match &error {
        SdkError::ServiceError(context) => {
            let (status, refusal) = (context.raw().status().as_u16(), context.err());
            let code = refusal.code().unwrap_or("an error without a code");
            format!("{status} {code}: {}", refusal.message().unwrap_or("without a message"))
        }
        _ => DisplayErrorContext(error).to_string(),
    })
}
