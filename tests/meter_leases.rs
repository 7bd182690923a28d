//! Leases and their guard, without an engine: the test itself asks for growth as an engine would.

#![cfg(feature = "alloc")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use highwater::{
    Attribution, Collector, Denial, FixedState, InlineLedger, InlineStr, Lease, Ledger, MemoryLedger,
    MeterCounters, MeterLimits, PrincipalId, Recorder, StaticLedger, StoreMemoryMeter,
};

const PAGE: usize = 65_536;
const LIMITS: MeterLimits = MeterLimits::total(10 * PAGE);

fn id(name: &str) -> PrincipalId {
    PrincipalId::new(name).unwrap()
}

#[test]
fn a_lease_ends_with_its_guard() {
    let ledger = MemoryLedger::default();
    let mut meter = StoreMemoryMeter::idle(LIMITS, ledger.clone());
    assert_eq!(meter.principal(), None);
    {
        let mut lease = meter.lease(id("alice"), LIMITS);
        assert_eq!(lease.principal(), Some(&id("alice")));
        assert_eq!(lease.approve_memory(0, PAGE, None), Ok(true));
        assert_eq!(ledger.peak(&id("alice")), 0, "it might still fail");
    }
    assert_eq!(ledger.peak(&id("alice")), PAGE as u64);
    assert_eq!(meter.principal(), None);
    assert_eq!(meter.approve_memory(PAGE, 2 * PAGE, None), Ok(true));
    meter.settle();
    assert_eq!(ledger.top(10), [(id("alice"), PAGE as u64)], "nobody pays for growth between leases");
}

#[test]
fn a_lease_ends_by_a_panic() {
    let ledger = MemoryLedger::default();
    let mut meter = StoreMemoryMeter::idle(LIMITS, ledger.clone());
    let guest = catch_unwind(AssertUnwindSafe(|| {
        let mut lease = meter.lease(id("alice"), LIMITS);
        let _ = lease.approve_memory(0, PAGE, None);
        panic!("the guest's host function");
    }));
    assert!(guest.is_err());
    assert_eq!(meter.principal(), None);
    let _ = meter.approve_memory(PAGE, 5 * PAGE, None);
    meter.settle();
    assert_eq!(ledger.top(10), [(id("alice"), PAGE as u64)]);
}

/// A host function of alice's guest runs something for bob on the same Store.
#[test]
fn a_lease_goes_on_after_one_inside_it() {
    let ledger = MemoryLedger::default();
    let mut meter = StoreMemoryMeter::idle(MeterLimits::total(PAGE), ledger.clone());
    let mut outer = meter.lease(id("alice"), LIMITS);
    let _ = outer.approve_memory(0, 2 * PAGE, None);
    let mut inner = Lease::start(&mut *outer, |meter| meter, id("bob"), MeterLimits::total(5 * PAGE));
    let _ = inner.approve_memory(0, 3 * PAGE, None);
    assert_eq!(inner.approve_memory(0, PAGE, None), Ok(false));
    let report = inner.end();
    assert_eq!((report.inherited, report.own, report.denied), (2 * PAGE, 3 * PAGE, 1));

    assert_eq!(outer.principal(), Some(&id("alice")));
    assert_eq!(*outer.limits(), LIMITS);
    let report = outer.report();
    assert_eq!((report.inherited, report.own, report.total), (3 * PAGE, 2 * PAGE, 5 * PAGE));
    assert_eq!((report.denied, report.last_denial), (0, None), "bob's denial is not alice's");
    assert_eq!(outer.approve_memory(2 * PAGE, 6 * PAGE, None), Ok(true), "up to her own ceiling");
    assert_eq!(outer.end().own, 6 * PAGE);
    assert_eq!(meter.principal(), None);
    assert_eq!(ledger.top(9), [(id("alice"), 6 * PAGE as u64), (id("bob"), 3 * PAGE as u64)]);
}

