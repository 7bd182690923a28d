//! No newcomer is refused while every thread gets on, whatever the scheduler does to them: hence
//! the ledger is exact.

use std::{
    collections::BTreeSet,
    sync::{
        Barrier,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use highwater::{Collector, FixedState, Ledger, RETIRED_ALLOWANCE};

/// Threads that record newcomers, each above all before it, for a while, and without other work until
/// these are twice as many as may wait; then the contents are compared with what was recorded.
fn flood(threads: usize, capacity: usize, work: Duration) {
    const WHILE: Duration = Duration::from_millis(300);
    let ledger = Ledger::<u64, _>::with_collector(capacity, FixedState, Collector::new());
    let (last, start) = (AtomicU64::new(0), Barrier::new(threads));
    let most = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let recorder = ledger.recorder();
                    let mut most = 0;
                    start.wait();
                    let end = Instant::now() + WHILE;
                    loop {
                        for _ in 0..16 {
                            let value = last.fetch_add(1, Ordering::Relaxed) + 1;
                            recorder.record_peak(&value, value);
                            most = most.max(ledger.retired());
                            busy(work);
                        }
                        let enough = last.load(Ordering::Relaxed) > 2 * RETIRED_ALLOWANCE as u64;
                        if Instant::now() > end && (enough || !work.is_zero()) {
                            return most;
                        }
                    }
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).max()
    });
    let last = last.into_inner();
    println!(
        "{threads} threads, {capacity} places, {work:?} between: {last} newcomers, at most {most:?} retired"
    );
    assert_eq!(
        ledger.refused(),
        0,
        "{threads} threads, {capacity} places, {work:?} between, {last} newcomers"
    );
    let shown: BTreeSet<_> = ledger.recorder().snapshot().into_iter().collect();
    let highest = last.saturating_sub(capacity as u64) + 1..=last;
    assert_eq!(shown, highest.map(|value| (value, value)).collect());
}

/// Something else to do for about as long.
fn busy(work: Duration) {
    if work.is_zero() {
        return;
    }
    let end = Instant::now() + work;
    while Instant::now() < end {
        std::hint::spin_loop();
    }
}

#[test]
fn floods_of_newcomers_are_recorded_exactly() {
    for threads in [2, 3, 4, 8, 16] {
        for capacity in [64, 4096] {
            for work in [Duration::ZERO, Duration::from_nanos(5600)] {
                flood(threads, capacity, work);
            }
        }
    }
}
