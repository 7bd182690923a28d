//! Random programs for more threads than loom can follow, under random schedules: is every history
//! linearizable?

use shuttle::rand::{RngCore, thread_rng};

use super::{
    harness::{Do, Model, schedules},
    kinds::{Colliding, Inline, Kind},
};

#[test]
fn inline() {
    check::<Inline>();
}

#[test]
fn colliding() {
    check::<Inline<Colliding>>();
}

/// A new program for each schedule: one half of them switches between threads all the time, the
/// other now and then.
fn check<K: Kind>() {
    let run = || random_program().run_once::<K>();
    shuttle::check_random(run, schedules(10_000));
    shuttle::check_pct(run, schedules(10_000), 5);
}

/// Few places, keys and values: calls that have something to do with each other.
fn random_program() -> Model<Vec<Do>> {
    // From shuttle's own numbers, so that a failing schedule replays.
    let mut rng = fastrand::Rng::with_seed(thread_rng().next_u64());
    let (capacity, threads) = (rng.usize(1..=3), rng.usize(2..=6));
    let (keys, largest) = (rng.u64(2..=5), rng.u64(3..=12));
    let mut calls = |most| -> Vec<Do> {
        (0..rng.usize(0..=most)).map(|_| random_call(&mut rng, keys, largest)).collect()
    };
    let (before, after) = (calls(6), calls(3));
    Model { preemptions: 5, capacity, before, threads: (0..threads).map(|_| calls(5)).collect(), after }
}

fn random_call(rng: &mut fastrand::Rng, keys: u64, largest: u64) -> Do {
    match rng.u8(..10) {
        0..6 => Do::Record(rng.u64(..keys), rng.u64(1..=largest)),
        6..8 => Do::Peak(rng.u64(..keys)),
        8 => *rng.choice([&Do::Len, &Do::Floor]).expect("one of two"),
        _ => Do::Snapshot,
    }
}