#[test]
fn a_principal_that_is_set_inside_a_lease_holds_the_store_on() {
    let ledger = MemoryLedger::default();
    let mut meter = StoreMemoryMeter::idle(LIMITS, ledger.clone());
    let mut outer = meter.lease(id("alice"), LIMITS);
    let _ = outer.approve_memory(0, PAGE, None);
    let mut inner = outer.lease(id("bob"), LIMITS);
    let _ = inner.approve_memory(PAGE, 3 * PAGE, None);
    inner.set(9 * PAGE, id("carol"));
    let _ = inner.approve_memory(0, 4 * PAGE, None);
    assert_eq!(inner.end().own, 2 * PAGE, "bob's turn is over");
    assert_eq!(outer.principal(), Some(&id("carol")));
    assert_eq!(outer.end().own, PAGE, "and alice's too");
    assert_eq!(meter.principal(), Some(&id("carol")));
    assert_eq!(meter.approve_memory(0, PAGE, None), Ok(true));
    drop(meter);
    assert_eq!(ledger.peak(&id("carol")), 5 * PAGE as u64);
    assert_eq!((ledger.peak(&id("alice")), ledger.peak(&id("bob"))), (PAGE as u64, 2 * PAGE as u64));
}

#[test]
fn a_failure_is_never_recorded_and_a_success_always() {
    let ledger = MemoryLedger::default();
    let mut meter = StoreMemoryMeter::with_limits(LIMITS, id("alice"), ledger.clone());
    let _ = meter.approve_memory(0, PAGE, None);
    let _ = meter.approve_memory(PAGE, 9 * PAGE, None);
    assert_eq!(ledger.peak(&id("alice")), PAGE as u64, "the second question proves the first growth");
    meter.memory_failed(&"no memory").unwrap();
    meter.settle();
    assert_eq!(ledger.peak(&id("alice")), PAGE as u64);
    let _ = meter.approve_memory(PAGE, 2 * PAGE, None);
    drop(meter);
    assert_eq!(ledger.peak(&id("alice")), 2 * PAGE as u64, "a Store that is dropped has finished");
}

#[test]
fn an_instantiation_that_is_withdrawn_charges_nobody() {
    let ledger = MemoryLedger::default();
    let mut meter = StoreMemoryMeter::with_limits(LIMITS, id("alice"), ledger.clone());
    let mark = meter.mark();
    assert_eq!(meter.approve_memory(0, 4 * PAGE, None), Ok(true));
    assert_eq!(meter.approve_table(0, 100, None), Ok(true));
    assert_eq!(meter.approve_memory(0, 7 * PAGE, None), Ok(false));
    meter.withdraw(mark);
    assert_eq!((meter.report().total, meter.report().table_elements), (0, 0));
    meter.settle();
    assert!(ledger.is_empty());

    let _ = meter.mark();
    let _ = meter.approve_memory(0, 4 * PAGE, None);
    let _ = meter.approve_memory(0, PAGE, None);
    assert!(ledger.is_empty(), "not before it is known to have been created");
    meter.settle();
    assert_eq!(ledger.peak(&id("alice")), 5 * PAGE as u64);
}

#[test]
fn an_instantiation_that_fails_is_charged_if_it_remains() {
    let ledger = MemoryLedger::default();
    let mut meter = StoreMemoryMeter::idle(LIMITS, ledger.clone());
    for (name, result, remains, total) in [
        ("a-success", Ok(()), false, PAGE),
        ("b-failure", Err("no memory"), false, PAGE),
        ("c-trap", Err("unreachable"), true, 2 * PAGE),
    ] {
        let mut lease = meter.lease(id(name), LIMITS);
        let answer = lease.instantiate(
            |meter| {
                let _ = meter.approve_memory(0, PAGE, None);
                result
            },
            |_| remains,
        );
        assert_eq!((answer, lease.report().total), (result, total), "{name}");
    }
    assert_eq!(ledger.top(9), [(id("a-success"), PAGE as u64), (id("c-trap"), PAGE as u64)]);
}

