//! Foreign code that panics leaves the ledger whole.

use std::cell::Cell;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};

use highwater::{Collector, FixedState, Ledger, Recorded, Recorder};

thread_local! {
    /// The call that panics next, and the number of such calls before it that do not.
    static FUSE: Cell<Option<(Call, u32)>> = const { Cell::new(None) };
    /// Keys that are alive.
    static ALIVE: Cell<isize> = const { Cell::new(0) };
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Call {
    Hash,
    Eq,
    Clone,
    Drop,
}

impl Call {
    /// Panics if it is this call's turn.
    fn happens(self) {
        let left = FUSE.get();
        let Some((call, calls)) = left.filter(|(call, _)| *call == self) else { return };
        FUSE.set(calls.checked_sub(1).map(|calls| (call, calls)));
        assert!(calls != 0, "{self:?} panics on demand");
    }
}

struct Touchy(u64);

impl Touchy {
    fn new(number: u64) -> Self {
        ALIVE.set(ALIVE.get() + 1);
        Self(number)
    }
}

impl Clone for Touchy {
    fn clone(&self) -> Self {
        Call::Clone.happens();
        Self::new(self.0)
    }
}

impl Drop for Touchy {
    fn drop(&mut self) {
        ALIVE.set(ALIVE.get() - 1);
        if !std::thread::panicking() {
            Call::Drop.happens();
        }
    }
}

impl Hash for Touchy {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Call::Hash.happens();
        // All keys have the same home, so that keys are compared.
        0_u8.hash(state);
    }
}

impl PartialEq for Touchy {
    fn eq(&self, other: &Self) -> bool {
        Call::Eq.happens();
        self.0 == other.0
    }
}

impl Eq for Touchy {}

type Session = Recorder<Touchy, FixedState>;

/// Fills three places and then does one of everything that calls foreign code: a raise, an
/// eviction, a read, a report.
fn exercise(recorder: &Session, base: u64) {
    for number in 1..=3 {
        recorder.record_peak(&Touchy::new(base + number), base + 10 * number);
    }
    recorder.record_peak(&Touchy::new(base + 3), base + 40);
    recorder.record_peak(&Touchy::new(base + 4), base + 50);
    let _ = recorder.peak(&Touchy::new(base + 2));
    let _ = recorder.peak(&Touchy::new(base + 9));
    let _ = recorder.snapshot();
    // Enough for the collector to run in here.
    for number in 100..500 {
        recorder.record_peak(&Touchy::new(base + number), base + number);
    }
}

/// Afterwards the ledger works, holds no more than fits, each key once, and the top exactly as far
/// as it was recorded since.
fn is_whole(ledger: &Ledger<Touchy, FixedState>, recorder: &Session, base: u64) {
    for number in 1..=6 {
        let recorded = recorder.record_peak(&Touchy::new(base + number), base + number);
        assert_eq!(recorded, Recorded::Admitted, "key {number}");
    }
    assert_eq!((ledger.len(), ledger.refused()), (3, 0));
    let top = recorder.top(9);
    let top: Vec<_> = top.iter().map(|(key, peak)| (key.0 - base, *peak - base)).collect();
    assert_eq!(top, [(6, 6), (5, 5), (4, 4)]);
    for number in 4..=6 {
        assert_eq!(recorder.peak(&Touchy::new(base + number)), base + number);
    }
}

#[test]
fn a_panic_in_any_call_of_foreign_code_leaves_the_ledger_whole() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut panics = [0; 4];
    for (kind, call) in [Call::Hash, Call::Eq, Call::Clone, Call::Drop].into_iter().enumerate() {
        for calls in (0..60).chain((60..2000).step_by(37)) {
            let ledger = Ledger::with_collector(3, FixedState, Collector::new());
            let recorder = ledger.recorder();
            FUSE.set(Some((call, calls)));
            let outcome = catch_unwind(AssertUnwindSafe(|| exercise(&recorder, 1000)));
            FUSE.set(None);
            panics[kind] += u32::from(outcome.is_err());
            is_whole(&ledger, &recorder, 10_000);
            drop((ledger, recorder));
            assert_eq!(ALIVE.get(), 0, "{call:?} after {calls} calls: keys leaked or dropped twice");
        }
    }
    drop(std::panic::take_hook());
    assert!(panics.iter().all(|&panics| panics > 50), "hardly anything panicked: {panics:?}");
}
