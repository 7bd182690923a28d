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
    let ledger = MemoryLedger::with_capacity(1000);
    let own_collector = Ledger::<u64, _>::with_collector(1000, FixedState, Collector::new());
    let fixed = StaticLedger::<u64, 1000>::default();
    for (text, name) in [
        (format!("{ledger:?}"), "InlineLedger"),
        (format!("{own_collector:?}"), "Ledger"),
        (format!("{:?}", own_collector.recorder()), "Recorder"),
        (format!("{fixed:?}"), "StaticLedger"),
        (format!("{:?}", ledger.tracker(PrincipalId::default())), "Tracker"),
    ] {
        assert!(text.starts_with(name) && text.contains("capacity: 1000"), "{text}");
        assert!(text.len() < 1000, "a summary, not a dump: {text}");
    }
}
