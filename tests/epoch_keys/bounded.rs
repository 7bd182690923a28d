//! Retired keys are bounded, however long somebody stays pinned.

use highwater::{Collector, FixedState, Ledger, RETIRED_ALLOWANCE, Recorded};

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

#[test]
fn nothing_is_refused_while_nobody_is_stalled() {
    for capacity in [1, 2, 100] {
        let ledger = Ledger::<u64, _>::with_collector(capacity, FixedState, Collector::new());
        // Idle threads keep what they have retired last; more of them than would fit at a bag each.
        let idle: Vec<_> = (0..3_u64)
            .map(|thread| {
                let recorder = ledger.recorder();
                for step in 0..20_000 {
                    assert_eq!(
                        recorder.record_peak(&(step * 3 + thread), thread * 20_000 + step + 1),
                        Recorded::Admitted
                    );
                }
                recorder
            })
            .collect();
        assert_eq!(ledger.refused(), 0);
        drop(idle);
    }
}

/// In each round somebody is stalled while others retire almost as many keys as may wait, a few each, and then do nothing more.
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
