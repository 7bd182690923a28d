//! Promise: with no call in flight a ledger holds exactly the top `capacity` keys by true maximum, however the calls interleaved.

#![cfg(not(loom))]

mod common;

use common::effort;
use common::kinds::kind_name;
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
        assert_eq!(observed.refused, 0, "{:?}: refused with HIGHWATER_SEED={seed}", kind_name::<S>());
        if let Err(difference) = plan.oracle::<S>().check(&observed) {
            panic!("{:?}: {difference} with HIGHWATER_SEED={seed}", kind_name::<S>());
        }
    }
}

fn any_interleaving_ends_in_the_exact_top<S: Subject>() {
    check_rounds::<S>(4000, Plan::random);
}

/// Several levels of bounds, long programs.
fn larger_ledgers_end_in_the_exact_top<S: Subject>() {
    check_rounds::<S>(12, |seed| Plan::of_size(seed, 2..=4, 200..=700, 2000..=4000));
}

/// Many more threads than cores, so that calls are interrupted anywhere by others.
fn crowds_end_in_the_exact_top<S: Subject>() {
    check_rounds::<S>(60, |seed| Plan::of_size(seed, 16..=16, 1..=16, 200..=400));
}

/// The top of several ledgers' contents, folded by maximum, is the top of everything they were fed.
fn merged_ledgers_are_one_ledger<S: Subject>() {
    for seed in 0..effort::scaled(100) {
        let parts: Vec<Plan> =
            (0..3).map(|part| Plan { capacity: 6, ..Plan::random(3 * seed + part) }).collect();
        let merged = S::with_capacity(6);
        let mut oracle = common::oracle::Oracle::default();
        for plan in &parts {
            let part = S::with_capacity(6);
            plan.run(&part);
            oracle.merge(&plan.oracle::<S>());
            for (key, bytes) in part.snapshot() {
                merged.record_peak(&key, bytes);
            }
        }
        let observed = merged.observe();
        assert_eq!(oracle.check(&observed), Ok(()));
    }
}
