//! From a host's name to its addresses. Which of them may be connected to is not known here.

use std::{io, net::IpAddr};

use async_trait::async_trait;
use tokio::net::lookup_host;

/// Knows the addresses of hosts.
#[async_trait]
pub(crate) trait Resolve: Send + Sync {
    /// All addresses of a host.
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The system's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SystemResolver;

#[async_trait]
impl Resolve for SystemResolver {
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        // It wants a port, and does nothing with it.
        Ok(lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
    }
}
