//! Ledgers whose keys are behind epoch-reclaimed pointers, with the collector under loom as well.

use std::hash::{Hash, Hasher};

use highwater::{Collector, Ledger, Recorded, Recorder};

use crate::{
    kinds::{ALIVE, Colliding, Kind, Pair, number, pair},
    subject::Readings,
};

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

/// A thread's recorder, and the collector that it is registered with.
pub struct Session {
    recorder: Recorder<Watched, Colliding>,
    collector: Collector,
}

/// All keys have one home, so that slots are used again at once and keys retired.
impl Kind for Epoch {
    type Ledger = (Ledger<Watched, Colliding>, Collector);
    type Session = Session;
    const PREEMPTIONS: usize = 1;

    fn ledger(capacity: usize) -> Self::Ledger {
        let collector = Collector::new();
        (Ledger::with_collector(capacity, Colliding, collector.clone()), collector)
    }

    fn session((ledger, collector): &Self::Ledger) -> Session {
        Session { recorder: ledger.recorder(), collector: collector.clone() }
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

    fn readings((ledger, _): &Self::Ledger) -> &impl Readings {
        ledger
    }

    fn collect(session: &mut Session) {
        // The end of a recorder hands what it retired to the collector, which frees it two epochs later, a flush being one.
        session.recorder = session.recorder.ledger().recorder();
        let handle = session.collector.register();
        for _ in 0..4 {
            handle.pin().flush();
        }
    }
}
