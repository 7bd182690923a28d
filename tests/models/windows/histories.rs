//! Random programs under random schedules: is every history linearizable, with its rotations and
//! its reads of windows that have ended?

use std::hash::BuildHasher;

use highwater::FixedState;
use shuttle::{
    rand::{RngCore, thread_rng},
    thread,
};

use super::caller::{Caller, Do, Ledger};
use crate::models::{
    harness::schedules,
    kinds::{Colliding, Eighths},
    linearizability::check_by,
    windows_rule::Windows,
};

#[test]
fn spread() {
    check::<FixedState>(3, 4, 3);
}

#[test]
fn colliding() {
    check::<Colliding>(3, 4, 3);
}

#[test]
fn eighths() {
    check::<Eighths>(3, 4, 3);
}

/// Many threads, few slots: values are refused.
#[test]
fn crowded() {
    check::<Colliding>(4, 6, 1);
}

fn check<S: BuildHasher + Default + Send + Sync + 'static>(fewest: usize, most: usize, spare: usize) {
    let run = move || run_random::<S>(fewest, most, spare);
    shuttle::check_random(run, schedules(10_000));
    for depth in [3, 7] {
        shuttle::check_pct(run, schedules(5_000), depth);
    }
}

fn run_random<S: BuildHasher + Default + Send + Sync + 'static>(fewest: usize, most: usize, spare: usize) {
    // From shuttle's own numbers, so that a failing schedule replays.
    let mut rng = fastrand::Rng::with_seed(thread_rng().next_u64());
    let (capacity, kept, threads) = (rng.usize(1..=3), rng.usize(1..=2), rng.usize(fewest..=most));
    let (keys, largest) = (rng.u64(2..=5), rng.u64(2..=9));
    let seq_bits = if rng.bool() { 40 } else { (capacity + 1).ilog2() + 2 };
    let rotations = rng.u8(2..=5);
    let mut calls = |most| -> Vec<Do> {
        (0..rng.usize(0..=most))
            .map(|_| random_call(&mut rng, keys, largest, rotations, kept as u64))
            .collect()
    };
    let (before, threads): (_, Vec<_>) = (calls(6), (0..threads).map(|_| calls(5)).collect());
    let ledger = Ledger::for_models(capacity, kept, spare, seq_bits, S::default());
    let mut main = Caller::new(&ledger).run(&before);
    let threads: Vec<_> = threads
        .into_iter()
        .map(|calls| {
            let caller = Caller::new(&ledger);
            thread::spawn(move || caller.run(&calls).history)
        })
        .collect();
    for thread in threads {
        main.history.extend(thread.join().unwrap());
    }
    look_at_everything(&mut main, keys, kept as u64);
    if let Err(why) = check_by(&Windows { capacity, kept }, &main.history) {
        panic!("{capacity} places, {kept} closed windows kept: {why}");
    }
}

/// All that the ledger shows when no call is in flight: closed windows twice, the second time after
/// one more window has begun.
pub fn look_at_everything<S: BuildHasher>(main: &mut Caller<S>, keys: u64, kept: u64) {
    (0..keys).for_each(|key| main.make(Do::Peak(key)));
    main.make(Do::Current);
    main.make(Do::Floor);
    (1..=kept).for_each(|back| main.make(Do::Closed(back)));
    main.make(Do::Rotate);
    (1..=kept + 1).for_each(|back| main.make(Do::Closed(back)));
}

fn random_call(rng: &mut fastrand::Rng, keys: u64, largest: u64, rotations: u8, kept: u64) -> Do {
    match rng.u8(..16 + rotations) {
        0..5 => Do::Record(rng.u64(..keys), rng.u64(..=largest)),
        5..9 => Do::Track(rng.u64(..keys), rng.u64(..=largest)),
        9..11 => Do::Peak(rng.u64(..keys)),
        11 => Do::Floor,
        12 => *rng.choice([&Do::Current, &Do::Number]).expect("one of two"),
        13..16 => Do::Closed(rng.u64(1..=kept + 1)),
        _ => Do::Rotate,
    }
}
