//! A gateway of sockets that remembers what it was given, for tests of what is posted to whom.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use app::ports::ConnectionId;
use async_trait::async_trait;
use edge::sockets::{Frame, Gateway, PostError};

/// Takes everything and opens nothing. Each connection is open until it is closed or lost.
#[derive(Default)]
pub struct RecordingGateway {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    posts: Vec<(ConnectionId, Frame)>,
    closed: Vec<ConnectionId>,
    gone: BTreeSet<ConnectionId>,
    silent: bool,
}

impl RecordingGateway {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on this connection is gone.
    pub fn lose(&self, id: &ConnectionId) {
        self.state().gone.insert(id.clone());
    }

    /// From now on it takes nothing, or everything again.
    pub fn fall_silent(&self, silent: bool) {
        self.state().silent = silent;
    }

    /// The texts that a connection was posted since it was last asked for, in order.
    pub fn take(&self, id: &ConnectionId) -> Vec<String> {
        let mut state = self.state();
        let posts = std::mem::take(&mut state.posts);
        let (taken, left) = posts.into_iter().partition(|(to, _)| to == id);
        state.posts = left;
        let texts = taken.into_iter().map(|(_, frame): (_, Frame)| frame.text.to_string());
        texts.collect()
    }

    /// All that was posted and not taken.
    pub fn posts(&self) -> Vec<(ConnectionId, Frame)> {
        self.state().posts.clone()
    }

    /// Which connections were closed, in order.
    pub fn closed(&self) -> Vec<ConnectionId> {
        self.state().closed.clone()
    }

    /// Whether a call reaches the connection.
    fn reach(&self, id: &ConnectionId) -> Result<MutexGuard<'_, State>, PostError> {
        let state = self.state();
        match (state.silent, state.gone.contains(id)) {
            (true, _) => Err(PostError::Unavailable("no answer in time".to_owned())),
            (false, true) => Err(PostError::Gone),
            (false, false) => Ok(state),
        }
    }
}

#[async_trait]
impl Gateway for RecordingGateway {
    async fn post(&self, to: &ConnectionId, frame: &Frame) -> Result<(), PostError> {
        self.reach(to)?.posts.push((to.clone(), frame.clone()));
        Ok(())
    }

    async fn close(&self, id: &ConnectionId) -> Result<(), PostError> {
        let mut state = self.reach(id)?;
        state.closed.push(id.clone());
        state.gone.insert(id.clone());
        Ok(())
    }
}
