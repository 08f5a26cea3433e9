//! Where streams are read: in the engine of this process, or behind a URL. Decides nothing.

use aws_sdk_dynamodb::Client;
use edge::function::DynamoDbEvent;
use tokio::sync::watch;

use crate::{
    embedded::{self, EmbeddedDynamo, EmbeddedError},
    endpoint::{self, EndpointDynamo, EndpointError},
};

/// A DynamoDB with streams. A clone is another handle to the same one.
#[derive(Debug, Clone)]
pub enum Source {
    /// In this process.
    Embedded(EmbeddedDynamo),
    /// Behind a URL.
    Endpoint(EndpointDynamo),
}

/// Why a stream cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The engine's reason.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The service's reason.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
}

/// Reads the stream of one table.
pub enum Reader {
    /// In this process.
    Embedded(EmbeddedDynamo, embedded::Stream),
    /// Behind a URL.
    Endpoint(endpoint::Reader),
}

impl Source {
    /// A client whose writes are news to [`Source::writes`].
    #[must_use]
    pub fn client(&self) -> Client {
        match self {
            Self::Embedded(dynamo) => dynamo.client(),
            Self::Endpoint(dynamo) => dynamo.client(),
        }
    }

    /// Changes when a client of this process has written something.
    #[must_use]
    pub fn writes(&self) -> watch::Receiver<()> {
        match self {
            Self::Embedded(dynamo) => dynamo.writes(),
            Self::Endpoint(dynamo) => dynamo.writes(),
        }
    }

    /// Reads the stream of the table with this full name, if it has one.
    ///
    /// # Errors
    /// [`SourceError`].
    pub async fn reader(&self, table: &str) -> Result<Option<Reader>, SourceError> {
        Ok(match self {
            Self::Embedded(dynamo) => {
                let stream = dynamo.stream(table).await?;
                stream.map(|stream| Reader::Embedded(dynamo.clone(), stream))
            }
            Self::Endpoint(dynamo) => dynamo.stream(table).await?.map(Reader::Endpoint),
        })
    }
}

impl Reader {
    /// What came after the record with this sequence number, or from the first one that is left
    /// on; at most 100 records, as a function is given them.
    ///
    /// # Errors
    /// [`SourceError`]; it can be tried again.
    pub async fn event(&mut self, after: Option<&str>) -> Result<DynamoDbEvent, SourceError> {
        Ok(match self {
            Self::Embedded(dynamo, stream) => dynamo.stream_event(stream, after).await?,
            Self::Endpoint(reader) => reader.event(after).await?,
        })
    }
}
