//! A meter with nothing but `new`, `set` and an engine's callbacks does what the meter did that it
//! replaces, to the letter: the same verdicts, and the same peaks at every moment.

#![cfg(feature = "alloc")]

use fastrand::Rng;
use highwater::{InlineLedger, MeterLimits, StoreMemoryMeter};

mod common;
use common::{effort, oracle::LARGEST_PEAK, replaced_rule::ReplacedRule};

const RUNS: u64 = 20_000;
const PRINCIPALS: usize = 3;
const KIB: usize = 1024;

/// The words of an engine's failures: of an approved growth, and of two that it did not ask about.
const FAILURES: [&str; 3] =
    ["no memory", "memory growth exceeds memory type's limits", "overflow calculating new table size"];

/// The meter, and the rule that it has to follow beside the peaks that this would have recorded.
struct Both {
    meter: StoreMemoryMeter<InlineLedger<u32>>,
    ledger: InlineLedger<u32>,
    rule: ReplacedRule,
    principal: usize,
    peaks: [u64; PRINCIPALS],
}

impl Both {
    fn new(max_memory_bytes: usize, principal: usize) -> Self {
        let ledger = InlineLedger::with_capacity(PRINCIPALS);
        let meter = StoreMemoryMeter::new(max_memory_bytes, principal as u32, ledger.clone());
        Self { meter, ledger, rule: ReplacedRule { max_memory_bytes }, principal, peaks: [0; PRINCIPALS] }
    }

    fn set(&mut self, max_memory_bytes: usize, principal: usize) {
        self.meter.set(max_memory_bytes, principal as u32);
        (self.rule, self.principal) = (ReplacedRule { max_memory_bytes }, principal);
    }

