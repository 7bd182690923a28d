//! Promise: an interrupt handler may record into the very ledger, and the very keys, that the interrupted code is using.
//!
//! A timer signal every few tens of microseconds takes the part of the interrupt. With a lock anywhere on a path this
//! would hang at the first signal that comes at the wrong instruction.

#![cfg(all(target_os = "linux", not(loom)))]

mod common;

use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use common::effort;
use common::kinds::kind_name;
use common::oracle::Oracle;
use common::signals::{self, SIGUSR2, Timer, c_int, c_void, siginfo_t};
use common::subject::Subject;

for_every_kind! { handlers_record_under_interrupted_calls }

const KEYS: u64 = 24;
const CAPACITY: usize = 8;

/// The ledger under test, for the handler; null between rounds.
static LEDGER: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
/// What the handlers recorded: the maximum of each key.
static HANDLED: [AtomicU64; KEYS as usize] = [const { AtomicU64::new(0) }; KEYS as usize];
static SIGNALS: AtomicU64 = AtomicU64::new(0);
static INSIDE: AtomicU64 = AtomicU64::new(0);
/// How often a handler did not see what it had just recorded, covered by the certificate or not.
static LOST: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// The call that this thread is in the middle of: its key and bytes.
    static CALL: Cell<Option<(u64, u64)>> = const { Cell::new(None) };
}

/// The state of the ledger belongs to the whole process, so one round at a time.
static ROUND: Mutex<()> = Mutex::new(());

extern "C" fn handle<S: Subject>(_: c_int, _: *mut siginfo_t, _: *mut c_void) {
    let ledger = LEDGER.load(Ordering::Acquire);
    if ledger.is_null() {
        return;
    }
    #[allow(unsafe_code, reason = "a handler has no other way to its data")]
    // SAFETY: a ledger of this kind, which outlives every timer of the round.
    let ledger = unsafe { &*ledger.cast::<S>() };
    let signal = SIGNALS.fetch_add(1, Ordering::Relaxed);
    let (key, bytes) = CALL.get().unwrap_or((signal % KEYS, 1 + signal));
    INSIDE.fetch_add(u64::from(CALL.get().is_some()), Ordering::Relaxed);
    // The interrupted call's own key at its own value, a little above it, and a newcomer.
    for (key, bytes) in [(key, bytes), (key, bytes + 1), (signal % KEYS, bytes + signal % 5)] {
        HANDLED[usize::try_from(key).unwrap_or(0)].fetch_max(bytes, Ordering::Relaxed);
        let key = S::key(key);
        ledger.record_peak(&key, bytes);
        let seen = ledger.peak(&key).max(ledger.untracked_at_most());
        LOST.fetch_add(u64::from(seen < bytes), Ordering::Relaxed);
    }
    LOST.fetch_add(u64::from(ledger.len() > ledger.capacity()), Ordering::Relaxed);
}

fn handlers_record_under_interrupted_calls<S: Subject>() {
    let _turn = ROUND.lock().unwrap_or_else(PoisonError::into_inner);
    signals::install(SIGUSR2, handle::<S>);
    for counter in [&SIGNALS, &INSIDE, &LOST] {
        counter.store(0, Ordering::Relaxed);
    }
    for round in 0..effort::scaled(12) {
        let ledger = S::with_capacity(CAPACITY);
        let oracle = run_round(&ledger, round);
        assert_eq!(LOST.load(Ordering::Relaxed), 0, "a handler did not find what it had recorded");
        if let Err(difference) = oracle.check(&ledger.observe()) {
            panic!("{:?}, round {round}: {difference}", kind_name::<S>());
        }
    }
    let (signals, inside) = (SIGNALS.load(Ordering::Relaxed), INSIDE.load(Ordering::Relaxed));
    println!("{:?}: {signals} signals, {inside} of them inside a call", kind_name::<S>());
    assert!(inside >= effort::scaled(100), "only {inside} of {signals} signals came inside a call");
}

/// Two threads and their handlers on one ledger; returns what all of them recorded.
fn run_round<S: Subject>(ledger: &S, round: u64) -> Oracle<S::Key> {
    for maximum in &HANDLED {
        maximum.store(0, Ordering::Relaxed);
    }
    LEDGER.store(ptr::from_ref(ledger).cast_mut().cast(), Ordering::Release);
    let mut oracle = Oracle::default();
    thread::scope(|scope| {
        let workers: Vec<_> =
            (0..2).map(|thread| scope.spawn(move || interrupted_calls(ledger, 2 * round + thread))).collect();
        for worker in workers {
            oracle.merge(&worker.join().expect("no call panics"));
        }
    });
    // The threads, and with them the handlers, have ended.
    LEDGER.store(ptr::null_mut(), Ordering::Release);
    for (key, maximum) in (0..).zip(&HANDLED) {
        oracle.record(&S::key(key), maximum.load(Ordering::Relaxed));
    }
    oracle
}

fn interrupted_calls<S: Subject>(ledger: &S, seed: u64) -> Oracle<S::Key> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let keys: Vec<S::Key> = (0..KEYS).map(S::key).collect();
    let mut oracle = Oracle::default();
    let timer = Timer::every(Duration::from_micros(40), SIGUSR2);
    for step in 0..20_000 {
        let number = rng.u64(..KEYS);
        let key = &keys[usize::try_from(number).expect("a small number")];
        let bytes = step / 4 + rng.u64(1..40);
        CALL.set(Some((number, bytes)));
        if rng.bool() {
            ledger.record_peak(key, bytes);
            CALL.set(None);
            oracle.record(key, bytes);
        } else {
            ledger.peak(key);
            CALL.set(None);
        }
    }
    drop(timer);
    oracle
}
