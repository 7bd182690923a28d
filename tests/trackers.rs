//! Promise: a tracker records as the ledger itself does, whatever became of its hint, and follows
//! its principal.

mod common;

use common::hashers::{CountingHasher, OneHome, hashes_of};
use highwater::{Collector, FixedState, InlineLedger, Ledger, Recorded, StaticLedger, Tracker};

#[test]
fn a_stale_hint_is_not_trusted() {
    let ledger = InlineLedger::<u64>::with_capacity(1);
    let mut first = ledger.tracker(1);
    assert_eq!(first.record_peak(10), Recorded::Admitted);
    // Raised by another call: the hint's value is out of date.
    ledger.record_peak(&1, 20);
    assert_eq!(first.record_peak(15), Recorded::Unchanged);
    assert_eq!(first.record_peak(25), Recorded::Raised);
    // Evicted, and its slot may be another's by now.
    assert_eq!(ledger.record_peak(&2, 30), Recorded::Admitted);
    assert_eq!(first.record_peak(26), Recorded::Dropped);
    assert_eq!(first.record_peak(40), Recorded::Admitted);
    assert_eq!(ledger.top(9), [(1, 40)]);
}

#[test]
fn another_principal_starts_without_a_hint() {
    let ledger = InlineLedger::<u64>::with_capacity(4);
    let mut tracker = ledger.tracker(1);
    tracker.record_peak(100);
    tracker.retarget(2);
    assert_eq!(tracker.record_peak(50), Recorded::Admitted);
    assert_eq!(tracker.record_peak(110), Recorded::Raised);
    assert_eq!((ledger.peak(&1), ledger.peak(&2)), (100, 110));
}

#[test]
fn a_clone_goes_its_own_way() {
    let ledger = InlineLedger::<u64>::with_capacity(4);
    let mut tracker = ledger.tracker(1);
    tracker.record_peak(100);
    let mut clone = tracker.clone();
    clone.retarget(2);
    clone.record_peak(7);
    assert_eq!(tracker.record_peak(200), Recorded::Raised);
    assert_eq!((ledger.peak(&1), ledger.peak(&2)), (200, 7));
}

#[test]
fn trackers_own_any_kind_of_ledger() {
    static LEDGER: StaticLedger<u64, 2> = StaticLedger::new();
    let mut tracker: Tracker<&'static StaticLedger<_, _>> = LEDGER.tracker(5);
    assert_eq!(tracker.record_peak(9), Recorded::Admitted);
    assert_eq!(tracker.record_peak(8), Recorded::Unchanged);
    assert_eq!(tracker.record_peak(10), Recorded::Raised);
    assert_eq!(tracker.ledger().peak(tracker.key()), 10);
}

/// Keys behind pointers, without thread-local storage: the tracker owns a recorder.
#[test]
fn trackers_own_recorders() {
    let ledger = Ledger::<String, _>::with_collector(1, FixedState, Collector::new());
    let mut tracker = Tracker::new(ledger.recorder(), "alice".to_string());
    assert_eq!(tracker.record_peak(10), Recorded::Admitted);
    assert_eq!(tracker.record_peak(10), Recorded::Unchanged);
    assert_eq!(tracker.record_peak(20), Recorded::Raised);
    assert_eq!(ledger.recorder().record_peak("bob", 30), Recorded::Admitted);
    assert_eq!(tracker.record_peak(25), Recorded::Dropped);
    assert_eq!(tracker.record_peak(40), Recorded::Admitted);
    assert_eq!((tracker.ledger().top(9), ledger.evictions()), (vec![("alice".to_string(), 40)], 2));
}

#[test]
fn a_tracker_hashes_only_to_find_its_principal() {
    let ledger = InlineLedger::with_capacity_and_hasher(2, CountingHasher);
    let mut tracker = ledger.tracker(1_u64);
    let mut record = |bytes| hashes_of(|| tracker.record_peak(bytes));
    assert_eq!(record(10), (Recorded::Admitted, 1));
    assert_eq!(record(9), (Recorded::Unchanged, 0));
    assert_eq!(record(20), (Recorded::Raised, 0));
    ledger.record_peak(&1, 30);
    assert_eq!(record(25), (Recorded::Unchanged, 1));
    assert_eq!(record(40), (Recorded::Raised, 0));
}

/// In slots side by side, with one and the same peak.
#[test]
fn a_tracker_raises_nobody_else() {
    let ledger = InlineLedger::with_capacity_and_hasher(4, OneHome);
    let mut trackers = [1_u64, 2, 3, 4].map(|key| ledger.tracker(key));
    for tracker in &mut trackers {
        tracker.record_peak(10);
    }
    for (tracker, bytes) in trackers.iter_mut().zip([20, 30, 40, 50]) {
        assert_eq!(tracker.record_peak(bytes), Recorded::Raised);
    }
    assert_eq!(ledger.top(9), [(4, 50), (3, 40), (2, 30), (1, 20)]);
}