    fn memory(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> bool {
        let allowed = self.rule.allows_memory(desired, maximum);
        if allowed {
            let peak = &mut self.peaks[self.principal];
            *peak = (*peak).max(desired as u64);
        }
        assert_eq!(self.meter.approve_memory(current, desired, maximum), Ok(allowed));
        allowed
    }

    fn table(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> bool {
        let allowed = self.rule.allows_table(desired, maximum);
        assert_eq!(self.meter.approve_table(current, desired, maximum), Ok(allowed));
        allowed
    }

    fn check_peaks(&self) {
        for (principal, peak) in self.peaks.iter().enumerate() {
            assert_eq!(
                self.ledger.peak(&(principal as u32)),
                LARGEST_PEAK.min(*peak),
                "principal {principal}"
            );
        }
    }
}

/// Sizes that meet each other and the ceilings, and now and then the largest there are.
fn size(rng: &mut Rng) -> usize {
    match rng.u8(..20) {
        0 => usize::MAX - rng.usize(..3),
        1 => rng.usize(..70),
        2..5 => rng.usize(..300 * KIB),
        _ => rng.usize(..20) * 16 * KIB,
    }
}

/// Elements that take so much.
fn elements(rng: &mut Rng) -> usize {
    size(rng) / 32
}

/// Grows one of `sizes`, or adds one, by whatever an engine may ask. Says whether that is allowed
/// and then fails.
fn grow(
    rng: &mut Rng,
    sizes: &mut Vec<usize>,
    size: impl Fn(&mut Rng) -> usize,
    mut ask: impl FnMut(usize, usize, Option<usize>) -> bool,
) -> bool {
    let index = rng.usize(..=sizes.len().min(4));
    let current = sizes.get(index).copied().unwrap_or(0);
    let desired = current.saturating_add(size(rng));
    let maximum = (rng.u8(..3) == 0).then(|| size(rng));
    let allowed = ask(current, desired, maximum);
    let fails = desired > usize::MAX / 2 || rng.u8(..5) == 0;
    if allowed && !fails {
        sizes.resize(sizes.len().max(index + 1), 0);
        sizes[index] = desired;
    }
    allowed && fails
}

fn run(rng: &mut Rng) {
    let (mut memories, mut tables) = (Vec::new(), Vec::new());
    let mut both = Both::new(size(rng), rng.usize(..PRINCIPALS));
    for _ in 0..rng.usize(..40) {
        match rng.u8(..10) {
            0 | 1 => both.set(size(rng), rng.usize(..PRINCIPALS)),
            2..6 => {
                if grow(rng, &mut memories, size, |current, desired, maximum| {
                    both.memory(current, desired, maximum)
                }) {
                    both.meter.memory_failed(&FAILURES[0]).unwrap();
                }
            }
            6 | 7 => {
                if grow(rng, &mut tables, elements, |current, desired, maximum| {
                    both.table(current, desired, maximum)
                }) {
                    both.meter.table_failed(&FAILURES[0]).unwrap();
                }
            }
            8 => {
                both.meter.memory_failed(&FAILURES[1]).unwrap();
                both.meter.table_failed(&FAILURES[2]).unwrap();
            }
            // An instance that cannot be created: what it had been given goes without a word.
            _ => {
                for _ in 0..rng.usize(..3) {
                    both.memory(0, size(rng), None);
                }
                both.table(0, elements(rng), None);
            }
        }
        both.check_peaks();
    }
}

#[test]
fn random_runs_show_no_difference() {
    let first = effort::first_seed();
    for round in 0..effort::scaled(RUNS) {
        let seed = first.wrapping_add(round);
        let outcome = std::panic::catch_unwind(|| run(&mut Rng::with_seed(seed)));
        assert!(outcome.is_ok(), "HIGHWATER_SEED={seed} shows a difference");
    }
}

/// The example of the replaced meter's own tests.
#[test]
fn a_small_memory_beside_a_large_one_counts_for_itself() {
    let mut both = Both::new(64 * KIB, 0);
    assert!(both.memory(0, 16 * KIB, None));
    assert!(both.memory(16 * KIB, 48 * KIB, None));
    both.check_peaks();
    assert!(!both.memory(48 * KIB, 128 * KIB, None));
    both.set(256 * KIB, 1);
    assert!(both.memory(0, 200 * KIB, None));
    both.check_peaks();
    assert_eq!(both.peaks, [48 * KIB as u64, 200 * KIB as u64, 0]);
}

/// Likewise for tables.
#[test]
fn a_table_counts_for_itself() {
    let mut both = Both::new(64 * KIB, 0);
    assert!(both.table(0, 2_048, None));
    assert!(!both.table(2_048, 2_049, None));
    both.set(32 * KIB, 0);
    assert!(both.table(0, 1_024, None));
    assert!(!both.table(1_024, 1_025, None));
    assert!(!both.table(0, 2, Some(1)));
    both.set(31, 0);
    assert!(both.table(0, 1, None), "one element at least");
    assert!(!both.table(0, 2, None));
}

/// `set` moves the ceiling of a single memory whatever the limits are, and that of a table where it
/// follows from the memory's.
#[test]
fn set_moves_every_ceiling() {
    let each = MeterLimits::per_memory(64 * KIB);
    assert_eq!((each.memory_size(), each.table_elements()), (64 * KIB, 2_048));
    assert_eq!((each.total_memory(), each.tables_apart()), (usize::MAX, None));
    assert_eq!(each.with_ceiling(32 * KIB), MeterLimits::per_memory(32 * KIB));
    assert_eq!(MeterLimits::per_memory(usize::MAX).with_ceiling(KIB), MeterLimits::per_memory(KIB));

    let bounded = each.to_builder().total_memory(100 * KIB).table_elements(10).build().with_ceiling(KIB);
    assert_eq!((bounded.memory_size(), bounded.total_memory()), (KIB, 100 * KIB));
    assert_eq!(bounded.table_elements(), 10);
    let apart = each.to_builder().tables_apart(100 * KIB).build().with_ceiling(KIB);
    assert_eq!(
        (apart.total_memory(), apart.tables_apart(), apart.table_elements()),
        (usize::MAX, Some(KIB), 32)
    );
    assert_eq!(each.to_builder().table_element_bytes(0).build().table_elements(), usize::MAX);

    let summed = MeterLimits::builder().total_memory(64 * KIB).memory_size(48 * KIB).build();
    for max in [32 * KIB, 128 * KIB] {
        let moved = summed.with_ceiling(max);
        assert_eq!((moved.memory_size(), moved.total_memory()), (max, max));
        assert_eq!(moved.table_elements(), usize::MAX);
    }
    let unlimited = MeterLimits::default().with_ceiling(KIB);
    assert_eq!((unlimited.memory_size(), unlimited.total_memory()), (KIB, KIB));
    assert_eq!(MeterLimits::on_approval(5).with_ceiling(6).tables_apart(), Some(6));
}
