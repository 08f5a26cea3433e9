//! Records that come twice, late, in another order, torn, or to a function that is killed: the
//! rows are those of one clean delivery, in every byte.

use std::{collections::BTreeMap, sync::Arc};

use aws_lambda_events::dynamodb::EventRecord;
use edge::{
    context::Context,
    function::{DynamoDbEvent, handle_stream_event},
};
use functions::project;
use testkit::{
    entropy::SeededEntropy,
    faults::{Fault, FaultyStore},
};
use tests::World;

use super::lively;
use crate::floor::{Floor, limit};

const PROJECTIONS: [&str; 2] = ["activity", "statements"];

async fn dumps(world: &World) -> [Vec<String>; 2] {
    [world.dump(PROJECTIONS[0]).await, world.dump(PROJECTIONS[1]).await]
}

async fn clear(world: &World) {
    for stem in PROJECTIONS {
        world.delete_rows(stem).await;
    }
}

/// All records of all streams, as queues that are in order: one a row that they are of.
async fn queues(world: &World) -> Vec<Vec<EventRecord>> {
    let mut queues = BTreeMap::<String, Vec<EventRecord>>::new();
    for event in world.stream_events(&["accounts", "journal", "orders"]).await {
        for record in event.records {
            let keys: BTreeMap<_, _> =
                record.change.keys.clone().into_inner().into_iter().collect();
            let key = format!("{:?} {keys:?}", record.event_source_arn);
            queues.entry(key).or_default().push(record);
        }
    }
    queues.into_values().collect()
}

struct Chance(SeededEntropy);

impl Chance {
    fn below(&self, sides: usize) -> usize {
        let sides = u64::try_from(sides).expect("a small number");
        usize::try_from(self.0.next() % sides).expect("a small number")
    }
}

/// How many records of a batch were handled.
async fn deliver(context: &Context, records: &[EventRecord]) -> usize {
    let mut event = DynamoDbEvent::default();
    event.records = records.to_vec();
    let response = handle_stream_event(context, &project::FUNCTION, event).await;
    let failed = response.batch_item_failures.first();
    let failed = failed.map(|failed| failed.item_identifier.clone().expect("a number"));
    let place = |number: &String| {
        let is = |record: &EventRecord| record.change.sequence_number.as_ref() == Some(number);
        records.iter().position(is).expect("of this batch")
    };
    failed.as_ref().map_or(records.len(), place)
}

/// Delivers all records in batches of chance, each queue in its order but queues in any; some
/// batches twice, some again later; and what a function has not handled comes again.
async fn chaos(context: &Context, mut queues: Vec<Vec<EventRecord>>, seed: u64) {
    let chance = Chance(SeededEntropy::new(seed));
    let mut past: Vec<Vec<EventRecord>> = Vec::new();
    queues.iter_mut().for_each(|queue| queue.reverse());
    while !queues.is_empty() {
        let mut batch = Vec::new();
        for _ in 0..=chance.below(30) {
            let Some(queue) = (!queues.is_empty()).then(|| chance.below(queues.len())) else {
                break;
            };
            batch.extend(queues[queue].pop());
            if queues[queue].is_empty() {
                queues.swap_remove(queue);
            }
        }
        let mut rest = batch.clone();
        while !rest.is_empty() {
            let done = deliver(context, &rest).await;
            rest.drain(..done);
        }
        if chance.below(3) == 0 {
            deliver(context, &batch).await;
        }
        if !past.is_empty() && chance.below(3) == 0 {
            deliver(context, &past[chance.below(past.len())]).await;
        }
        past.push(batch);
    }
}

#[tokio::test]
async fn records_in_any_order_torn_and_doubled_give_the_same_rows() {
    let floor = lively().await;
    let world = &floor.world;
    world.follow_streams().await;
    let clean = dumps(world).await;
    assert!(clean[0].len() > 20 && clean[1].len() > 40, "too little happened");
    let queues = queues(world).await;
    for seed in 1..=6 {
        clear(world).await;
        let context = match seed {
            1..=3 => world.elsewhere(|store| store),
            _ => world.elsewhere(|store| Arc::new(FaultyStore::seeded(store, seed, 40))),
        };
        chaos(&context, queues.clone(), seed).await;
        assert_eq!(dumps(world).await, clean, "seed {seed}");
    }
}

#[tokio::test]
async fn a_projector_killed_at_any_of_its_writes_goes_on_where_it_was() {
    let floor = Floor::open().await;
    let world = &floor.world;
    floor.placed(&floor.mary, "s", &limit("sell", "0.40", "10.00")).await;
    floor.placed(&floor.john, "b", &limit("buy", "0.40", "4.00")).await;
    world.follow_streams().await;
    let clean = dumps(world).await;
    let records: Vec<_> = queues(world).await.into_iter().flatten().collect();
    for fault in [Fault::LostRequest, Fault::LostAnswer] {
        let mut kills = 0;
        loop {
            clear(world).await;
            let script = [vec![Fault::None; kills], vec![fault]].concat();
            let wrap = |store| Arc::new(FaultyStore::scripted(store, script)) as Arc<_>;
            let killed = world.elsewhere(wrap);
            let mut done = 0;
            for batch in records.chunks(2) {
                let handled = deliver(&killed, batch).await;
                done += handled;
                if handled < batch.len() {
                    break;
                }
            }
            if done == records.len() {
                break;
            }
            // Another process is handed all that the first has not said to have handled.
            let other = world.elsewhere(|store| store);
            assert_eq!(deliver(&other, &records[done..]).await, records.len() - done);
            assert_eq!(dumps(world).await, clean, "{fault:?} at write {kills}");
            kills += 1;
        }
        assert!(kills > 12, "only {kills} writes could fail");
    }
}

#[tokio::test]
async fn a_record_that_is_no_row_goes_to_the_failure_queue_and_holds_up_nobody() {
    let floor = Floor::open().await;
    let world = &floor.world;
    let mut records: Vec<_> = queues(world).await.into_iter().flatten().collect();
    let is_account = |record: &EventRecord| {
        record.event_source_arn.as_ref().is_some_and(|source| source.contains("-accounts/"))
    };
    let poison = records.iter().position(is_account).expect("an account");
    let mut image = records[poison].change.new_image.clone().into_inner();
    image.remove("version");
    records[poison].change.new_image = image.into();
    assert_eq!(deliver(&world.context, &records).await, records.len());
    let letters = world.dead_letters.letters();
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(letters[0].function, "project");
    let store = super::store(world);
    let heads = [&floor.john, &floor.mary].map(|caller| store.statement_head(caller.id));
    let [john, mary] = heads;
    let (john, mary) = (john.await.expect("a read"), mary.await.expect("a read"));
    let versions = [john, mary].map(|head| head.map_or(0, |head| head.version));
    assert!(versions.contains(&3), "the other account is whole: {versions:?}");
}
