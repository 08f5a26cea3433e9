//! What traders and the bell share: a world with three markets, and traders with money.

use std::sync::atomic::{AtomicBool, Ordering};

use domain::{id::UserId, pair::PairId};
use edge::auth::scopes::Scopes;
use tests::{Caller, World};

use crate::floor::fund;

/// A market, what its prices are around in hundredths, and how far they go from there.
pub(crate) struct Pit {
    pub(crate) market: &'static str,
    pub(crate) around: u64,
    pub(crate) reach: u64,
}

/// All currencies are traded for each other, so a wallet's money comes and goes in two markets.
pub(crate) const PITS: [Pit; 3] = [
    Pit { market: "MRC-USD", around: 40, reach: 9 },
    Pit { market: "VNC-USD", around: 133, reach: 15 },
    Pit { market: "MRC-VNC", around: 30, reach: 7 },
];

impl Pit {
    pub(crate) fn pair(&self) -> PairId {
        self.market.parse().expect("a market")
    }
}

/// Where everyone trades.
pub(crate) struct Hall {
    pub(crate) world: World,
    pub(crate) traders: Vec<Caller>,
    closed: AtomicBool,
}

impl Hall {
    pub(crate) async fn open(traders: usize) -> Self {
        let world = World::new().await;
        world.market("VNC", "USD").await;
        world.market("MRC", "VNC").await;
        let mut callers = Vec::new();
        for index in 0..traders {
            let caller = world.trader(&format!("trader_{index}"), 1).await;
            // Every fifth cannot pay for much.
            let amount = if index % 5 == 4 { "9.00" } else { "400.00" };
            for code in ["USD", "MRC", "VNC"] {
                fund(&world, &caller, code, amount).await;
            }
            callers.push(caller);
        }
        Self { world, traders: callers, closed: AtomicBool::new(false) }
    }

    /// An access token as of now: cancellations take their time.
    pub(crate) fn token(&self, trader: usize) -> String {
        let user: UserId = self.traders[trader].id;
        let home = domain::universe::UniverseId::new(1).expect("a universe");
        self.world.token(user, Scopes::for_role(domain::identity::Role::Trader), home)
    }

    /// Nobody places orders any more.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }
}