#[test]
fn a_report_tells_own_from_inherited() {
    let mut meter = StoreMemoryMeter::idle(LIMITS, MemoryLedger::default());
    let _ = meter.approve_memory(0, 3 * PAGE, None);
    let mut lease = Lease::start(&mut meter, |meter| meter, id("alice"), LIMITS);
    let _ = lease.approve_memory(3 * PAGE, 5 * PAGE, None);
    let _ = lease.approve_memory(0, 6 * PAGE, None);
    let _ = lease.approve_table(0, usize::MAX, None);
    let report = lease.report();
    assert_eq!((report.inherited, report.own, report.total), (3 * PAGE, 2 * PAGE, 5 * PAGE));
    assert_eq!((report.denied, report.last_denial), (2, Some(Denial::Table)));
    assert_eq!(lease.end(), report);
    assert_eq!(meter.report(), report, "still there when the lease is over");
}

#[test]
fn what_is_counted_by_the_host_is_charged() {
    let ledger = MemoryLedger::default();
    let mut meter = StoreMemoryMeter::with_limits(LIMITS, id("alice"), ledger.clone());
    let _ = meter.approve_memory(0, PAGE, None);
    meter.reconcile(4 * PAGE);
    assert_eq!(ledger.peak(&id("alice")), 4 * PAGE as u64);
    meter.reconcile(2 * PAGE);
    assert_eq!((meter.report().total, meter.report().own), (2 * PAGE, 2 * PAGE));
    assert_eq!(ledger.peak(&id("alice")), 4 * PAGE as u64, "a maximum stays");
}

/// Under every attribution: of one memory all three say the same.
#[test]
fn what_is_counted_is_charged_whatever_the_attribution() {
    for attribution in [Attribution::OwnGrowth, Attribution::StoreTotal, Attribution::LargestMemory] {
        let limits = MeterLimits::builder().attribution(attribution).build();
        let ledger = MemoryLedger::default();
        let mut meter = StoreMemoryMeter::with_limits(limits, id("alice"), ledger.clone());
        let _ = meter.approve_memory(0, PAGE, None);
        meter.reconcile(10 * PAGE);
        assert_eq!(ledger.peak(&id("alice")), 10 * PAGE as u64, "{attribution:?}");
        meter.start_lease(id("bob"), limits);
        meter.reconcile(10 * PAGE);
        assert_eq!(ledger.peak(&id("bob")), 0, "{attribution:?}: nothing is new");
    }
}

/// A Store that lives on follows the host to its next ledger, and is charged there with what the
/// present lease holds.
#[test]
fn a_meter_moves_to_another_ledger() {
    for (attribution, expected) in [
        (Attribution::OwnGrowth, 3 * PAGE),
        (Attribution::StoreTotal, 5 * PAGE),
        (Attribution::LargestMemory, 4 * PAGE),
    ] {
        let ledgers = [(); 3].map(|()| MemoryLedger::with_capacity(4));
        let limits = MeterLimits::builder().attribution(attribution).build();
        let mut meter = StoreMemoryMeter::idle(limits, ledgers[0].clone());
        let _ = meter.approve_memory(0, 2 * PAGE, None);
        meter.replace_ledger(ledgers[1].clone());
        meter.start_lease(id("alice"), limits);
        let _ = meter.approve_table(0, 7, None);
        let _ = meter.approve_memory(2 * PAGE, 4 * PAGE, None);
        let _ = meter.approve_memory(0, PAGE, None);
        let _ = meter.approve_memory(4 * PAGE, usize::MAX, None);
        let before = meter.report();
        let last = meter.replace_ledger(ledgers[2].clone());

        assert!(ledgers[0].is_empty(), "nobody held the Store then");
        assert_eq!(last.peak(&id("alice")), expected as u64, "{attribution:?}");
        assert_eq!(ledgers[2].top(9), [(id("alice"), expected as u64)], "{attribution:?}");
        assert_eq!(meter.report(), before, "the account stays");
        assert_eq!((before.total, before.table_elements, before.denied), (5 * PAGE, 7, 1));
        assert_eq!(meter.stats().allowed, 4, "the count stays");

        // What is not above the last peak of the ledger before is news to this one.
        let empty = MemoryLedger::with_capacity(4);
        meter.replace_ledger(empty.clone());
        meter.start_lease(id("bob"), limits);
        let _ = meter.approve_memory(PAGE, PAGE + 1, None);
        meter.settle();
        assert_eq!(empty.len(), 2, "{attribution:?}");
    }
}

