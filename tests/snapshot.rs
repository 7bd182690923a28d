//! Promise: a snapshot shows each id at most once, no more than capacity, and only entries that
//! were true during the call.

mod common;

use std::cell::Cell;
use std::collections::BTreeMap;

use common::effort;
use common::hashers::OneHome;
use common::oracle::LARGEST_PEAK;
use common::plan::Plan;
use common::subject::Subject;
use highwater::{InlineKey, StaticLedger};

for_every_kind! {
    snapshots_of_a_busy_ledger_are_plausible,
    residents_out_of_reach_are_always_shown,
    top_is_sorted_and_cut,
}

/// Every shown peak was recorded for that id, and no id's peak goes back from one snapshot to the
/// next.
fn snapshots_of_a_busy_ledger_are_plausible<S: Subject>() {
    let first = effort::first_seed();
    for seed in (0..effort::scaled(40)).map(|round| first.wrapping_add(round)) {
        let plan = Plan::of_size(seed, 2..=4, 1..=12, 100..=400);
        let ledger = S::with_capacity(plan.capacity);
        let mut recorded: BTreeMap<S::Key, Vec<u64>> = BTreeMap::new();
        for &(key, bytes) in plan.threads.iter().flatten() {
            recorded.entry(S::key(key)).or_default().push(bytes.min(LARGEST_PEAK));
        }
        plan.run_observed(&ledger, |ended| {
            let mut before: BTreeMap<S::Key, u64> = BTreeMap::new();
            while !ended() {
                for (key, peak) in ledger.snapshot() {
                    let known = recorded.get(&key).is_some_and(|values| values.contains(&peak));
                    assert!(known, "{key:?} never recorded {peak}, HIGHWATER_SEED={seed}");
                    // An id that was evicted in between has come back with more than it ever had.
                    let earlier = before.insert(key.clone(), peak).unwrap_or(0);
                    assert!(peak >= earlier, "{key:?} fell from {earlier} to {peak}, HIGHWATER_SEED={seed}");
                }
            }
        });
    }
}

/// A resident that nothing can evict is in every snapshot, whatever churns beside it.
fn residents_out_of_reach_are_always_shown<S: Subject>() {
    let giant = S::key(1_000_000);
    let first = effort::first_seed();
    for seed in (0..effort::scaled(40)).map(|round| first.wrapping_add(round)) {
        let plan = Plan::of_size(seed, 2..=3, 2..=8, 100..=300);
        let ledger = S::with_capacity(plan.capacity);
        ledger.record_peak(&giant, u64::MAX);
        plan.run_observed(&ledger, |ended| {
            while !ended() {
                assert_eq!(ledger.peak(&giant), LARGEST_PEAK);
                assert!(ledger.snapshot().contains(&(giant.clone(), LARGEST_PEAK)), "HIGHWATER_SEED={seed}");
            }
        });
    }
}

fn top_is_sorted_and_cut<S: Subject>() {
    let ledger = S::with_capacity(8);
    for (number, bytes) in [(3, 5), (1, 9), (2, 5)] {
        ledger.record_peak(&S::key(number), bytes);
    }
    let mut tied = [(S::key(2), 5), (S::key(3), 5)];
    tied.sort();
    let [first, second] = tied;
    let all = [(S::key(1), 9), first, second];
    for n in 0..5 {
        assert_eq!(ledger.top(n), all[..n.min(3)]);
    }
}

#[test]
fn a_walk_says_whether_somebody_came_between() {
    let ledger = StaticLedger::<u64, 4>::new();
    for number in 1..=3 {
        ledger.record_peak(&number, 10 * number);
    }
    let mut seen = Vec::new();
    assert!(ledger.for_each(|key, peak| seen.push((key, peak))));
    seen.sort_unstable();
    assert_eq!(seen, [(1, 10), (2, 20), (3, 30)]);
    assert!(!ledger.for_each(|key, _| _ = ledger.record_peak(&(key + 4), 1)));
}

/// A key that lets the test act in the middle of a walk, when 2 is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Watched(u64);

thread_local! {
    static WHEN_READ: Cell<Option<fn()>> = const { Cell::new(None) };
}

impl InlineKey for Watched {
    type Repr = u64;

    fn to_repr(&self) -> u64 {
        self.0
    }

    fn from_repr(key: u64) -> Self {
        if key == 2
            && let Some(act) = WHEN_READ.take()
        {
            act();
        }
        Self(key)
    }
}

#[test]
fn who_comes_back_during_a_walk_is_listed_once_with_the_later_peak() {
    static LEDGER: StaticLedger<Watched, 2, OneHome> = StaticLedger::with_hasher(OneHome);
    LEDGER.record_peak(&Watched(1), 10);
    LEDGER.record_peak(&Watched(2), 20);
    // When 2 is read, 1 has been listed. It leaves, and comes back when the slots up to here are
    // others'.
    WHEN_READ.set(Some(|| {
        for (key, bytes) in [(3, 30), (4, 35), (5, 36), (1, 40)] {
            LEDGER.record_peak(&Watched(key), bytes);
        }
    }));
    let mut top = [(Watched(0), 0); 2];
    assert_eq!(LEDGER.top_into(&mut top), [(Watched(1), 40), (Watched(2), 20)]);
}
