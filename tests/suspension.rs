//! Promise: a thread that is suspended at any instruction of any call keeps no other thread from
//! finishing any call, nor the child of a fork, where it does not exist, from an exact ledger.

#![cfg(target_os = "linux")]

mod common;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use common::effort;
use common::kinds::kind_name;
use common::oracle::Oracle;
use common::signals;
use common::steps::Steps;
use common::subject::Subject;
use common::victim::Victim;
use common::watchdog::Watchdog;

for_interruptible_kinds! { others_finish_while_a_thread_is_stopped, what_never_resumes_harms_nobody }

const KEYS: u64 = 20;
const CAPACITY: usize = 4;

/// One test at a time: a stop is to come at a random instruction, not always in the same wait for a
/// core.
static TURN: Mutex<()> = Mutex::new(());

/// Every kind of call once or more; returns what was recorded. The values rise with `step`, so
/// admissions do evict.
fn every_kind_of_work<S: Subject>(
    ledger: &S,
    rng: &mut fastrand::Rng,
    step: u64,
    oracle: &mut Oracle<S::Key>,
) {
    let mut record = |key: &S::Key, bytes| {
        ledger.record_peak(key, bytes);
        oracle.record(key, bytes);
    };
    for _ in 0..4 {
        let key = S::key(rng.u64(..KEYS));
        let bytes = 16 * step + rng.u64(1..64);
        record(&key, bytes); // first sight, return, or raise
        record(&key, bytes + 1); // most often a raise
        record(&key, bytes); // no raise
        record(&S::key(KEYS + 1), 1); // below the floor
        assert!(ledger.peak(&key) > bytes || ledger.untracked_at_most() > bytes);
        ledger.peak(&S::key(KEYS + 2));
    }
    assert!(ledger.len() <= ledger.capacity());
    assert!(ledger.snapshot().len() <= ledger.capacity());
    assert!(ledger.floor() <= ledger.untracked_at_most());
}

/// The work of a victim until it is told to stop: calls that allocate nothing, since a thread
/// stopped inside the allocator would stop the others there.
fn victim_work<S: Subject>(ledger: &S, victim: &Victim, seed: u64, enough: &AtomicBool) -> Oracle<S::Key> {
    let keys: Vec<S::Key> = (0..KEYS).map(S::key).collect();
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut oracle = Oracle::default();
    while !enough.load(Ordering::Relaxed) {
        let number = rng.u64(..KEYS);
        let key = &keys[usize::try_from(number).expect("a small number")];
        // Around the floor, where most calls have something to do; now and then far above it.
        let bytes = ledger.floor() + rng.u64(1..40);
        match rng.u8(..8) {
            0..6 => {
                victim.call(number, bytes, || ledger.record_peak(key, bytes));
                oracle.record(key, bytes);
            }
            6 => _ = victim.call(number, 0, || ledger.peak(key)),
            _ => _ = victim.call(number, 0, || ledger.len()),
        }
    }
    oracle
}

