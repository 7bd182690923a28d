//! Retired keys are bounded, however long a thread stays pinned.

use std::{
    hash::{Hash, Hasher},
    ops::RangeInclusive,
    sync::Barrier,
    thread,
};

use equivalent::Equivalent;
use highwater::{Collector, FixedState, Ledger, RETIRED_ALLOWANCE, Recorded, Recorder};

#[test]
fn a_million_newcomers_under_a_stalled_guard_stay_bounded() {
    let capacity = 16;
    let collector = Collector::new();
    let ledger = Ledger::<u64, _>::with_collector(capacity, FixedState, collector.clone());
    let recorder = ledger.recorder();
    let stalled = collector.register();
    let guard = stalled.pin();
    let mut most = 0;
    for key in 1..=1_000_000 {
        recorder.record_peak(&key, key);
        most = most.max(ledger.retired());
    }
    assert_eq!(most, capacity + RETIRED_ALLOWANCE);
    assert!(ledger.refused() > 0, "nothing was held back");
    assert_eq!(ledger.untracked_at_most(), 1_000_000, "the largest value that was refused");

    // The stall over, everything works again.
    drop(guard);
    assert_eq!(recorder.record_peak(&0, 2_000_000), Recorded::Admitted);
    assert_eq!(recorder.peak(&0), 2_000_000);
    for key in 2_000_001..2_100_000 {
        assert_eq!(recorder.record_peak(&key, key), Recorded::Admitted);
    }
}

/// A number whose comparison waits twice: to say that it is there, and until it may go on.
struct Waiting<'a>(u64, &'a Barrier);

impl Hash for Waiting<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Equivalent<u64> for Waiting<'_> {
    fn equivalent(&self, key: &u64) -> bool {
        self.1.wait();
        self.1.wait();
        self.0 == *key
    }
}

/// Runs `stopping`, which waits twice at the barrier, in another thread, and between the two
/// `meanwhile`.
fn while_stopped(
    ledger: &Ledger<u64, FixedState>,
    stopping: impl FnOnce(&Recorder<u64, FixedState>, &Barrier) + Send,
    meanwhile: impl FnOnce(),
) {
    let barrier = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| stopping(&ledger.recorder(), &barrier));
        barrier.wait();
        meanwhile();
        barrier.wait();
    });
}

#[test]
fn a_thread_stopped_in_a_comparison_holds_back_no_more_than_the_limit() {
    const CAPACITY: usize = 16;
    const MANY: u64 = 2 * RETIRED_ALLOWANCE as u64;
    let ledger = Ledger::<u64, _>::with_collector(CAPACITY, FixedState, Collector::new());
    let recorder = ledger.recorder();
    recorder.record_peak(&1, 1);
    let evict = |values: RangeInclusive<u64>| {
        for value in values {
            recorder.record_peak(&value, value);
            assert!(ledger.retired() <= CAPACITY + RETIRED_ALLOWANCE);
        }
    };
    while_stopped(
        &ledger,
        |recorder, barrier| assert_eq!(recorder.peak(&Waiting(1, barrier)), 1),
        || evict(2..=MANY),
    );
    assert_eq!(ledger.retired(), CAPACITY + RETIRED_ALLOWANCE);
    assert_eq!(ledger.untracked_at_most(), MANY, "the largest value that was refused");
    let refused = ledger.refused();
    let kept = MANY - refused;
    assert!(kept.abs_diff(RETIRED_ALLOWANCE as u64) < 10_000, "{kept}");
    // The thread goes on, and nothing is refused any more.
    evict(MANY + 1..=MANY + 100_000);
    assert_eq!(ledger.refused(), refused);
}

#[test]
fn a_thread_stopped_while_it_makes_its_key_holds_back_nothing() {
    let ledger = Ledger::<u64, _>::with_collector(16, FixedState, Collector::new());
    let recorder = ledger.recorder();
    while_stopped(
        &ledger,
        |recorder, barrier| {
            let make = || {
                barrier.wait();
                barrier.wait();
                0
            };
            recorder.record_peak_with(&0, 1_000_000, make);
        },
        || {
            for value in 1..1_000_000 {
                assert_ne!(recorder.record_peak(&value, value), Recorded::Refused);
            }
        },
    );
    assert_eq!(recorder.peak(&0), 1_000_000);
    assert!(ledger.retired() < 10_000, "{} wait", ledger.retired());
}

/// In each round one thread is stalled while others retire almost as many keys as may wait, a few
/// each, and then do nothing more.
#[test]
fn idle_threads_do_not_use_up_what_may_be_retired() {
    let collector = Collector::new();
    let ledger = Ledger::<u64, _>::with_collector(1, FixedState, collector.clone());
    let mut idle = Vec::new();
    let mut key = 0;
    for threads in [134, 66, 66] {
        let stalled = collector.register();
        let guard = stalled.pin();
        for _ in 0..threads {
            let recorder = ledger.recorder();
            for _ in 0..60 {
                key += 1;
                assert_eq!(recorder.record_peak(&key, key), Recorded::Admitted);
            }
            idle.push(recorder);
        }
        drop(guard);
        for _ in 0..1000 {
            stalled.pin().flush();
        }
    }
    drop(idle);
}
