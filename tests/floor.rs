//! Promise: `floor()` is a certificate: monotone, at most every resident's peak, at least every
//! untracked maximum.

mod common;

use common::effort;
use common::oracle::LARGEST_PEAK;
use common::plan::Plan;
use common::subject::Subject;
use highwater::Recorded;

for_every_kind! {
    no_floor_before_the_ledger_is_full,
    the_floor_reaches_the_minimum_when_a_newcomer_is_dropped,
    the_floor_never_falls_and_never_exceeds_a_resident,
    dropped_values_are_covered_at_once,
}

fn no_floor_before_the_ledger_is_full<S: Subject>() {
    let ledger = S::with_capacity(4);
    for number in 1..ledger.capacity() as u64 {
        assert_eq!(ledger.record_peak(&S::key(number), 1000 + number), Recorded::Admitted);
        assert_eq!(ledger.floor(), 0);
        assert_eq!(ledger.untracked_at_most(), 0);
    }
}

fn the_floor_reaches_the_minimum_when_a_newcomer_is_dropped<S: Subject>() {
    let ledger = S::with_capacity(4);
    let capacity = ledger.capacity() as u64;
    for number in 0..capacity {
        ledger.record_peak(&S::key(number), 100 + number);
    }
    let stranger = S::key(capacity);
    let drop_at = |bytes| {
        let answer = ledger.record_peak(&stranger, bytes);
        assert!(matches!(answer, Recorded::Dropped | Recorded::Unchanged), "{answer:?} at {bytes}");
        assert_eq!(ledger.untracked_at_most(), ledger.floor());
        ledger.floor()
    };
    assert!((99..=100).contains(&drop_at(99)));
    assert_eq!(drop_at(100), 100);
    // The lowest resident grows; the floor follows with the next newcomer that has to be compared.
    ledger.record_peak(&S::key(0), 200);
    let lowest = if capacity == 1 { 200 } else { 101 };
    assert_eq!(drop_at(lowest), lowest);
}

fn the_floor_never_falls_and_never_exceeds_a_resident<S: Subject>() {
    let first = effort::first_seed();
    for seed in (0..effort::scaled(50)).map(|round| first.wrapping_add(round)) {
        let plan = Plan::of_size(seed, 2..=4, 1..=8, 100..=400);
        let ledger = S::with_capacity(plan.capacity);
        plan.run_observed(&ledger, |ended| {
            let mut before = 0;
            while !ended() {
                let floor = ledger.floor();
                assert!(
                    floor >= before,
                    "the floor fell from {before} to {floor} with HIGHWATER_SEED={seed}"
                );
                before = floor;
                // A key that is resident from here on was admitted at, or has grown to, more than a
                // floor of the past.
                for (key, peak) in ledger.snapshot() {
                    assert!(
                        peak >= floor,
                        "{key:?} shows {peak} under the floor {floor} with HIGHWATER_SEED={seed}"
                    );
                }
            }
        });
    }
}

/// A thread that was told `Dropped` finds its value under the certificate, whatever others do
/// meanwhile.
fn dropped_values_are_covered_at_once<S: Subject>() {
    let first = effort::first_seed();
    for seed in (0..effort::scaled(50)).map(|round| first.wrapping_add(round)) {
        let plan = Plan::of_size(seed, 2..=3, 1..=4, 100..=300);
        let ledger = S::with_capacity(plan.capacity);
        plan.run_observed(&ledger, |ended| {
            let mut rng = fastrand::Rng::with_seed(seed);
            let stranger = S::key(1_000_000);
            while !ended() {
                let bytes = LARGEST_PEAK.min(ledger.floor() + rng.u64(..3));
                if ledger.record_peak(&stranger, bytes) == Recorded::Dropped {
                    let bound = ledger.untracked_at_most();
                    assert!(bytes <= bound, "dropped {bytes}, bound {bound} with HIGHWATER_SEED={seed}");
                }
            }
        });
    }
}
