//! Who listens to topics, as this process knows it. A topic's roll has a mark that changes with
//! it: while the mark is the same the list is, so that telling a thousand listeners something does
//! not read a thousand rows each time.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use app::ports::{ConnectionId, Topic};

/// Lists of more topics than this are not kept: then all are read again.
const TOPICS_MAX: usize = 4_096;

/// Lists, each with the mark that its roll had before it was read.
type Lists = BTreeMap<Topic, (String, Arc<[ConnectionId]>)>;

/// The lists of this process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listeners(Arc<Mutex<Lists>>);

impl Listeners {
    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The list, if its roll still has the mark.
    pub(crate) fn with_mark(&self, topic: Topic, mark: &str) -> Option<Arc<[ConnectionId]>> {
        let lists = self.lists();
        let (known, list) = lists.get(&topic)?;
        (known == mark).then(|| Arc::clone(list))
    }

    /// Keeps a list that was read after its roll had the mark.
    pub(crate) fn keep(&self, topic: Topic, mark: String, list: &Arc<[ConnectionId]>) {
        let mut lists = self.lists();
        if lists.len() >= TOPICS_MAX {
            lists.clear();
        }
        lists.insert(topic, (mark, Arc::clone(list)));
    }
}

/// A mark that no roll has had. By the chance that the SDK has too; only that it differs matters.
pub(crate) fn new_mark() -> String {
    format!("{:032x}", fastrand::u128(..))
}
