//! The simulated venue, reached over a line on which time passes.

use std::sync::{Arc, Mutex};

use app::ports::{Clock, VenueConnector};
use async_trait::async_trait;
use domain::{
    amount::Amount,
    order::{OrderKind, Side},
    time::{Span, Timestamp},
    venue::{
        Execution, Report, SendFailure, Venue, VenueAnswer, VenueOrder, VenueState, VenueStatus,
    },
};
use testkit::{entropy::SeededEntropy, virtual_time::VirtualTime};
use venue_simulator::{Answer, Exchange, Kind, Order, Reaction, Sent, State, Status};

/// How long the market waits for an answer, in milliseconds.
const PATIENCE_MS: u64 = 5_000;

/// A line to the venue.
#[derive(Clone)]
pub struct Line {
    /// The time.
    pub time: VirtualTime,
    /// The venue.
    pub exchange: Arc<Mutex<Exchange>>,
    /// How long the way is.
    pub chance: Arc<SeededEntropy>,
    /// How many requests went over it.
    pub requests: Arc<Mutex<u64>>,
}

impl Line {
    async fn request(
        &self,
        ask: impl FnOnce(&mut Exchange, i64, Sent) -> Reaction + Send,
    ) -> VenueAnswer {
        *self.requests.lock().expect("no panic") += 1;
        let nonce = app::ports::Entropy::bits(self.chance.as_ref());
        let sent = Sent { at: self.time.now().millis(), nonce };
        let way = self.chance.next() % 40;
        self.sleep(way).await;
        let now = self.time.now().millis();
        let Reaction { answer, after_ms } =
            ask(&mut self.exchange.lock().expect("no panic"), now, sent);
        if way + after_ms >= PATIENCE_MS {
            self.sleep(PATIENCE_MS - way).await;
            return VenueAnswer::Failed(SendFailure::TimedOut);
        }
        self.sleep(after_ms).await;
        read(answer)
    }

    async fn sleep(&self, ms: u64) {
        self.time.sleep(Span::millis(u32::try_from(ms).expect("a while"))).await;
    }
}

fn read(answer: Answer) -> VenueAnswer {
    match answer {
        Answer::State { state, .. } => VenueAnswer::Known(state_of(&state)),
        Answer::Refused { status: 404, .. } => VenueAnswer::Unknown,
        Answer::Refused { status: 422, .. } => VenueAnswer::Refused { status: 422 },
        Answer::Refused { status, .. } => VenueAnswer::Broken { status, retry_after: None },
        Answer::Busy { retry_after } => {
            VenueAnswer::Busy { retry_after: Some(Span::seconds(retry_after)) }
        }
        Answer::Failed => VenueAnswer::Broken { status: 500, retry_after: None },
        Answer::Broken => VenueAnswer::Failed(SendFailure::NoAnswer),
        Answer::Unreachable => VenueAnswer::Failed(SendFailure::Unreachable),
    }
}

fn amount(count: u64) -> Amount {
    Amount::from_minor(i64::try_from(count).expect("in range")).expect("in range")
}

fn status_of(status: Status) -> VenueStatus {
    VenueStatus::of(status.as_str()).expect("a status")
}

fn execution_of(execution: &venue_simulator::Execution) -> Execution {
    Execution {
        id: execution.id.parse().expect("a reference"),
        quantity: amount(execution.quantity),
        price: amount(execution.price),
    }
}

fn state_of(state: &State) -> VenueState {
    VenueState {
        reference: state.venue_order_id.parse().expect("a reference"),
        status: status_of(state.status),
        executed: amount(state.executed),
        executions: state.executions.iter().map(execution_of).collect(),
    }
}

/// A report as the market reads it.
pub fn report_of(report: &venue_simulator::Report) -> Report {
    Report {
        order: report.order_id.parse().expect("an order"),
        state: VenueState {
            reference: report.venue_order_id.parse().expect("a reference"),
            status: status_of(report.status),
            executed: amount(report.executed),
            executions: report.execution.iter().map(execution_of).collect(),
        },
    }
}

fn asked(order: &VenueOrder) -> Order {
    let count = |amount: Amount| u64::try_from(amount.minor()).expect("a count");
    let terms = &order.terms;
    let millis = |at: Timestamp| at.millis();
    Order {
        id: terms.id.to_string(),
        side: side(terms.side),
        kind: if terms.kind == OrderKind::Limit { Kind::Limit } else { Kind::Market },
        instrument: terms.instrument.to_string(),
        quantity: count(terms.quantity),
        limit: count(terms.price),
        valid_until: millis(terms.valid_until),
    }
}

#[async_trait]
impl VenueConnector for Line {
    async fn place(&self, _: &Venue, order: &VenueOrder) -> VenueAnswer {
        self.request(|exchange, now, sent| exchange.place(now, sent, &asked(order))).await
    }

    async fn find(&self, _: &Venue, order: &VenueOrder) -> VenueAnswer {
        let id = order.terms.id.to_string();
        self.request(|exchange, now, sent| exchange.find(now, sent, &id)).await
    }

    async fn cancel(&self, _: &Venue, order: &VenueOrder) -> VenueAnswer {
        let id = order.terms.id.to_string();
        self.request(|exchange, now, sent| exchange.cancel(now, sent, &id)).await
    }
}

/// What an order's side is at the venue.
fn side(side: Side) -> venue_simulator::Side {
    match side {
        Side::Buy => venue_simulator::Side::Buy,
        Side::Sell => venue_simulator::Side::Sell,
    }
}
