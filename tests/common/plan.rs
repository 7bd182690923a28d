//! Random programs for a few threads, repeatable from one number.

use std::sync::Barrier;
use std::thread;

use super::oracle::Oracle;
use super::subject::Subject;

/// How the values of a plan are drawn; each stresses something else.
#[derive(Clone, Copy, Debug)]
enum Values {
    /// A handful of values: ties everywhere, at the floor too.
    Tied,
    /// One apart, so that bounds which round are of no use.
    OneApart,
    /// Multiples of a page, as linear memories have them.
    Pages,
    /// Around the value at which peaks saturate.
    Saturating,
    /// Every new value above most earlier ones: evictions all the time.
    Rising,
}

/// A program per thread: which key is recorded at what value, in order.
#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    pub capacity: usize,
    pub threads: Vec<Vec<(u64, u64)>>,
}

impl Plan {
    /// Two to eight threads, 1 to 16 places, few enough keys that they meet.
    pub fn random(seed: u64) -> Self {
        Self::of_size(seed, 2..=8, 1..=16, 4..=40)
    }

    pub fn of_size(
        seed: u64,
        threads: std::ops::RangeInclusive<usize>,
        capacities: std::ops::RangeInclusive<usize>,
        calls: std::ops::RangeInclusive<usize>,
    ) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let capacity = rng.usize(capacities);
        let keys = rng.u64(1..=3 * capacity as u64 + 2);
        let values = match rng.u8(..5) {
            0 => Values::Tied,
            1 => Values::OneApart,
            2 => Values::Pages,
            3 => Values::Saturating,
            _ => Values::Rising,
        };
        let calls = rng.usize(calls);
        let threads = (0..rng.usize(threads))
            .map(|_| (0..calls).map(|call| (rng.u64(..keys), values.draw(&mut rng, call as u64))).collect())
            .collect();
        Self { seed, capacity, threads }
    }

    /// The contents that a ledger must have after all of the plan's calls, in any order of their
    /// effects.
    pub fn oracle<S: Subject>(&self) -> Oracle<S::Key> {
        let mut oracle = Oracle::default();
        for &(key, bytes) in self.threads.iter().flatten() {
            oracle.record(&S::key(key), bytes);
        }
        oracle
    }

    /// Runs every thread's program on `ledger`, `observe` beside them, and returns when all have
    /// ended.
    pub fn run_observed<S: Subject>(&self, ledger: &S, observe: impl FnOnce(&dyn Fn() -> bool) + Send) {
        let start = Barrier::new(self.threads.len());
        thread::scope(|scope| {
            let workers: Vec<_> = self
                .threads
                .iter()
                .map(|program| {
                    let start = &start;
                    scope.spawn(move || {
                        let program: Vec<_> =
                            program.iter().map(|&(key, bytes)| (S::key(key), bytes)).collect();
                        start.wait();
                        for (key, bytes) in &program {
                            ledger.record_peak(key, *bytes);
                        }
                    })
                })
                .collect();
            observe(&|| workers.iter().all(thread::ScopedJoinHandle::is_finished));
        });
    }

    pub fn run<S: Subject>(&self, ledger: &S) {
        self.run_observed(ledger, |_| ());
    }
}

impl Values {
    fn draw(self, rng: &mut fastrand::Rng, call: u64) -> u64 {
        match self {
            Self::Tied => rng.u64(..5),
            Self::OneApart => rng.u64(1_000_000..1_000_064),
            Self::Pages => rng.u64(1..=64) << 16,
            Self::Saturating => super::oracle::LARGEST_PEAK - 8 + rng.u64(..16),
            Self::Rising => call * 16 + rng.u64(1..64),
        }
    }
}
