//! The kinds of ledger that every model runs over, with keys of two words and more, so that a torn
//! read can show.

use std::cell::Cell;
use std::hash::{BuildHasher, Hasher};

use highwater::{FixedState, InlineLedger, Recorded};

use super::subject::Readings;

/// A kind of ledger, and how a thread calls it.
pub trait Kind: 'static {
    type Ledger: Clone + Send + 'static;
    type Session;
    /// How many preemptions are explored unless the environment says otherwise; the collector's own
    /// steps count as well.
    const PREEMPTIONS: usize;

    fn ledger(capacity: usize) -> Self::Ledger;
    fn session(ledger: &Self::Ledger) -> Self::Session;
    fn record(session: &Self::Session, key: u64, bytes: u64) -> Recorded;
    fn peak(session: &Self::Session, key: u64) -> u64;
    fn snapshot(session: &Self::Session) -> Vec<(u64, u64)>;
    fn readings(ledger: &Self::Ledger) -> &impl Readings;

    /// Frees what keys can be freed.
    fn collect(_session: &mut Self::Session) {}
}

std::thread_local! {
    /// Keys that are alive, to see that each is dropped once. A model runs all its threads on one
    /// thread of the system.
    pub static ALIVE: Cell<isize> = const { Cell::new(0) };
}

/// Every key has the same home.
#[derive(Clone, Copy, Default)]
pub struct Colliding;

impl BuildHasher for Colliding {
    type Hasher = Constant;

    fn build_hasher(&self) -> Constant {
        Constant
    }
}

pub struct Constant;

impl Hasher for Constant {
    fn finish(&self) -> u64 {
        u64::MAX / 4
    }

    fn write(&mut self, _: &[u8]) {}
}

/// A key has its home in the eighth of the table that the lowest three bits of its number name.
#[derive(Clone, Copy, Default)]
pub struct Eighths;

impl BuildHasher for Eighths {
    type Hasher = LowestBits;

    fn build_hasher(&self) -> LowestBits {
        LowestBits(None)
    }
}

/// The first number that is hashed.
pub struct LowestBits(Option<u64>);

impl Hasher for LowestBits {
    fn finish(&self) -> u64 {
        self.0.unwrap_or(0) << 61
    }

    fn write(&mut self, bytes: &[u8]) {
        let number = || u64::from_ne_bytes(bytes.try_into().expect("keys are numbers of eight bytes"));
        self.0.get_or_insert_with(number);
    }
}

pub type Pair = (u64, u64);

pub fn pair(number: u64) -> Pair {
    (number, !number)
}

pub fn number(pair: Pair) -> u64 {
    assert_eq!(pair.0, !pair.1, "a torn key");
    pair.0
}

/// Keys in the slots. If `WRAPPING`, `seq` goes round with every few evictions.
pub struct Inline<S = FixedState, const WRAPPING: bool = false>(S);

/// One home for all keys, and `seq` wraps.
pub type Wrapping = Inline<Colliding, true>;

impl<S: BuildHasher + Default + Send + Sync + 'static, const WRAPPING: bool> Kind for Inline<S, WRAPPING> {
    type Ledger = InlineLedger<Pair, S>;
    type Session = Self::Ledger;
    const PREEMPTIONS: usize = 2;

    fn ledger(capacity: usize) -> Self::Ledger {
        if WRAPPING {
            // Rounds of seven or six admissions at capacity 1 or 2.
            InlineLedger::with_seq_bits(capacity, (capacity + 1).ilog2() + 2, S::default())
        } else {
            InlineLedger::with_capacity_and_hasher(capacity, S::default())
        }
    }

    fn session(ledger: &Self::Ledger) -> Self::Session {
        ledger.clone()
    }

    fn record(session: &Self::Session, key: u64, bytes: u64) -> Recorded {
        session.record_peak(&pair(key), bytes)
    }

    fn peak(session: &Self::Session, key: u64) -> u64 {
        session.peak(&pair(key))
    }

    fn snapshot(session: &Self::Session) -> Vec<(u64, u64)> {
        session.snapshot().into_iter().map(|(key, peak)| (number(key), peak)).collect()
    }

    fn readings(ledger: &Self::Ledger) -> &impl Readings {
        ledger
    }
}
