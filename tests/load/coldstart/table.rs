//! What many starts say together: the least, which nothing disturbed, and the median.

use std::time::Duration;

use crate::{
    Samples,
    function::Subject,
    sample::{Pages, Sample},
};

const MIB: f64 = 1_048_576.0;

/// The value in the middle; of two, the larger one.
pub(crate) fn median<T: Copy + Ord + Default>(values: &[T]) -> T {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// The least, and the median.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) least: Duration,
    pub(crate) median: Duration,
}

impl Spread {
    pub(crate) fn of(samples: &[Sample], what: impl Fn(&Sample) -> Duration) -> Self {
        let values: Vec<_> = samples.iter().map(what).collect();
        Self { least: values.iter().min().copied().unwrap_or_default(), median: median(&values) }
    }

    fn text(self, decimals: usize) -> String {
        format!(
            "{:.decimals$} / {:.decimals$}",
            milliseconds(self.least),
            milliseconds(self.median)
        )
    }
}

pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// A size, in MiB.
#[expect(clippy::cast_precision_loss, reason = "programs and memories are far below 2^52 bytes")]
pub(crate) fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / MIB
}

/// One line for each function. Milliseconds, least / median.
pub(crate) fn print(subjects: &[Subject], samples: &Samples) {
    println!("milliseconds, least / median of the starts; size and memory in MiB\n");
    println!(
        "| function | size | init | CPU | init, pages evicted | CPU | first answer | CPU \
         | warm CPU | memory | status |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for subject in subjects {
        let of = |pages| samples[&(subject.stem.clone(), pages)].as_slice();
        let (warm, evicted) = (of(Pages::InMemory), of(Pages::Evicted));
        let memory: Vec<_> = warm.iter().map(|sample| sample.memory).collect();
        let status = warm.first().and_then(|sample| sample.status);
        println!(
            "| {} | {:.2} | {} | {} | {} | {} | {} | {} | {} | {:.1} | {} |",
            subject.stem,
            mebibytes(subject.size()),
            Spread::of(warm, |sample| sample.init).text(1),
            Spread::of(warm, |sample| sample.init_cpu).text(2),
            Spread::of(evicted, |sample| sample.init).text(1),
            Spread::of(evicted, |sample| sample.init_cpu).text(2),
            Spread::of(warm, |sample| sample.first).text(2),
            Spread::of(warm, |sample| sample.first_cpu).text(2),
            Spread::of(warm, |sample| sample.warm_cpu).text(2),
            mebibytes(median(&memory)),
            status.map_or_else(|| "-".to_owned(), |status| status.to_string()),
        );
    }
}
