//! The exchange on a socket: requests by HTTP, reports sent to the market, and the feed by
//! WebSocket. What any of it means, the exchange decides.

mod answering;
mod courier;
mod feed;
mod hall;
mod keeping;

#[cfg(test)]
mod tests;

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use tokio::{net::TcpListener, sync::watch, task::JoinSet};

use crate::{book::Witness, exchange::Terms, faults::Faults, signature::Secret, wire::Currency};

use answering::Answering;
use courier::Courier;
use hall::Hall;

pub use keeping::BookError;

/// The time: milliseconds since 1970.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The shortest time that is waited for: so a clock that stands still costs little.
const WAIT_MIN: Duration = Duration::from_millis(1);

/// What a simulator is started with.
pub struct Options {
    /// What its exchange begins with.
    pub terms: Terms,
    /// What prices are in.
    pub currency: Currency,
    /// What both sides sign with.
    pub secret: Secret,
    /// The market's address, as in `http://localhost:8000`.
    pub market: String,
    /// What the market calls it.
    pub venue: String,
    /// The file that keeps its book; in memory, if there is none.
    pub book: Option<PathBuf>,
    /// The time.
    pub now: Now,
}

/// A simulator that runs until it is shut down or dropped.
pub struct Simulator {
    hall: Arc<Hall>,
    tasks: JoinSet<()>,
    url: String,
}

impl Simulator {
    /// Starts it on the current runtime.
    ///
    /// # Errors
    /// [`BookError`], if the file of the book cannot be read or written.
    pub fn start(listener: TcpListener, options: Options) -> Result<Self, BookError> {
        let Options { terms, currency, secret, market, venue, book, now } = options;
        let address = listener.local_addr().map_err(BookError::Socket)?;
        let hall = Arc::new(Hall::open(terms, now, book)?);
        let courier = Courier::new(&hall, &secret, &currency, &market, &venue);
        let answering = Answering { hall: Arc::clone(&hall), secret, currency };
        let mut tasks = JoinSet::new();
        tasks.spawn(answering::serve(listener, Arc::new(answering)));
        tasks.spawn(live(Arc::clone(&hall), courier));
        Ok(Self { hall, tasks, url: format!("http://{address}") })
    }

    /// Where its interface begins, as in `http://127.0.0.1:9100`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What its book says.
    #[must_use]
    pub fn witness(&self) -> Witness {
        self.hall.with_book(crate::exchange::Exchange::witness)
    }

    /// How many orders were ever placed.
    #[must_use]
    pub fn placed_count(&self) -> usize {
        self.hall.with_book(crate::exchange::Exchange::placed_count)
    }

    /// Lets other things go wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.hall.with(|exchange, _| exchange.set_faults(faults));
    }

    /// Ends at once: what was decided is in the book, and reports on their way are cut off.
    pub async fn shutdown(mut self) {
        self.tasks.shutdown().await;
    }
}

/// Lets the exchange live, and sends what it reports.
async fn live(hall: Arc<Hall>, courier: Courier) {
    let mut sending = JoinSet::new();
    let mut changed = hall.changed();
    loop {
        changed.mark_unchanged();
        let (due, next_ms) = hall.tend(|exchange, now| {
            let due = exchange.due_reports(now);
            (due, exchange.next_event_at().map(|at| at.saturating_sub(now)))
        });
        for outgoing in due {
            sending.spawn(courier.clone().deliver(outgoing));
        }
        let wait = next_ms.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0)));
        tokio::select! {
            () = tokio::time::sleep(wait.unwrap_or(Duration::MAX).max(WAIT_MIN)) => {}
            _ = changed.changed() => {}
            Some(_) = sending.join_next() => {}
        }
    }
}

/// Tells whoever waits that the exchange has been asked something.
type Changed = watch::Receiver<u64>;

/// Listens on an address.
///
/// # Errors
/// [`BookError::Socket`], as when the port is taken.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, BookError> {
    TcpListener::bind(address).await.map_err(BookError::Socket)
}
