//! The SDK's sense of time: it sleeps and signs by the simulation's. A process that stands still
//! hears no alarm.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use app::ports::Clock;
use aws_sdk_dynamodb::config::{AsyncSleep, Sleep};
use aws_smithy_async::time::TimeSource;
use domain::time::Span;
use testkit::virtual_time::VirtualTime;

use crate::life::Life;

/// How often a process that stood still looks at its clock again.
const LOOK: Span = Span::seconds(1);

/// The time of one process.
#[derive(Clone)]
pub(super) struct SdkTime {
    /// What passes.
    pub(super) time: VirtualTime,
    /// The process's.
    pub(super) life: Arc<Life>,
}

impl fmt::Debug for SdkTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SdkTime").field("life", &self.life).finish_non_exhaustive()
    }
}

impl AsyncSleep for SdkTime {
    fn sleep(&self, duration: Duration) -> Sleep {
        let millis = duration.as_nanos().div_ceil(1_000_000);
        let span = Span::of_millis(i64::try_from(millis).unwrap_or(i64::MAX));
        let Self { time, life } = self.clone();
        Sleep::new(Shared(Mutex::new(Box::pin(async move {
            time.sleep(span).await;
            while life.is_frozen() {
                time.sleep(LOOK).await;
            }
        }))))
    }
}

impl TimeSource for SdkTime {
    fn now(&self) -> SystemTime {
        let millis = u64::try_from(self.time.now().millis()).unwrap_or_default();
        SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
    }
}

/// A future that several threads may hold, as the SDK's signatures ask for, though none does.
struct Shared(Mutex<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Future for Shared {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let inner = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        inner.as_mut().poll(context)
    }
}
