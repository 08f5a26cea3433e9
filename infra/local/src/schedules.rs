//! The schedules of a market in one process: what EventBridge is to functions. What a function
//! does when its time has come is not known here.

use std::sync::Arc;

use app::ports::Clock;
use domain::time::Span;
use edge::function::{ScheduleFunction, caught};
use functions::{audit, beat, follow_venues};
use tokio::task::JoinSet;

use crate::serve::Served;

/// Functions, and how long after its end each begins again. A deployment's schedules know no
/// less than a minute; here a beat costs nothing, and neither does it to take up a feed again.
const SCHEDULES: [(&ScheduleFunction, Span); 3] = [
    (&audit::FUNCTION, Span::seconds(60)),
    (&beat::FUNCTION, Span::seconds(10)),
    (&follow_venues::FUNCTION, Span::seconds(1)),
];

/// Wakes each function now and then whenever its time has come, until it is dropped. Waits by the
/// clock, which must be one that takes its time.
pub(crate) fn wake(served: &Arc<Served>, clock: &Arc<dyn Clock>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for (function, pause) in SCHEDULES {
        let (served, clock) = (Arc::clone(served), Arc::clone(clock));
        tasks.spawn(async move {
            loop {
                if let Err(problem) = caught((function.handle)(&served.context)).await {
                    let (code, detail) = (problem.code, problem.detail.as_str());
                    tracing::warn!(function = function.stem, code, detail, "failed");
                }
                clock.sleep(pause).await;
            }
        });
    }
    tasks
}