/// The ledger may change while an instantiation is under way: what that has got so far is recorded
/// in the new one when it is over, or at once where limits record on approval.
#[test]
fn a_meter_moves_in_the_middle_of_an_instantiation() {
    for (limits, meanwhile) in [(LIMITS, 0), (MeterLimits::per_memory(PAGE), PAGE as u64)] {
        for remains in [true, false] {
            let ledger = MemoryLedger::with_capacity(4);
            let mut meter =
                StoreMemoryMeter::with_limits(limits, id("alice"), MemoryLedger::with_capacity(4));
            let mark = meter.mark();
            let _ = meter.approve_memory(0, PAGE, None);
            meter.replace_ledger(ledger.clone());
            assert_eq!(ledger.peak(&id("alice")), meanwhile);
            if remains {
                meter.settle()
            } else {
                meter.withdraw(mark)
            }
            let expected = if remains { PAGE as u64 } else { meanwhile };
            assert_eq!(ledger.peak(&id("alice")), expected);
        }
    }
}

/// Whoever has not grown the Store's memories is not charged with what others left there.
#[test]
fn who_grows_nothing_is_charged_with_nothing() {
    let total = MeterLimits::builder().attribution(Attribution::StoreTotal).build();
    let ledger = MemoryLedger::default();
    let mut meter = StoreMemoryMeter::idle(total, ledger.clone());
    let _ = meter.approve_memory(0, 5 * PAGE, None);

    let mut lease = meter.lease(id("instantiates"), total);
    lease.instantiate(|_| Ok::<_, ()>(()), |()| true).unwrap();
    drop(lease);
    let mut lease = meter.lease(id("table"), total);
    let _ = lease.approve_table(0, 5, None);
    drop(lease);
    let mut lease = meter.lease(id("fails"), total);
    let _ = lease.approve_memory(5 * PAGE, 6 * PAGE, None);
    lease.memory_failed(&"no memory").unwrap();
    drop(lease);
    let mut lease = meter.lease(id("counts"), total);
    lease.reconcile(5 * PAGE);
    drop(lease);
    assert_eq!(ledger.top(9), []);

    let mut lease = meter.lease(id("grows"), total);
    let _ = lease.approve_memory(5 * PAGE, 6 * PAGE, None);
    drop(lease);
    assert_eq!(ledger.top(9), [(id("grows"), 6 * PAGE as u64)]);
}

#[test]
fn on_approval_the_ledger_shows_a_growth_at_once_and_for_good() {
    let ledger = MemoryLedger::default();
    let mut meter = StoreMemoryMeter::new(2 * PAGE, id("alice"), ledger.clone());
    let _ = meter.approve_memory(0, PAGE, None);
    assert_eq!(ledger.peak(&id("alice")), PAGE as u64);
    let _ = meter.approve_memory(PAGE, 2 * PAGE, None);
    meter.memory_failed(&"no memory").unwrap();
    assert_eq!((ledger.peak(&id("alice")), meter.report().total), (2 * PAGE as u64, PAGE));
}

#[test]
fn set_changes_the_ceiling_and_the_principal() {
    let ledger = MemoryLedger::default();
    let limits = MeterLimits::on_approval(2 * PAGE);
    let mut meter = StoreMemoryMeter::with_limits(limits, id("alice"), ledger.clone());
    assert_eq!(meter.approve_memory(0, 2 * PAGE, None), Ok(true));
    assert_eq!(meter.approve_table(0, 2 * PAGE / 32, None), Ok(true), "as much again for tables");
    assert_eq!(meter.approve_table(0, 1, None), Ok(false));
    meter.set(3 * PAGE, id("bob"));
    assert_eq!(meter.approve_memory(2 * PAGE, 4 * PAGE, None), Ok(false));
    assert_eq!(ledger.peak(&id("bob")), 0);
    assert_eq!(meter.approve_memory(2 * PAGE, 3 * PAGE, None), Ok(true));
    assert_eq!(meter.approve_table(0, PAGE / 32, None), Ok(true));
    assert_eq!(ledger.peak(&id("alice")), 2 * PAGE as u64);
    assert_eq!(ledger.peak(&id("bob")), 3 * PAGE as u64);
}

