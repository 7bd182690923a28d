//! Each clone of a key is dropped once.

use std::sync::Arc;
use std::thread;

use highwater::{Collector, FixedState, Ledger};

/// A key whose living clones the test counts: those of the `Arc`.
#[derive(Clone)]
struct Counted(u64, #[expect(dead_code, reason = "there to be dropped")] Arc<()>);

impl PartialEq for Counted {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Counted {}

impl std::hash::Hash for Counted {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// Eight threads that evict each other's keys.
fn churn(ledger: &Ledger<Counted, FixedState>, living: &Arc<()>) {
    let threads: Vec<_> = (0..8_u64)
        .map(|thread| {
            let (ledger, living) = (ledger.clone(), Arc::clone(living));
            thread::spawn(move || {
                let recorder = ledger.recorder();
                for step in 0..3000 {
                    recorder.record_peak(&Counted(step * 8 + thread, Arc::clone(&living)), step + 1);
                    let _ = recorder.peak(&Counted(step * 8, Arc::clone(&living)));
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn drops_equal_clones_when_a_ledger_with_its_own_collector_is_gone() {
    for capacity in [1, 7, 500] {
        let living = Arc::new(());
        let ledger = Ledger::with_collector(capacity, FixedState, Collector::new());
        churn(&ledger, &living);
        assert!(Arc::strong_count(&living) > capacity, "the residents live");
        drop(ledger);
        assert_eq!(Arc::strong_count(&living), 1);
    }
}

#[cfg(feature = "std-ledger")]
#[test]
fn drops_equal_clones_on_the_default_collector_too() {
    let living = Arc::new(());
    let ledger = Ledger::with_capacity_and_hasher(7, FixedState);
    churn(&ledger, &living);
    drop(ledger);
    // Other tests of this process may be pinned on the same collector at the moment.
    for _ in 0..1000 {
        if Arc::strong_count(&living) == 1 {
            return;
        }
        crossbeam_epoch::pin().flush();
        thread::yield_now();
    }
    panic!("{} keys are left over", Arc::strong_count(&living) - 1);
}

#[test]
fn a_key_is_cloned_once_at_admission_and_never_for_a_resident() {
    let living = Arc::new(());
    let ledger = Ledger::with_collector(4, FixedState, Collector::new());
    let recorder = ledger.recorder();
    let key = Counted(1, Arc::clone(&living));
    for bytes in [5, 9, 3, 9] {
        recorder.record_peak(&key, bytes);
        assert_eq!(Arc::strong_count(&living), 3, "the test's two and the resident");
    }
}
