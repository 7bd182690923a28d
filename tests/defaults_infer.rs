//! A program that names no type parameter, no hasher and no capacity compiles, as its callers have
//! it.

use std::{
    hash::BuildHasher,
    panic::{RefUnwindSafe, UnwindSafe},
    thread,
};

use highwater::{
    Collector, DefaultHashBuilder, FixedState, InlineLedger, Ledger, MAX_PRINCIPALS, MemoryLedger,
    PrincipalId, StaticLedger,
};

/// A type that owns a ledger names it without parameters.
#[derive(Clone, Debug, Default)]
struct Host {
    ledger: MemoryLedger,
    principal: PrincipalId,
}

fn send_and_sync<T: Send + Sync + Clone + 'static>(_: &T) {}

/// A panic of a key's code leaves each kind whole (`tests/epoch_keys`,
/// `tests/foreign_inline_keys.rs`), so that a ledger may be used behind a `catch_unwind`, by value
/// or by reference.
const fn unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}
const _: () = {
    unwind_safe::<MemoryLedger>();
    unwind_safe::<InlineLedger<u64, FixedState>>();
    unwind_safe::<StaticLedger<u64, 3>>();
    unwind_safe::<Ledger<String>>();
    unwind_safe::<Ledger<String, FixedState>>();
};

/// The hasher that is part of every ledger's type by default is one type whatever the features:
/// what compiles with it compiles with more features, too.
mod the_default_hasher {
    use std::{fmt::Debug, hash::Hash};

    use super::*;

    /// If one of the two were another name of the other, these would overlap.
    trait Distinct {}
    impl Distinct for DefaultHashBuilder {}
    impl Distinct for FixedState {}

    const fn capable<T: Distinct + BuildHasher<Hasher: Clone + Send + Sync> + Clone + Debug + Default>() {}
    const _: () = capable::<DefaultHashBuilder>();
    const _: () = capable::<FixedState>();

    const SEEDED: bool = cfg!(feature = "std-ledger");

    #[test]
    fn is_seeded_where_it_can_be() {
        let (one, other) = (DefaultHashBuilder::default(), DefaultHashBuilder::default());
        assert_eq!(one.hash_one("alice"), one.clone().hash_one("alice"));
        assert_eq!(one.hash_one("alice") != other.hash_one("alice"), SEEDED);
    }

    /// Every kind of write, since a hasher that only forwards bytes takes longer for numbers.
    #[test]
    fn hashes_as_the_fixed_one_does_where_it_is_not_seeded() {
        fn check(value: impl Hash) {
            let hash = DefaultHashBuilder::default().hash_one(&value);
            assert_eq!(hash == FixedState.hash_one(&value), !SEEDED);
        }
        check("alice");
        check(1_u8);
        check(1_u16);
        check(1_u32);
        check(1_u64);
        check(1_u128);
        check(1_usize);
    }
}

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