#[test]
fn a_meter_counts_for_itself_or_together_with_others() {
    static STATIC: MeterCounters = MeterCounters::new();
    let shared = Arc::new(MeterCounters::new());
    let meter = |name| StoreMemoryMeter::with_limits(LIMITS, id(name), MemoryLedger::default());
    let mut meters = [
        meter("alice").counted_in(shared.clone()),
        meter("bob").counted_in(shared.clone()),
        meter("carol").counted_in(&STATIC),
        meter("dave"),
    ];
    for meter in &mut meters {
        let _ = meter.approve_memory(0, PAGE, None);
        let _ = meter.approve_memory(0, 20 * PAGE, None);
        let _ = meter.approve_memory(0, 2 * PAGE, Some(PAGE));
        let _ = meter.approve_table(0, 10, None);
        meter.table_failed(&"no memory").unwrap();
    }
    let [alice, bob, carol, dave] = meters.map(|meter| meter.stats());
    assert_eq!((alice.allowed, alice.denied()), (4, 6));
    assert_eq!((alice.denied_over_ceiling, alice.denied_over_type_maximum), (2, 2));
    assert_eq!((alice.denied_table, alice.failed_by_engine), (0, 2));
    assert_eq!((bob, shared.stats()), (alice, alice));
    assert_eq!((dave.allowed, dave.denied()), (2, 3));
    assert_eq!((carol, STATIC.stats()), (dave, dave));
}

#[test]
fn what_is_denied_traps_where_the_limits_say_so() {
    let builder = MeterLimits::builder().total_memory(3 * PAGE).memory_size(2 * PAGE).table_elements(10);
    let limits = builder.trap_on_grow_failure(true).build();
    let ledger = MemoryLedger::default();
    let mut meter = StoreMemoryMeter::with_limits(limits, id("alice"), ledger.clone());
    assert_eq!(meter.approve_memory(0, PAGE, None), Ok(true));
    assert_eq!(meter.approve_memory(PAGE, 3 * PAGE, None), Err(Denial::OverCeiling), "a single memory");
    assert_eq!(meter.approve_table(0, 11, None), Err(Denial::Table), "a single table");
    assert_eq!(meter.table_failed(&"overflow calculating new table size"), Err(Denial::OverTypeMaximum));
    assert_eq!(meter.approve_memory(PAGE, 2 * PAGE, Some(PAGE)), Err(Denial::OverTypeMaximum));
    assert_eq!(meter.approve_table(0, PAGE, None), Err(Denial::Table));
    assert_eq!(meter.memory_failed(&"no memory"), Err(Denial::FailedByEngine));
    assert_eq!(meter.table_failed(&"no memory"), Err(Denial::FailedByEngine));
    assert_eq!(meter.approve_memory(PAGE, 2 * PAGE, None), Ok(true));
    let unasked = meter.memory_failed(&"memory growth exceeds memory type's limits");
    assert_eq!(unasked, Err(Denial::OverTypeMaximum), "which says nothing of the growth before");
    assert_eq!((meter.report().total, meter.report().denied), (2 * PAGE, 8));
    assert_eq!(ledger.peak(&id("alice")), 2 * PAGE as u64, "so that stands, and is recorded");

    let stats = meter.stats();
    assert_eq!((stats.allowed, stats.denied()), (2, 8));
    assert_eq!((stats.denied_over_ceiling, stats.denied_over_type_maximum), (1, 3));
    assert_eq!((stats.denied_table, stats.failed_by_engine), (2, 2));
}

