//! The kinds of ledger that every model runs over, with keys of two words and more, so that a torn read can show.

use std::cell::Cell;
use std::hash::{BuildHasher, Hash, Hasher};

use highwater::{Collector, FixedState, InlineLedger, Ledger, Recorded, Recorder};

/// A kind of ledger, and how a thread calls it.
pub trait Kind: 'static {
    type Ledger: Clone + Send + 'static;
    type Session;
    /// How many preemptions are explored unless the environment says otherwise; the collector's own steps count as well.
    const PREEMPTIONS: usize;

    fn ledger(capacity: usize) -> Self::Ledger;
    fn session(ledger: &Self::Ledger) -> Self::Session;
    fn record(session: &Self::Session, key: u64, bytes: u64) -> Recorded;
    fn peak(session: &Self::Session, key: u64) -> u64;
    fn snapshot(session: &Self::Session) -> Vec<(u64, u64)>;
    fn len(ledger: &Self::Ledger) -> usize;
    fn floor(ledger: &Self::Ledger) -> u64;
    fn refused(ledger: &Self::Ledger) -> u64;
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

type Pair = (u64, u64);

fn pair(number: u64) -> Pair {
    (number, !number)
}

fn number(pair: Pair) -> u64 {
    assert_eq!(pair.0, !pair.1, "a torn key");
    pair.0
}

/// Keys in the slots.
pub struct Inline<S = FixedState>(S);

impl<S: BuildHasher + Default + Send + Sync + 'static> Kind for Inline<S> {
    type Ledger = InlineLedger<Pair, S>;
    type Session = Self::Ledger;
    const PREEMPTIONS: usize = 2;

    fn ledger(capacity: usize) -> Self::Ledger {
        InlineLedger::with_capacity_and_hasher(capacity, S::default())
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

    fn len(ledger: &Self::Ledger) -> usize {
        ledger.len()
    }

    fn floor(ledger: &Self::Ledger) -> u64 {
        ledger.floor()
    }

    fn refused(ledger: &Self::Ledger) -> u64 {
        ledger.refused()
    }
}

/// Keys behind epoch-reclaimed pointers.
pub struct Epoch;

/// A key whose end shows to loom when somebody still reads it: reads and the drop touch a cell that loom watches.
pub struct Watched {
    pair: Pair,
    alive: loom::cell::UnsafeCell<()>,
}

// The cell holds nothing; it is there for loom to check that the drop is ordered after every read.
#[allow(unsafe_code)]
unsafe impl Send for Watched {}
#[allow(unsafe_code)]
unsafe impl Sync for Watched {}

std::thread_local! {
    /// Keys that are alive, to see that each is dropped once. A model runs all its threads on one thread of the system.
    pub static ALIVE: Cell<isize> = const { Cell::new(0) };
}

impl Watched {
    fn new(pair: Pair) -> Self {
        ALIVE.set(ALIVE.get() + 1);
        Self { pair, alive: loom::cell::UnsafeCell::new(()) }
    }

    fn read(&self) -> Pair {
        self.alive.with(|_| self.pair)
    }
}

impl Clone for Watched {
    fn clone(&self) -> Self {
        Self::new(self.read())
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.alive.with_mut(|_| ());
        ALIVE.set(ALIVE.get() - 1);
    }
}

impl PartialEq for Watched {
    fn eq(&self, other: &Self) -> bool {
        self.read() == other.read()
    }
}

impl Eq for Watched {}

impl Hash for Watched {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.read().hash(state);
    }
}

impl Kind for Epoch {
    type Ledger = Ledger<Watched, FixedState>;
    type Session = Recorder<Watched, FixedState>;
    const PREEMPTIONS: usize = 1;

    fn ledger(capacity: usize) -> Self::Ledger {
        Ledger::with_collector(capacity, FixedState, Collector::new())
    }

    fn session(ledger: &Self::Ledger) -> Self::Session {
        ledger.recorder()
    }

    fn record(session: &Self::Session, key: u64, bytes: u64) -> Recorded {
        session.record_peak(&Watched::new(pair(key)), bytes)
    }

    fn peak(session: &Self::Session, key: u64) -> u64 {
        session.peak(&Watched::new(pair(key)))
    }

    fn snapshot(session: &Self::Session) -> Vec<(u64, u64)> {
        session.snapshot().into_iter().map(|(key, peak)| (number(key.read()), peak)).collect()
    }

    fn len(ledger: &Self::Ledger) -> usize {
        ledger.len()
    }

    fn floor(ledger: &Self::Ledger) -> u64 {
        ledger.floor()
    }

    fn refused(ledger: &Self::Ledger) -> u64 {
        ledger.refused()
    }
}
