//! Every crash point: for each scene, one run for each call of the store that its function makes
//! and each thing that can go wrong there; or for every two of them. Whatever goes wrong, the
//! client gets its definite answer, the promises hold, and all comes to what it would have come
//! to without.

pub mod aim;
pub mod scenes;
pub mod state;

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
};

use app::ports::Clock;
use domain::{id::WalletId, time::Span};
use functions::STREAM_FUNCTIONS;
use serde_json::Value;
use testkit::{builders::start, faults::Call, virtual_time::VirtualTime};

use crate::{
    history::Ask,
    oracle,
    plan::Plan,
    planted::Planted,
    queues::SCHEDULED,
    run::text_of,
    seam::{MemorySeam, Seam},
    sim::Sim,
    swarm::{Kind, Swarm},
};
use aim::Strike;
use scenes::{Scene, Step};

/// How many people a scene has.
const PEOPLE: usize = 3;
/// How many rounds of half a minute a scene may take to fall quiet.
const ROUNDS_MAX: u32 = 60;

/// What goes wrong, by the number of the call.
pub type Strikes = BTreeMap<usize, Strike>;

/// What came of a scene.
#[derive(Debug, Clone, Default)]
pub struct Ended {
    /// The store calls of the function in question.
    pub calls: Vec<Call>,
    /// What the market came to.
    pub state: Vec<String>,
    /// What does not hold.
    pub violations: Vec<String>,
}

/// What came of a scene with everything that can go wrong in it.
#[derive(Debug, Clone)]
pub struct Covered {
    /// Which.
    pub scene: Scene,
    /// Whether all processes had just begun.
    pub cold: bool,
    /// How many store calls the function makes.
    pub calls: usize,
    /// How many runs there were.
    pub runs: usize,
    /// What went wrong, and what did not hold then.
    pub violations: Vec<(Strikes, String)>,
}

/// Plays a scene while these calls fail; `cold`: by processes that have just begun.
#[must_use]
pub fn play(scene: &Scene, cold: bool, strikes: Strikes) -> Ended {
    let time = VirtualTime::from(start());
    let seam: Arc<dyn Seam> = Arc::new(MemorySeam::new(Planted::default(), &time));
    let mut swarm = Swarm::calm();
    if scene.stem == "sweep" {
        // It finds what nobody was rung for.
        swarm.0.insert(Kind::QueueLost, 10_000);
    }
    let plan = Plan { swarm, ops: Vec::new(), ..Plan::of_seed(1, 0) };
    let sim = Sim::new(plan, seam, time);
    let calls = Arc::new(Mutex::new(Vec::new()));
    let (noted, played) = (Arc::clone(&calls), scene.clone());
    sim.clone().spawn(|sim| async move {
        let made = sim.perform(&played, cold, strikes).await;
        *noted.lock().unwrap_or_else(PoisonError::into_inner) = made;
    });
    sim.clone().spawn(|sim| async move { sim.carry_reports().await });
    let ran = catch_unwind(AssertUnwindSafe(|| sim.time.run()));
    let mut violations = sim.complaints();
    let at_venue = scene.is_at_venue();
    let judged =
        catch_unwind(AssertUnwindSafe(|| (oracle::judge(&sim), state::of(&sim, at_venue))));
    let state = match (ran, judged) {
        (Ok(()), Ok((judged, state))) => {
            violations.extend(judged);
            state
        }
        (Err(panic), _) | (_, Err(panic)) => {
            violations.push(format!("it broke off: {}", text_of(panic.as_ref())));
            Vec::new()
        }
    };
    let calls = calls.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ended { calls, state, violations }
}

/// Plays a scene once for each thing that can go wrong at each call, and with `pairs` for every
/// two of them, the second also in what is tried again after the first.
#[must_use]
pub fn cover(scene: &Scene, cold: bool, pairs: bool) -> Covered {
    let calm = play(scene, cold, Strikes::new());
    let (scene, calls, violations) = (scene.clone(), calm.calls.len(), Vec::new());
    let mut covered = Covered { scene, cold, calls, runs: 1, violations };
    let found = calm.violations.iter().map(|found| (Strikes::new(), found.clone()));
    covered.violations.extend(found);
    for (place, call) in calm.calls.iter().enumerate() {
        for strike in Strike::of(call.kind) {
            let first = Strikes::from([(place, *strike)]);
            let ended = covered.play(&calm, first.clone());
            let others = ended.calls.iter().enumerate().skip(place + 1).filter(|_| pairs);
            for (second, call) in others {
                for strike in Strike::of(call.kind) {
                    let mut both = first.clone();
                    both.insert(second, *strike);
                    let _ended = covered.play(&calm, both);
                }
            }
        }
    }
    covered
}