/// Memories, tables and failures of the engine have a switch each.
#[test]
fn each_switch_traps_what_it_is_about() {
    for on in 0..3 {
        let switched = MeterLimits::builder().total_memory(PAGE);
        let switched = switched.trap_on_denied_memory(on == 0).trap_on_denied_table(on == 1);
        let limits = switched.trap_on_failed_growth(on == 2).build();
        assert_eq!(
            [
                limits.traps_on_denied_memory(),
                limits.traps_on_denied_table(),
                limits.traps_on_failed_growth()
            ],
            [on == 0, on == 1, on == 2]
        );
        assert!(!limits.traps_on_grow_failure(), "not every one of them");
        let mut meter = StoreMemoryMeter::with_limits(limits, id("alice"), MemoryLedger::default());
        let traps = [
            meter.approve_memory(0, 2 * PAGE, None).is_err(),
            meter.approve_memory(0, 2, Some(1)).is_err(),
            meter.approve_table(0, PAGE, None).is_err(),
            meter.approve_table(0, 2, Some(1)).is_err(),
            meter.memory_failed(&"no memory").is_err(),
            meter.table_failed(&"overflow calculating new table size").is_err(),
        ];
        assert_eq!(traps, [on == 0, on == 0, on == 1, on == 1, on == 2, on == 2]);
        assert_eq!(meter.report().denied, 6, "counted in any case");
    }
    assert!(MeterLimits::builder().trap_on_grow_failure(true).build().traps_on_grow_failure());
}

#[test]
fn a_denial_says_what_it_is() {
    for (denial, words) in [
        (Denial::OverCeiling, "memory ceiling"),
        (Denial::OverTypeMaximum, "maximum of the memory or table"),
        (Denial::Table, "limits for tables"),
        (Denial::FailedByEngine, "failed in the engine"),
    ] {
        assert!(denial.to_string().contains(words), "{denial}");
    }
}

#[test]
fn limits_are_what_was_asked_for() {
    let usual = MeterLimits::default();
    assert_eq!(usual, MeterLimits::builder().build());
    assert_eq!([usual.total_memory(), usual.memory_size(), usual.table_elements()], [usize::MAX; 3]);
    assert_eq!((usual.table_element_bytes(), usual.tables_apart()), (32, None));
    assert_eq!([usual.instances(), usual.tables(), usual.memories()], [10_000; 3]);
    assert!(!usual.traps_on_grow_failure() && !usual.records_on_approval());
    assert_eq!(usual.attribution(), Attribution::OwnGrowth);
    let limits = MeterLimits::builder().instances(2).tables(3).memories(4).build();
    assert_eq!([limits.instances(), limits.tables(), limits.memories()], [2, 3, 4]);

    let sized = MeterLimits::builder().total_memory(5).memory_size(6).table_elements(7);
    let sized = sized.table_element_bytes(8).tables_apart(9).build();
    assert_eq!([sized.total_memory(), sized.memory_size(), sized.table_elements()], [5, 6, 7]);
    assert_eq!((sized.table_element_bytes(), sized.tables_apart()), (8, Some(9)));
    assert_eq!(sized.to_builder().build(), sized);

    let limits = MeterLimits::builder().table_elements(5).build();
    let mut meter = StoreMemoryMeter::with_limits(limits, id("alice"), MemoryLedger::default());
    assert_eq!(meter.limits(), &limits);
    assert_eq!(*meter.lease(id("bob"), usual).limits(), usual);
    assert_eq!(meter.approve_table(0, 5, None), Ok(true));
    assert_eq!(meter.approve_table(0, 6, None), Ok(false), "more than a single table may have");
    assert_eq!(meter.approve_table(0, 5, None), Ok(true));
}

