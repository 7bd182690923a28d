//! Promise: with no call in flight a ledger holds exactly the top `capacity` keys by true maximum,
//! however the calls interleaved.

mod common;

use common::effort;
use common::kinds::{Principals, kind_name};
use common::oracle::Oracle;
use common::plan::Plan;
use common::subject::Subject;

for_every_kind! {
    any_interleaving_ends_in_the_exact_top,
    larger_ledgers_end_in_the_exact_top,
    crowds_end_in_the_exact_top,
    merged_ledgers_are_one_ledger,
}

fn check_rounds<S: Subject>(rounds: u64, plan: impl Fn(u64) -> Plan) {
    let first = effort::first_seed();
    for seed in (0..effort::scaled(rounds)).map(|round| first.wrapping_add(round)) {
        let plan = plan(seed);
        let ledger = S::with_capacity(plan.capacity);
        plan.run(&ledger);
        let observed = ledger.observe();
        let refused = if S::MAY_REFUSE { 0 } else { observed.refused };
        assert_eq!(refused, 0, "{:?}: refused with HIGHWATER_SEED={seed}", kind_name::<S>());
        if let Err(difference) = plan.oracle::<S>().check(&observed) {
            panic!("{:?}: {difference} with HIGHWATER_SEED={seed}", kind_name::<S>());
        }
    }
}

fn any_interleaving_ends_in_the_exact_top<S: Subject>() {
    check_rounds::<S>(1200, Plan::random);
}

/// Several levels of bounds, long programs.
fn larger_ledgers_end_in_the_exact_top<S: Subject>() {
    check_rounds::<S>(4, |seed| Plan::of_size(seed, 2..=4, 200..=700, 2000..=4000));
}

/// Tables that no cache holds have more levels, and touch ahead of the search what an admission
/// will write.
#[test]
fn tables_beyond_caches_end_in_the_exact_top() {
    check_rounds::<Principals>(2, |seed| Plan::of_size(seed, 2..=2, 8_500..=9_000, 15_000..=15_000));
}

/// Many more threads than cores, so that calls are interrupted anywhere by others.
fn crowds_end_in_the_exact_top<S: Subject>() {
    check_rounds::<S>(20, |seed| Plan::of_size(seed, 16..=16, 1..=16, 200..=400));
}

/// The top of several ledgers' contents, folded by maximum, is the top of everything they were fed.
/// What they do not show is covered by the highest of their certificates.
fn merged_ledgers_are_one_ledger<S: Subject>() {
    for seed in 0..effort::scaled(40) {
        let merged = S::with_capacity(6);
        let mut oracle = Oracle::default();
        let (mut covered, mut refused) = (0, 0);
        for part in 0..3 {
            let plan = Plan { capacity: 6, ..Plan::random(3 * seed + part) };
            let ledger = S::with_capacity(plan.capacity);
            plan.run(&ledger);
            oracle.merge(&plan.oracle::<S>());
            covered = ledger.untracked_at_most().max(covered);
            refused += ledger.refused();
            for (key, bytes) in ledger.snapshot() {
                merged.record_peak(&key, bytes);
            }
        }
        let mut observed = merged.observe();
        observed.floor = if refused == 0 { covered.max(observed.floor) } else { observed.floor };
        observed.untracked_at_most = covered.max(observed.untracked_at_most);
        observed.refused += refused;
        assert_eq!(oracle.check(&observed), Ok(()), "parts from {}", 3 * seed);
    }
}