impl Covered {
    fn play(&mut self, calm: &Ended, strikes: Strikes) -> Ended {
        self.runs += 1;
        let ended = play(&self.scene, self.cold, strikes.clone());
        let mut found = ended.violations.clone();
        found.retain(|violation| !calm.violations.contains(violation));
        if found.is_empty() {
            found = state::difference(&calm.state, &ended.state);
        }
        self.violations.extend(found.into_iter().map(|violation| (strikes.clone(), violation)));
        ended
    }
}

impl Sim {
    /// Founds a small town, does what came before, and then what the scene is about; the store
    /// calls of its function.
    async fn perform(self: &Arc<Self>, scene: &Scene, cold: bool, strikes: Strikes) -> Vec<Call> {
        self.found_small(PEOPLE).await;
        let mut kept = BTreeMap::new();
        for place in 0..PEOPLE {
            let person = self.town.person(place);
            let code = ["USD", "MRC", "VNC"][person.home];
            let code = code.parse().expect("a code");
            let wallet = WalletId { owner: person.id, currency: code };
            kept.insert(format!("wallet {place}"), wallet.to_string());
            kept.insert(format!("person {place}"), person.name);
        }
        let later = self.time.now().plus(Span::seconds(3_600));
        kept.insert("later".to_owned(), edge::wire::rfc3339(later));
        for Step { ask, keep } in &scene.before {
            if ask.method == "GET" {
                self.calm_down(scene).await;
            }
            let told = self.settle(1, filled(ask, &kept)).await;
            if !told.is_success() {
                self.complain(format!("the scene was not set: {ask:?} {told:?}"));
            }
            if let Some((name, pointer)) = keep {
                kept.insert((*name).to_owned(), told.text(pointer));
            }
        }
        if !kept.contains_key("quote") {
            // A quote does not last that long.
            self.calm_down(scene).await;
        }
        if cold {
            self.fleet.end_idle();
        }
        // What has no key may say that it is done by now when it is asked again.
        let must_succeed = strikes.is_empty() && !scene.is_refused();
        self.aim.take(scene.stem, strikes);
        self.chaos.set(true);
        let told = self.settle(2, filled(&scene.act, &kept)).await;
        self.chaos.set(false);
        if must_succeed && !told.is_success() {
            self.complain(format!("the scene was refused: {told:?}"));
        }
        self.calm_down(scene).await;
        let calls = self.aim.lower();
        self.end();
        calls
    }

    /// Lets everything follow that follows, until nothing changes any more.
    async fn calm_down(&self, scene: &Scene) {
        let mut unchanged = 0;
        let mut commits = self.seam.commits_so_far();
        for _ in 0..ROUNDS_MAX {
            self.follow_all().await;
            for function in SCHEDULED {
                let _done = self.turn(function).await;
            }
            self.time.sleep(Span::seconds(30)).await;
            self.follow_all().await;
            let now = self.seam.commits_so_far();
            let still = now == commits && self.queues.are_quiet() && self.streams.are_quiet();
            unchanged = if still { unchanged + 1 } else { 0 };
            commits = now;
            if unchanged > 1 {
                return;
            }
        }
        // Webhooks that nobody takes are told again for days, and a venue is asked again and again
        // what became of an order.
        if !scene.is_at_venue()
            && !scene.before.iter().any(|step| step.ask.path.ends_with("/webhooks"))
        {
            self.complain("it does not fall quiet".to_owned());
        }
    }

    async fn follow_all(&self) {
        for _ in 0..3 {
            self.hear_streams().await;
            for (function, tables) in STREAM_FUNCTIONS {
                for table in *tables {
                    self.follow_batch(function, (function.stem, table)).await;
                }
            }
            self.time.sleep(Span::millis(200)).await;
        }
    }
}

/// A request with everything that was kept in its place.
fn filled(ask: &Ask, kept: &BTreeMap<String, String>) -> Ask {
    let fill = |text: &str| {
        kept.iter().fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{name}}}"), value)
        })
    };
    let body = ask.body.as_ref().map(|body| {
        let text = fill(&body.to_string());
        serde_json::from_str::<Value>(&text).expect("still JSON")
    });
    Ask { path: fill(&ask.path), body, ..ask.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_fails_a_transfer_a_trade_and_a_long_command_come_to_the_same() {
        for scene in scenes::all() {
            let few = matches!(
                (scene.stem, scene.title),
                ("transfer", "") | ("match-orders", "a trade" | "a long command")
            );
            if few {
                let covered = cover(&scene, true, false);
                assert!(covered.calls > 1 && covered.runs > covered.calls, "{covered:?}");
                assert_eq!(covered.violations, [], "{}", scene.title);
            }
        }
    }

    #[test]
    fn every_endpoint_that_writes_has_a_scene() {
        let scenes = scenes::all();
        let missing: Vec<_> = functions::ENDPOINTS
            .iter()
            .filter(|endpoint| endpoint.method.as_str() != "GET")
            .filter(|endpoint| !scenes.iter().any(|scene| scene.stem == endpoint.stem))
            .map(|endpoint| endpoint.stem)
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
