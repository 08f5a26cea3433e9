//! Models of the protocols that the market's promises rest on, checked in every state that they
//! can come to, and wrong designs of the same that the checker must refute. The models share no
//! code with what they are models of: they say what was decided, not how it is written.

mod checking;
mod idempotency;
mod matching;
mod placement;
#[cfg(test)]
mod tests;

pub use checking::{Bound, Checked, Tried};

use checking::{check, refute};
use idempotency::Idempotency;
use matching::Matching;
use placement::Placement;

/// All models, each looked at in all its states, one after another.
pub fn checked(bound: Bound) -> impl Iterator<Item = Checked> {
    let models: [fn(Bound) -> Checked; 3] = [
        |bound| check(idempotency::NAME, Idempotency::new(idempotency::RIGHT, bound)),
        |bound| check(matching::NAME, Matching::new(matching::RIGHT, bound)),
        |bound| check(placement::NAME, Placement::new(placement::RIGHT, bound)),
    ];
    models.into_iter().map(move |model| model(bound))
}

/// All wrong designs, each tried against the promise that it must break, one after another.
pub fn tried() -> impl Iterator<Item = Tried> {
    let idempotency = idempotency::WRONG.into_iter().map(|(design, variant, property)| {
        refute(idempotency::NAME, variant, property, Idempotency::new(design, Bound::Small))
    });
    let matching = matching::WRONG.into_iter().map(|(design, variant, property)| {
        refute(matching::NAME, variant, property, Matching::new(design, Bound::Full))
    });
    let placement = placement::WRONG.into_iter().map(|(design, variant, property)| {
        refute(placement::NAME, variant, property, Placement::new(design, Bound::Full))
    });
    idempotency.chain(matching).chain(placement)
}
