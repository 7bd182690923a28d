//! A program that names no type parameter, no hasher and no capacity compiles, as its callers have it.

#![cfg(not(loom))]

use std::thread;

use highwater::{
    Collector, FixedState, InlineLedger, Ledger, MAX_PRINCIPALS, MemoryLedger, PrincipalId, StaticLedger,
};

/// What owns a ledger names it without parameters.
#[derive(Clone, Debug, Default)]
struct Host {
    ledger: MemoryLedger,
    principal: PrincipalId,
}

fn send_and_sync<T: Send + Sync + Clone + 'static>(_: &T) {}

#[test]
fn the_smallest_program_compiles_and_runs() {
    let ledger = MemoryLedger::default();
    let alice = PrincipalId::new("alice").expect("a valid id");
    ledger.record_peak(&alice, 65_536);
    ledger.record_peak(&PrincipalId::default(), 1);
    assert_eq!(ledger.peak(&alice), 65_536);
    assert_eq!(ledger.len(), 2);
    assert_eq!(ledger.capacity(), MAX_PRINCIPALS);
}

#[test]
fn every_constructor_infers_its_hasher() {
    let ledgers = [MemoryLedger::new(), MemoryLedger::default(), MemoryLedger::with_capacity(MAX_PRINCIPALS)];
    for ledger in &ledgers {
        send_and_sync(ledger);
        assert!(ledger.is_empty());
    }
    let integers = InlineLedger::with_capacity(3);
    integers.record_peak(&7_u64, 1);
    assert_eq!(integers.top(1), [(7, 1)]);
    let in_place = StaticLedger::<u64, 3>::default();
    assert_eq!((in_place.memory_bytes(), in_place.capacity()), (size_of_val(&in_place), 3));
}

#[test]
fn clones_share_one_ledger_across_threads() {
    let host = Host::default();
    thread::scope(|scope| {
        for number in 1..=4 {
            let Host { ledger, principal } = host.clone();
            scope.spawn(move || ledger.record_peak(&principal, number));
        }
    });
    assert_eq!(host.ledger.peak(&host.principal), 4);
    assert_eq!(host.ledger.len(), 1);
}

#[test]
fn debug_prints_a_summary() {
    static IN_PLACE: StaticLedger<u64, 3> = StaticLedger::new();
    let ledger = InlineLedger::with_hasher(FixedState);
    let mut tracker = ledger.tracker(7_u64);
    tracker.record_peak(65_536);
    let recorder = Ledger::<String, _>::with_collector(5, FixedState, Collector::new()).recorder();
    recorder.record_peak("alice", 1);
    for (text, name, numbers) in [
        (format!("{ledger:?}"), "InlineLedger {", "residents: 1, capacity: 4096, floor: 0,"),
        (format!("{tracker:?}"), "Tracker { key: 7, seen: 65536, ledger: InlineLedger {", "residents: 1,"),
        (format!("{IN_PLACE:?}"), "StaticLedger {", "residents: 0, capacity: 3,"),
        (format!("{:?}", recorder.ledger()), "Ledger {", "residents: 1, capacity: 5,"),
        (format!("{recorder:?}"), "Recorder { ledger: Ledger {", "residents: 1, capacity: 5,"),
    ] {
        assert!(text.starts_with(name) && text.contains(numbers), "{text}");
        assert!(text.len() < 1000, "a summary, not a dump: {text}");
    }
}
