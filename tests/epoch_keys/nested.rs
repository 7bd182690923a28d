//! A key whose `Drop` records in the same ledger: the stack does not grow with the keys that wait.

use std::{
    cell::{Cell, RefCell},
    hash::{Hash, Hasher},
    thread,
};

use highwater::{Collector, FixedState, Ledger, RETIRED_ALLOWANCE, Recorder};

thread_local! {
    static RECORDER: RefCell<Option<Recorder<Recording, FixedState>>> = const { RefCell::new(None) };
    static LAST: Cell<u64> = const { Cell::new(0) };
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    static DEEPEST: Cell<usize> = const { Cell::new(0) };
}

/// Its drop records a newcomer if it has an heir; the heir has one of its own only if that goes on
/// for ever.
#[derive(Clone)]
struct Recording {
    number: u64,
    has_heir: bool,
    forever: bool,
}

impl PartialEq for Recording {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Recording {}

impl Hash for Recording {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if !self.has_heir {
            return;
        }
        DEPTH.set(DEPTH.get() + 1);
        DEEPEST.set(DEEPEST.get().max(DEPTH.get()));
        record(self.forever, self.forever);
        DEPTH.set(DEPTH.get() - 1);
    }
}

/// Records the next newcomer, above all before it, through this thread's recorder.
fn record(has_heir: bool, forever: bool) {
    LAST.set(LAST.get() + 1);
    // Made from a number, so that no key but the ledger's own is dropped here.
    let number = LAST.get();
    RECORDER.with_borrow(|recorder| {
        let Some(recorder) = recorder else { return };
        recorder.record_peak_with(&Number(number), number, || Recording { number, has_heir, forever });
    });
}

struct Number(u64);

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl equivalent::Equivalent<Recording> for Number {
    fn equivalent(&self, key: &Recording) -> bool {
        self.0 == key.number
    }
}

/// Runs `work` with a recorder, in a thread with as much stack as small threads have.
fn with_a_small_stack(work: impl FnOnce(&Ledger<Recording, FixedState>, &Collector) + Send + 'static) {
    let thread = thread::Builder::new().stack_size(64 << 10).spawn(|| {
        let collector = Collector::new();
        let ledger = Ledger::with_collector(16, FixedState, collector.clone());
        RECORDER.set(Some(ledger.recorder()));
        work(&ledger, &collector);
        assert!((1..=4).contains(&DEEPEST.get()), "{} drops deep", DEEPEST.get());
        // The keys that are left find no recorder.
        drop(RECORDER.take());
    });
    thread.unwrap().join().unwrap();
}

#[test]
fn a_million_evictions_with_drops_that_record() {
    with_a_small_stack(|ledger, collector| {
        // Half of the keys that may wait do so at first.
        let stalled = collector.register();
        let guard = stalled.pin();
        for _ in 0..RETIRED_ALLOWANCE / 2 {
            record(true, false);
        }
        drop(guard);
        for _ in RETIRED_ALLOWANCE / 2..1_000_000 {
            record(true, false);
        }
        assert!(ledger.evictions() > 990_000, "{}", ledger.evictions());
        assert_eq!(ledger.refused(), 0);
        assert!(ledger.retired() < 10_000, "{} wait", ledger.retired());
    });
}

/// If each key that is freed evicts another, one more key waits for each that is evicted otherwise.
#[test]
fn drops_that_evict_without_end() {
    const OTHERWISE: usize = 20_000;
    with_a_small_stack(|ledger, _| {
        for _ in 0..OTHERWISE {
            record(true, true);
        }
        assert_eq!(ledger.refused(), 0);
        assert!(
            ledger.retired() <= OTHERWISE && ledger.retired() > OTHERWISE / 2,
            "{} wait",
            ledger.retired()
        );
    });
}
