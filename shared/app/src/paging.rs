//! Lists whose rows are filtered after they are read: whole pages, bounded work.

use std::future::Future;

use crate::ports::{Page, Position, StoreError};

/// How many pages of the store one request reads at most. A filter that fits little may
/// therefore give a short page, or an empty one, that has a next.
const READS_MAX: usize = 5;

/// A filtered page and where the next one begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    /// The rows that fit.
    pub rows: Vec<T>,
    /// Where to go on; `None`: this was the last page.
    pub next: Option<Position>,
}

/// Reads pages until `limit` rows fit, the list ends, or enough was read.
///
/// # Errors
/// The store's own.
pub async fn filtered<T, F>(
    limit: u32,
    mut after: Option<Position>,
    mut read: impl FnMut(Option<Position>) -> F,
    position: impl Fn(&T) -> Position,
    fits: impl Fn(&T) -> bool,
) -> Result<Listing<T>, StoreError>
where
    F: Future<Output = Result<Page<T>, StoreError>>,
{
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut rows = Vec::new();
    for _ in 0..READS_MAX {
        let page = read(after).await?;
        let count = page.rows.len();
        for (index, row) in page.rows.into_iter().enumerate() {
            after = Some(position(&row));
            if fits(&row) {
                rows.push(row);
            }
            if rows.len() == wanted {
                let more = page.more || index + 1 < count;
                return Ok(Listing { rows, next: after.filter(|_| more) });
            }
        }
        if !page.more {
            return Ok(Listing { rows, next: None });
        }
    }
    Ok(Listing { rows, next: after })
}