/// Ends the victim's work, also when this thread fails.
struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn others_finish_while_a_thread_is_stopped<S: Subject>() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let ledger = S::with_capacity(CAPACITY);
    let victim = Victim::new();
    let enough = AtomicBool::new(false);
    let watchdog = Watchdog::start();
    let stops = effort::scaled(2000);
    let mut steps = Steps::default();
    let mut oracle = Oracle::default();
    thread::scope(|scope| {
        let victim_thread = scope.spawn(|| victim.run(|| victim_work(&ledger, &victim, 1, &enough)));
        let (start, rounds) = std::sync::mpsc::sync_channel::<u64>(0);
        let (finished, done) = std::sync::mpsc::sync_channel::<()>(0);
        let ledger = &ledger;
        let peer = scope.spawn(move || {
            let mut rng = fastrand::Rng::with_seed(2);
            let mut oracle = Oracle::default();
            for step in rounds {
                every_kind_of_work(ledger, &mut rng, step, &mut oracle);
                finished.send(()).expect("the other side waits");
            }
            oracle
        });
        let ending = SetOnDrop(&enough);
        let mut rng = fastrand::Rng::with_seed(3);
        for step in 0..stops {
            let stop = victim.stop_inside_a_call(&mut rng);
            watchdog.expect("the work of two other threads while one is stopped", || {
                start.send(step).expect("the peer lives");
                every_kind_of_work(ledger, &mut rng, step, &mut oracle);
                done.recv().expect("the peer finishes");
            });
            steps.count(stop.place());
        }
        drop(start);
        drop(ending);
        oracle.merge(&peer.join().expect("no call panics"));
        oracle.merge(&victim_thread.join().expect("no call panics"));
    });
    println!("{:?}: {stops} stops\n{steps}", kind_name::<S>());
    if let Err(difference) = oracle.check(&ledger.observe()) {
        panic!("{:?}: {difference}", kind_name::<S>());
    }
    steps.assert_spread(stops);
}

fn what_never_resumes_harms_nobody<S: Subject>() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    static NEVER: AtomicBool = AtomicBool::new(false);
    let watchdog = Watchdog::start();
    for round in 0..effort::scaled(15) {
        // Threads that never end may use this ledger for ever.
        let ledger: &'static S = Box::leak(Box::new(S::with_capacity(CAPACITY)));
        let mut rng = fastrand::Rng::with_seed(round);
        let mut oracle = Oracle::default();
        let mut pending = Vec::new();
        for seed in 0..4 {
            let victim: &'static Victim = Box::leak(Box::new(Victim::new()));
            let completed: &'static Mutex<Oracle<S::Key>> = Box::leak(Box::default());
            thread::spawn(move || victim.run(|| victim_rounds(ledger, victim, seed, completed)));
            let stop = victim.stop_inside_a_call(&mut rng);
            pending.push((S::key(stop.key()), stop.bytes()));
            oracle.merge(&completed.lock().expect("a victim is never stopped while it holds this"));
            std::mem::forget(stop);
        }
        let mut work_and_check = || {
            for step in 0..200 {
                every_kind_of_work(ledger, &mut rng, step, &mut oracle);
            }
            check_with_pending(ledger, &oracle, &pending);
        };
        // In the child these threads do not exist at all.
        watchdog.expect("a child of a fork", || signals::in_a_forked_child(&mut work_and_check));
        watchdog.expect("work after four threads have died", work_and_check);
    }

    /// As [`victim_work`], a call at a time, so that what was completed is known when the thread is
    /// gone.
    fn victim_rounds<S: Subject>(ledger: &S, victim: &Victim, seed: u64, completed: &Mutex<Oracle<S::Key>>) {
        let mut rng = fastrand::Rng::with_seed(seed);
        while !NEVER.load(Ordering::Relaxed) {
            let number = rng.u64(..KEYS);
            let (key, bytes) = (S::key(number), ledger.floor() + rng.u64(1..400));
            victim.call(number, bytes, || ledger.record_peak(&key, bytes));
            completed.lock().expect("no thread panics while holding this").record(&key, bytes);
        }
    }
}

/// Of the calls that never returned each took effect or did not; one of the combinations must be
/// what the ledger shows.
fn check_with_pending<S: Subject>(ledger: &S, completed: &Oracle<S::Key>, pending: &[(S::Key, u64)]) {
    let observed = ledger.observe();
    let explained = (0..1_usize << pending.len()).any(|effective| {
        let mut oracle = completed.clone();
        for (index, (key, bytes)) in pending.iter().enumerate() {
            if effective & 1 << index != 0 {
                oracle.record(key, *bytes);
            }
        }
        oracle.check(&observed).is_ok()
    });
    assert!(explained, "{:?}: {observed:?} is explained by no choice of {pending:?}", kind_name::<S>());
}
