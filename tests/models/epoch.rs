//! Ledgers whose keys are behind epoch-reclaimed pointers, with the collector under loom as well.

use std::hash::{Hash, Hasher};

use highwater::{Collector, Ledger, Recorded, Recorder};

use super::{
    kinds::{ALIVE, Colliding, Kind, Pair, number, pair},
    subject::Readings,
};

/// Keys behind epoch-reclaimed pointers.
pub struct Epoch;

/// A key whose end shows to loom when a thread still reads it: reads and the drop touch a cell that
/// loom watches.
pub struct Watched {
    pair: Pair,
    alive: loom::cell::UnsafeCell<()>,
}

// The cell holds nothing; it is there for loom to check that the drop is ordered after every read.
#[allow(unsafe_code)]
unsafe impl Send for Watched {}
#[allow(unsafe_code)]
unsafe impl Sync for Watched {}

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

/// A thread's recorder.
pub struct Session {
    recorder: Recorder<Watched, Colliding>,
}

/// All keys have one home, so that slots are used again at once and keys retired.
impl Kind for Epoch {
    type Ledger = Ledger<Watched, Colliding>;
    type Session = Session;
    const PREEMPTIONS: usize = 1;

    fn ledger(capacity: usize) -> Self::Ledger {
        Ledger::with_collector(capacity, Colliding, Collector::new())
    }

    fn session(ledger: &Self::Ledger) -> Session {
        Session { recorder: ledger.recorder() }
    }

    fn record(session: &Session, key: u64, bytes: u64) -> Recorded {
        session.recorder.record_peak(&Watched::new(pair(key)), bytes)
    }

    fn peak(session: &Session, key: u64) -> u64 {
        session.recorder.peak(&Watched::new(pair(key)))
    }

    fn snapshot(session: &Session) -> Vec<(u64, u64)> {
        session.recorder.snapshot().into_iter().map(|(key, peak)| (number(key.read()), peak)).collect()
    }

    fn readings(ledger: &Self::Ledger) -> &impl Readings {
        ledger
    }

    fn collect(session: &mut Session) {
        // A snapshot lets the epoch advance by one and frees what is two epochs old.
        for _ in 0..2 {
            drop(session.recorder.snapshot());
        }
    }
}