#[test]
fn any_ledger_will_do() {
    static LEDGER: StaticLedger<u64, 8> = StaticLedger::new();
    let mut meter = StoreMemoryMeter::with_limits(LIMITS, 7, &LEDGER);
    let _ = meter.approve_memory(0, PAGE, None);
    meter.settle();
    assert_eq!(LEDGER.peak(&7), PAGE as u64);

    let ledger = InlineLedger::<u32>::with_capacity(2);
    let attributed = MeterLimits::builder().attribution(Attribution::LargestMemory).build();
    let mut meter = StoreMemoryMeter::with_limits(attributed, 1, ledger.clone());
    let _ = meter.approve_memory(0, PAGE, None);
    let _ = meter.approve_memory(0, 2 * PAGE, None);
    drop(meter);
    assert_eq!(ledger.peak(&1), 2 * PAGE as u64);

    // Keys behind pointers, where there is no thread-local storage: the meter owns a recorder.
    let ledger = Ledger::<String, _>::with_collector(2, FixedState, Collector::new());
    let mut meter = StoreMemoryMeter::with_limits(LIMITS, "alice".to_string(), ledger.recorder());
    let _ = meter.approve_memory(0, PAGE, None);
    let _ = meter.approve_memory(0, 20 * PAGE, None);
    assert_eq!((meter.stats().allowed, meter.stats().denied()), (1, 1));
    drop(meter);
    assert_eq!(ledger.recorder().peak("alice"), PAGE as u64);
}

#[test]
fn a_meter_needs_no_annotations_and_fits_into_shared_state() {
    fn shared<T: Send + Sync + 'static>(_: &T) {}
    let meter = StoreMemoryMeter::new(PAGE, PrincipalId::default(), MemoryLedger::default());
    shared(&meter);
    let mut named: StoreMemoryMeter = meter;
    assert!(format!("{named:?}").contains("default"));
    assert!(format!("{:?}", named.lease(id("alice"), LIMITS)).contains("alice"));
}

/// What a host without `std` puts behind an engine's limiter, which has to be `Send`. A recorder is not: were it, there
/// would be two ways to infer `Which`, and this would not compile.
#[test]
fn inline_ledgers_go_where_recorders_cannot() {
    trait Sendable<Which> {
        const NAME: &str = "anything";
    }
    impl<T> Sendable<()> for T {}
    impl<T: Send> Sendable<u8> for T {}
    type Over<L> = StoreMemoryMeter<L>;
    assert_eq!(<Over<Recorder<u64, FixedState>> as Sendable<_>>::NAME, "anything");
    assert_eq!(<Over<InlineLedger<InlineStr<24>, FixedState>> as Sendable<u8>>::NAME, "anything");
    assert_eq!(<Over<&StaticLedger<u64, 8>> as Sendable<u8>>::NAME, "anything");
}

#[test]
fn table_elements_count_as_many_bytes_as_the_limits_say() {
    for (bytes, elements) in [(PAGE / 4, 4), (PAGE, 1), (0, usize::MAX)] {
        let limits = MeterLimits::builder().total_memory(PAGE).table_element_bytes(bytes).build();
        let mut meter = StoreMemoryMeter::with_limits(limits, id("alice"), MemoryLedger::default());
        assert_eq!(meter.approve_table(0, elements, None), Ok(true));
        assert_eq!(meter.approve_memory(0, PAGE, None), Ok(bytes == 0), "{bytes} bytes an element");
    }
    // Without bytes, a table adds nothing to a Store that holds more than a later lease may.
    let without_tables = MeterLimits::builder().total_memory(PAGE).table_element_bytes(0).build();
    let mut meter = StoreMemoryMeter::idle(LIMITS, MemoryLedger::default());
    let _ = meter.approve_memory(0, 4 * PAGE, None);
    meter.start_lease(id("alice"), without_tables);
    assert_eq!(meter.approve_table(0, 10, None), Ok(true));
    assert_eq!(meter.approve_memory(0, 1, None), Ok(false));

    let apart = MeterLimits::builder().total_memory(PAGE).tables_apart(320).build();
    let mut meter = StoreMemoryMeter::with_limits(apart, id("alice"), MemoryLedger::default());
    assert_eq!(meter.approve_table(0, 10, None), Ok(true));
    assert_eq!(meter.approve_table(10, 11, None), Ok(false));
    assert_eq!(meter.approve_memory(0, PAGE, None), Ok(true), "tables have a ceiling of their own");
}
