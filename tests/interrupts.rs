//! Promise: an interrupt handler may record into the very ledger, and the very keys, that the
//! interrupted code is using.
//!
//! A timer signal every few tens of microseconds takes the part of the interrupt. With a lock
//! anywhere on a path this would hang at the first signal that comes at the wrong instruction.

#![cfg(target_os = "linux")]

mod common;

use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering, compiler_fence};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use common::effort;
use common::kinds::kind_name;
use common::oracle::Oracle;
use common::signals::{self, SIGUSR2, Timer, c_int, c_void, siginfo_t};
use common::subject::Subject;

for_interruptible_kinds! { handlers_record_under_interrupted_calls }

const KEYS: u64 = 24;
const CAPACITY: usize = 8;
/// From the end of one handler to the next signal.
const PERIOD: Duration = Duration::from_micros(30);

/// The [`Round`] that the handler works on, of the kind that it is made for; null between rounds.
static ROUND: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
/// The records of the handlers: the maximum of each key.
static HANDLED: [AtomicU64; KEYS as usize] = [const { AtomicU64::new(0) }; KEYS as usize];
static SIGNALS: AtomicU64 = AtomicU64::new(0);
static INSIDE: AtomicU64 = AtomicU64::new(0);
/// How often a handler did not see what it had just recorded, covered by the certificate or not.
static LOST: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// The call that this thread is in the middle of: its key and bytes, valid while `INSIDE_CALL`.
    static KEY: Cell<u64> = const { Cell::new(0) };
    static BYTES: Cell<u64> = const { Cell::new(0) };
    static INSIDE_CALL: Cell<bool> = const { Cell::new(false) };
    /// Armed anew by each handler as it ends, so that the code under it gets on however slow the
    /// machine is.
    static TIMER: Cell<*const Timer> = const { Cell::new(ptr::null()) };
}

/// The handler's data belong to the whole process, so one test at a time.
static TURN: Mutex<()> = Mutex::new(());

/// Keys are made beforehand: to make one may allocate, which a handler must not.
struct Round<S: Subject> {
    ledger: S,
    keys: Vec<S::Key>,
}

extern "C" fn handle<S: Subject>(_: c_int, _: *mut siginfo_t, _: *mut c_void) {
    #[allow(unsafe_code, reason = "a handler has no other way to its data")]
    // SAFETY: null, or a round of this kind, which outlives every timer that was started in it.
    let Some(round) = (unsafe { ROUND.load(Ordering::Acquire).cast::<Round<S>>().as_ref() }) else { return };
    let ledger = &round.ledger;
    let signal = SIGNALS.fetch_add(1, Ordering::Relaxed);
    INSIDE.fetch_add(u64::from(INSIDE_CALL.get()), Ordering::Relaxed);
    let (key, bytes) = if INSIDE_CALL.get() { (KEY.get(), BYTES.get()) } else { (signal % KEYS, 1 + signal) };
    // The interrupted call's own key at its own value and a little above it, and some other key.
    for (key, bytes) in [(key, bytes), (key, bytes + 1), (signal % KEYS, bytes + signal % 5)] {
        let index = usize::try_from(key).unwrap_or(0);
        HANDLED[index].fetch_max(bytes, Ordering::Relaxed);
        let key = &round.keys[index];
        ledger.record_peak(key, bytes);
        let seen = ledger.peak(key).max(ledger.untracked_at_most());
        LOST.fetch_add(u64::from(seen < bytes), Ordering::Relaxed);
    }
    LOST.fetch_add(u64::from(ledger.len() > ledger.capacity()), Ordering::Relaxed);
    #[allow(unsafe_code, reason = "a handler has no other way to its data")]
    // SAFETY: null, or this thread's timer, which is there until the pointer is null again.
    if let Some(timer) = unsafe { TIMER.get().as_ref() } {
        timer.arm(PERIOD);
    }
}

fn handlers_record_under_interrupted_calls<S: Subject>() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    signals::install(SIGUSR2, handle::<S>);
    for counter in [&SIGNALS, &INSIDE, &LOST] {
        counter.store(0, Ordering::Relaxed);
    }
    let rounds = effort::scaled(12);
    for number in 0..rounds {
        let round = Round { ledger: S::with_capacity(CAPACITY), keys: (0..KEYS).map(S::key).collect() };
        let oracle = run(&round, number);
        assert_eq!(LOST.load(Ordering::Relaxed), 0, "a handler did not find what it had recorded");
        if let Err(difference) = oracle.check(&round.ledger.observe()) {
            panic!("{:?}, round {number}: {difference}", kind_name::<S>());
        }
    }
    let (signals, inside) = (SIGNALS.load(Ordering::Relaxed), INSIDE.load(Ordering::Relaxed));
    println!("{:?}: {signals} signals, {inside} of them inside a call", kind_name::<S>());
    assert!(inside >= 10 * rounds, "only {inside} of {signals} signals came inside a call");
}

/// Two threads and their handlers on one ledger; returns what all of them recorded.
fn run<S: Subject>(round: &Round<S>, number: u64) -> Oracle<S::Key> {
    for maximum in &HANDLED {
        maximum.store(0, Ordering::Relaxed);
    }
    ROUND.store(ptr::from_ref(round).cast_mut().cast(), Ordering::Release);
    let mut oracle = Oracle::default();
    thread::scope(|scope| {
        let workers: Vec<_> =
            (0..2).map(|thread| scope.spawn(move || interrupted_calls(round, 2 * number + thread))).collect();
        for worker in workers {
            oracle.merge(&worker.join().expect("no call panics"));
        }
    });
    // The threads, and with them the handlers, have ended.
    ROUND.store(ptr::null_mut(), Ordering::Release);
    for (key, maximum) in round.keys.iter().zip(&HANDLED) {
        oracle.record(key, maximum.load(Ordering::Relaxed));
    }
    oracle
}

fn interrupted_calls<S: Subject>(round: &Round<S>, seed: u64) -> Oracle<S::Key> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut oracle = Oracle::default();
    let timer = Timer::new(SIGUSR2);
    TIMER.set(&raw const timer);
    timer.arm(PERIOD);
    for step in 0..20_000 {
        let number = rng.u64(..KEYS);
        let key = &round.keys[usize::try_from(number).expect("a small number")];
        let bytes = step / 4 + rng.u64(1..40);
        let records = rng.bool();
        interruptible(number, bytes, || match records {
            true => _ = round.ledger.record_peak(key, bytes),
            false => _ = round.ledger.peak(key),
        });
        if records {
            oracle.record(key, bytes);
        }
    }
    TIMER.set(ptr::null());
    drop(timer);
    oracle
}

/// Makes a call that the handler knows of. The fences keep the compiler from moving it out of its
/// bounds.
fn interruptible(key: u64, bytes: u64, call: impl FnOnce()) {
    KEY.set(key);
    BYTES.set(bytes);
    compiler_fence(Ordering::SeqCst);
    INSIDE_CALL.set(true);
    compiler_fence(Ordering::SeqCst);
    call();
    compiler_fence(Ordering::SeqCst);
    INSIDE_CALL.set(false);
    compiler_fence(Ordering::SeqCst);
}
