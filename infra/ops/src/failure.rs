//! Why a command came to nothing, in words for an operator.

use app::{identity::IdentityFailed, opening::OpeningFailed, perform::Failed, ports::StoreError};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It makes no sense as things are.
    #[error("{0}")]
    Refused(String),
    /// A service said no, or nothing.
    #[error("{what}: {why}")]
    Service {
        /// What was asked of it.
        what: &'static str,
        /// What it said.
        why: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A use case refused or failed.
    #[error(transparent)]
    Failed(#[from] Failed),
    /// A user could not be made.
    #[error(transparent)]
    Identity(#[from] IdentityFailed),
    /// Universes or markets could not be made.
    #[error(transparent)]
    Opening(#[from] OpeningFailed),
    /// A file cannot be read or written.
    #[error("{0}: {1}")]
    File(String, #[source] std::io::Error),
}

impl Failure {
    /// What an operator is told.
    #[must_use]
    pub fn refused(why: impl Into<String>) -> Self {
        Self::Refused(why.into())
    }
}

/// Turns a service's error into a failure: for `map_err`.
pub fn service<E: ProvideErrorMetadata, R>(
    what: &'static str,
) -> impl FnOnce(SdkError<E, R>) -> Failure {
    move |error| Failure::Service { what, why: why(&error) }
}

/// What a service said, with its code.
#[must_use]
pub fn why<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    match error {
        SdkError::ServiceError(context) => {
            let code = context.err().code().unwrap_or("an error without a code");
            match context.err().message() {
                Some(message) => format!("{code}: {message}"),
                None => code.to_owned(),
            }
        }
        SdkError::ConstructionFailure(_) => "the request could not be built".to_owned(),
        SdkError::TimeoutError(_) => "no answer in time".to_owned(),
        SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
            Some(error) if error.is_other() => "no credentials, or no connection".to_owned(),
            _ => "no connection".to_owned(),
        },
        _ => "no readable answer".to_owned(),
    }
}
