//! Promise: `len() <= capacity` at every instant, and no reader sees less than a peak that has just
//! been admitted.

mod common;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use common::effort;
use common::plan::Plan;
use common::subject::Subject;

for_every_kind! {
    an_observer_never_counts_more_than_the_capacity,
    the_length_never_falls,
    a_resident_that_was_seen_is_counted,
}

fn an_observer_never_counts_more_than_the_capacity<S: Subject>() {
    let first = effort::first_seed();
    for seed in (0..effort::scaled(40)).map(|round| first.wrapping_add(round)) {
        let plan = Plan::of_size(seed, 2..=4, 1..=8, 100..=400);
        let ledger = S::with_capacity(plan.capacity);
        let capacity = ledger.capacity();
        plan.run_observed(&ledger, |ended| {
            loop {
                let last = ended();
                let len = ledger.len();
                assert!(len <= capacity, "len() is {len} of {capacity} with HIGHWATER_SEED={seed}");
                let keys: Vec<S::Key> = ledger.snapshot().into_iter().map(|entry| entry.0).collect();
                assert!(
                    keys.len() <= capacity,
                    "{} entries of {capacity} with HIGHWATER_SEED={seed}",
                    keys.len()
                );
                let distinct: BTreeSet<&S::Key> = keys.iter().collect();
                assert_eq!(distinct.len(), keys.len(), "an id occurs twice with HIGHWATER_SEED={seed}");
                if last {
                    break;
                }
            }
        });
    }
}

fn the_length_never_falls<S: Subject>() {
    let first = effort::first_seed();
    for seed in (0..effort::scaled(40)).map(|round| first.wrapping_add(round)) {
        let plan = Plan::of_size(seed, 2..=3, 1..=16, 20..=60);
        let ledger = S::with_capacity(plan.capacity);
        plan.run_observed(&ledger, |ended| {
            let mut before = 0;
            while !ended() {
                let len = ledger.len();
                assert!(len >= before, "len() fell from {before} to {len} with HIGHWATER_SEED={seed}");
                before = len;
            }
        });
    }
}

/// A thread that has seen a newcomer's peak sees it counted, although another thread may still be
/// admitting it.
fn a_resident_that_was_seen_is_counted<S: Subject>() {
    for _ in 0..effort::scaled(500) {
        let ledger = S::with_capacity(4);
        let capacity = ledger.capacity() as u64;
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..capacity {
                    ledger.record_peak(&S::key(number), 1 + number);
                }
                done.store(true, Ordering::Release);
            });
            while !done.load(Ordering::Acquire) {
                let seen = (0..capacity).filter(|&number| ledger.peak(&S::key(number)) > 0).count();
                let len = ledger.len();
                assert!(len >= seen, "saw {seen} residents, then len() {len}");
            }
        });
    }
}
