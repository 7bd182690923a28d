//! A host whose principal type comes from a third crate.

use std::hash::{Hash, Hasher};

use equivalent::Equivalent;
use highwater::{Collector, FixedState, Ledger, Recorded};

/// A foreign type: no trait of this crate, and no order.
mod third_crate {
    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    pub struct PrincipalId(pub String);
}
use third_crate::PrincipalId;

fn id(name: &str) -> PrincipalId {
    PrincipalId(name.to_string())
}

#[test]
fn a_third_crates_type_is_a_key_as_it_is() {
    let ledger = Ledger::with_collector(2, FixedState, Collector::new());
    let recorder = ledger.recorder();
    assert_eq!(recorder.record_peak(&id("alice"), 10), Recorded::Admitted);
    assert_eq!(recorder.record_peak(&id("bob"), 20), Recorded::Admitted);
    assert_eq!(recorder.record_peak(&id("carol"), 30), Recorded::Admitted);
    assert_eq!(recorder.top(9), [(id("carol"), 30), (id("bob"), 20)]);
    assert_eq!(recorder.peak(&id("alice")), 0);
    assert_eq!((ledger.len(), ledger.floor(), ledger.evictions()), (2, 10, 1));
}

#[test]
fn strings_are_looked_up_and_recorded_by_str() {
    let ledger = Ledger::<String, _>::with_collector(4, FixedState, Collector::new());
    let recorder = ledger.recorder();
    assert_eq!(recorder.record_peak("alice", 10), Recorded::Admitted);
    assert_eq!(recorder.record_peak("alice", 20), Recorded::Raised);
    assert_eq!(recorder.peak("alice"), 20);
    assert_eq!(recorder.peak(&"alice".to_string()), 20);
}

/// A borrowed form that knows no way to its key.
struct Name<'a>(&'a str);

impl Hash for Name<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Equivalent<PrincipalId> for Name<'_> {
    fn equivalent(&self, key: &PrincipalId) -> bool {
        self.0 == key.0
    }
}

#[test]
fn a_closure_makes_the_key_and_only_at_admission() {
    let ledger = Ledger::<PrincipalId, _>::with_collector(4, FixedState, Collector::new());
    let recorder = ledger.recorder();
    let made = std::cell::Cell::new(0);
    let make = || {
        made.set(made.get() + 1);
        id("alice")
    };
    assert_eq!(recorder.record_peak_with(&Name("alice"), 10, make), Recorded::Admitted);
    assert_eq!(recorder.record_peak_with(&Name("alice"), 20, make), Recorded::Raised);
    assert_eq!(recorder.record_peak_with(&Name("alice"), 5, make), Recorded::Unchanged);
    assert_eq!(made.get(), 1);
    assert_eq!(recorder.peak(&Name("alice")), 20);
}

/// As a host uses it, whatever its engine: a clone of the ledger per Store, in state that is
/// `Send + Sync`.
#[cfg(feature = "std-ledger")]
#[test]
fn a_meter_over_a_third_crates_principals() {
    use highwater::StoreMemoryMeter;

    type MemoryLedger = Ledger<PrincipalId>;
    type Meter = StoreMemoryMeter<MemoryLedger>;
    fn shared<T: Send + Sync>(state: T) -> T {
        state
    }

    let ledger = shared(MemoryLedger::default());
    let mut meter: Meter = shared(StoreMemoryMeter::new(1 << 20, id("alice"), ledger.clone()));
    assert!(meter.approve_memory(0, 65_536, None).unwrap());
    assert!(!meter.approve_memory(65_536, 2 << 20, None).unwrap());
    assert_eq!(ledger.peak(&id("alice")), 65_536);
    meter.set(1 << 20, id("bob"));
    assert!(meter.approve_memory(65_536, 131_072, None).unwrap());
    assert_eq!(ledger.peak(&id("bob")), 131_072);
}
