//! One start of one function, from its program's file to its last invocation.

use std::{
    net::SocketAddr,
    process::Child,
    time::{Duration, Instant},
};

use edge::boot;
use serde_json::Value;

use crate::{
    function::{Environment, Subject, environment},
    market::Running,
    process::{Process, evict, touch},
    runtime_api::RuntimeApi,
    table::median,
    tls::Authority,
};

/// Whether a program is in memory before it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Pages {
    /// All of it: it was started on this machine before.
    InMemory,
    /// Nothing of it: the disk has to bring what is used.
    Evicted,
}

/// What one start took.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    /// From exec to the first look for work.
    pub(crate) init: Duration,
    /// CPU time of that.
    pub(crate) init_cpu: Duration,
    /// From the first event to its answer.
    pub(crate) first: Duration,
    /// CPU time from the first event to the next look for work.
    pub(crate) first_cpu: Duration,
    /// The same of a later event: the median.
    pub(crate) warm_cpu: Duration,
    /// The most memory that it has had, in bytes.
    pub(crate) memory: u64,
    /// The first answer's status, if it has one.
    pub(crate) status: Option<u64>,
}

/// A process that ends with its owner.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ended_by_itself = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// Starts a function on a market of its own and lets it answer this many events after the first.
pub(crate) async fn take(
    subject: &Subject,
    pages: Pages,
    authority: Option<&Authority>,
    warm: usize,
) -> Sample {
    let market = Running::start().await;
    let Some(authority) = authority else {
        return take_from(subject, pages, &market, &environment(&market, None), warm).await;
    };
    let guarded = authority.guard(address(&market)).await;
    let environment = environment(&market, Some((&guarded.endpoint, authority)));
    take_from(subject, pages, &market, &environment, warm).await
}

fn address(market: &Running) -> SocketAddr {
    let environment = market.environment();
    let endpoint = environment.iter().find(|(name, _)| *name == boot::DYNAMODB_ENDPOINT);
    let address = endpoint.and_then(|(_, url)| url.strip_prefix("http://")?.parse().ok());
    address.expect("an address")
}

async fn take_from(
    subject: &Subject,
    pages: Pages,
    market: &Running,
    environment: &Environment,
    warm: usize,
) -> Sample {
    let mut api = RuntimeApi::start().await;
    match pages {
        Pages::InMemory => touch(&subject.program),
        Pages::Evicted => evict(&subject.program),
    }
    let began = Instant::now();
    let child = Ending(subject.start(environment, &api.address));
    let process = Process(child.0.id());
    let init = api.idle().await.duration_since(began);
    let init_cpu = process.cpu_at_rest().await;
    if pages == Pages::Evicted {
        assert!(process.major_faults() > 0, "{}: its pages were not evicted", subject.stem);
    }
    let mut cpu_before = init_cpu;
    let mut invoked = Vec::new();
    for number in 0..=warm {
        let (answer, took) = api.invoke(&subject.event(market, number)).await;
        api.idle().await;
        let cpu = process.cpu_at_rest().await;
        invoked.push((answer, took, cpu.saturating_sub(cpu_before)));
        cpu_before = cpu;
    }
    let mut invoked = invoked.into_iter();
    let (answer, first, first_cpu) = invoked.next().expect("a first answer");
    let status = answer["statusCode"].as_u64();
    assert!(status.is_none_or(|status| status < 300), "{}: {answer}", subject.stem);
    let later: Vec<_> =
        invoked.map(|(later, _, cpu)| same_answer(subject, status, &later, cpu)).collect();
    Sample {
        init,
        init_cpu,
        first,
        first_cpu,
        warm_cpu: median(&later),
        memory: process.memory_max(),
        status,
    }
}

/// The cost of a later answer that is of the same kind as the first one.
fn same_answer(subject: &Subject, status: Option<u64>, answer: &Value, cpu: Duration) -> Duration {
    assert_eq!(answer["statusCode"].as_u64(), status, "{}: {answer}", subject.stem);
    cpu
}
