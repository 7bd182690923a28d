//! The hazards of real guests that grow: each hazard on the engine itself, with the first meter
//! looking on and getting it wrong.

#![cfg(all(feature = "std", not(any(highwater_narrow, highwater_core_only))))]

mod engines;
use ::wasmtime;
use engines::{PAGE, first_meter, id};
use first_meter::{Both, CEILING, call, instance, memory, metered, store};
use highwater::{Denial, Lease, MemoryLedger, MeterLimits, StoreMemoryMeter};
use wasmtime::{
    Config, Engine, Instance, MemoryType, Module, PoolingAllocationConfig, SharedMemory, Store,
    component::{Component, Linker},
    error::OutOfMemory,
};

#[test]
fn the_memories_of_a_component_are_summed() {
    let (ledger, mut store) = store(&Config::new(), MeterLimits::total(16 * PAGE));
    let component =
        Component::new(store.engine(), include_str!("guests/three_memories.component.wat")).unwrap();
    let instance = Linker::new(store.engine()).instantiate(&mut store, &component).unwrap();
    let ask = |store: &mut Store<Both>, name: &str| {
        let pages = instance.get_typed_func::<(), (i32,)>(&mut *store, name).unwrap();
        pages.call(store, ()).unwrap().0 as usize * PAGE
    };
    let engine =
        |store: &mut Store<Both>| ["pages-a", "pages-b", "pages-c"].map(|name| ask(store, name)).iter().sum();

    let total: usize = engine(&mut store);
    assert_eq!(metered(&mut store, &ledger), (total, total as u64));
    assert_eq!(store.data().first.recorded, total / 3, "one of three memories");

    for (name, by, answer) in [("grow-a", 3, 4), ("grow-b", 2, -1), ("grow-b", 1, 4)] {
        let grow = instance.get_typed_func::<(i32,), (i32,)>(&mut store, name).unwrap();
        assert_eq!(grow.call(&mut store, (by,)).unwrap(), (answer,), "{name} by {by}");
        let total: usize = engine(&mut store);
        assert_eq!(metered(&mut store, &ledger), (total, total as u64));
    }
    assert_eq!(store.data().overruled, 1, "the first meter exceeds its ceiling");
}

#[test]
fn a_pools_slot_may_be_too_small() {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_core_instances(4).total_memories(4).total_tables(4).max_memory_size(2 * PAGE);
    let mut config = Config::new();
    config.allocation_strategy(pool).memory_reservation(2 * PAGE as u64);
    let (ledger, mut store) = store(&config, MeterLimits::total(CEILING));
    let guest = instance(&mut store, include_str!("guests/grower.wat")).unwrap();
    assert_eq!(call::<i32, i32>(&mut store, guest, "grow", 40), -1);
    assert_eq!((store.data().asked, store.data().failed), (2, 1));

    let real = memory(&mut store, guest).data_size(&store);
    assert_eq!(real, PAGE);
    assert_eq!(metered(&mut store, &ledger), (real, real as u64));
    assert_eq!(store.data().first.recorded, 41 * PAGE);
    assert_eq!(store.data().meter.report().last_denial, Some(Denial::FailedByEngine));

    assert_eq!(call::<i32, i32>(&mut store, guest, "grow", 1), 1);
    assert_eq!(metered(&mut store, &ledger), (2 * PAGE, 2 * PAGE as u64));
}

#[test]
fn a_failure_that_nobody_approved_leaves_the_growth_before_it() {
    let mut config = Config::new();
    config.wasm_custom_page_sizes(true);
    let (ledger, mut store) = store(&config, MeterLimits::total(CEILING));
    let guest = instance(&mut store, include_str!("guests/byte_pages.wat")).unwrap();
    assert_eq!(call::<i32, i32>(&mut store, guest, "grow", 1_000), 1);
    let asked = store.data().asked;
    assert_eq!(call::<i32, i32>(&mut store, guest, "grow", -1_000), -1, "past 4 GiB");
    assert_eq!((store.data().asked - asked, store.data().failed), (0, 1));

    let real = memory(&mut store, guest).data_size(&store);
    assert_eq!(real, 1_001);
    assert_eq!(metered(&mut store, &ledger), (real, real as u64));
    assert_eq!(store.data().meter.report().last_denial, Some(Denial::OverTypeMaximum));
    assert_eq!(store.data().meter.stats().denied_over_type_maximum, 1);
}

#[test]
fn a_table_that_overflows_leaves_the_growth_before_it() {
    let mut config = Config::new();
    config.wasm_memory64(true);
    let (_, mut store) = store(&config, MeterLimits::total(CEILING));
    let guest = instance(&mut store, include_str!("guests/sixty_four_bit.wat")).unwrap();
    assert_eq!(call::<i64, i64>(&mut store, guest, "grow_table", 90), 10);
    let asked = store.data().asked;
    assert_eq!(call::<i64, i64>(&mut store, guest, "grow_table", -1), -1);
    assert_eq!((store.data().asked - asked, store.data().failed), (0, 1));
    let elements = instance_table_size(&mut store, guest);
    assert_eq!(elements, 100);
    assert_eq!(store.data().meter.report().table_elements, elements);
}

fn instance_table_size(store: &mut Store<Both>, instance: Instance) -> usize {
    let table = instance.get_table(&mut *store, "t0").unwrap();
    usize::try_from(table.size(&*store)).unwrap()
}

/// The one approved growth whose failure is not reported to the limiter: it ends the guest's call.
#[test]
fn a_table_may_fail_to_grow_without_a_word() {
    let mut config = Config::new();
    config.wasm_memory64(true);
    let (ledger, mut store) = store(&config, MeterLimits::builder().build());
    let guest = instance(&mut store, include_str!("guests/sixty_four_bit.wat")).unwrap();
    let grow = guest.get_typed_func::<i64, i64>(&mut store, "grow_table").unwrap();
    let asked = store.data().asked;
    let error = grow.call(&mut store, 1 << 50).unwrap_err();
    assert_eq!((store.data().asked - asked, store.data().failed), (1, 0));
    assert!(store.data().meter.report().table_elements > 1 << 50);
    assert!(error.is::<OutOfMemory>(), "{error:?}");
    store.data_mut().meter.table_failed(&error).unwrap();

    assert_eq!(store.data().meter.report().table_elements, instance_table_size(&mut store, guest));
    assert_eq!(store.data().meter.report().last_denial, Some(Denial::FailedByEngine));
    assert_eq!(metered(&mut store, &ledger), (PAGE, PAGE as u64));
}

#[test]
fn sixty_four_bit_sizes_are_clamped_not_wrapped() {
    let mut config = Config::new();
    config.wasm_memory64(true);
    // No ceiling at all, so that the clamped size is approved and only the engine can fail it.
    let (ledger, mut store) = store(&config, MeterLimits::builder().build());
    store.data_mut().first = first_meter::FirstMeter::new(usize::MAX);
    let guest = instance(&mut store, include_str!("guests/sixty_four_bit.wat")).unwrap();
    let second = instance(&mut store, include_str!("guests/grower.wat")).unwrap();
    for by in [-1, i64::MAX, 1 << 40] {
        assert_eq!(call::<i64, i64>(&mut store, guest, "grow", by), -1);
        assert_eq!(metered(&mut store, &ledger), (2 * PAGE, 2 * PAGE as u64));
    }
    assert!(store.data().first.recorded > usize::MAX / 2);
    assert_eq!(call::<i32, i32>(&mut store, second, "grow", 1), 1);
    assert_eq!(metered(&mut store, &ledger), (3 * PAGE, 3 * PAGE as u64));
}

#[test]
fn tables_cannot_get_round_the_ceiling() {
    let (_, mut store) = store(&Config::new(), MeterLimits::total(4 * PAGE));
    store.data_mut().first = first_meter::FirstMeter::new(4 * PAGE);
    for _ in 0..2 {
        instance(&mut store, "(module (memory 1) (table 2048 funcref))").unwrap();
    }
    assert_eq!(store.data().meter.report().table_elements, 4_096, "two pages, and two of memory");
    let before = store.data().overruled;
    assert!(instance(&mut store, "(module (table 1 funcref))").is_err());
    assert_eq!(store.data().overruled - before, 1, "the first meter allows each table the whole ceiling");
}

#[test]
fn the_gc_heap_is_memory() {
    let mut config = Config::new();
    config.wasm_gc(true).wasm_function_references(true);
    let (ledger, mut store) = store(&config, MeterLimits::total(64 * PAGE));
    let guest = instance(&mut store, include_str!("guests/list.wat")).unwrap();
    for _ in 0..8 {
        assert_eq!(call::<i32, i32>(&mut store, guest, "grow", 5_000), 0);
        let heap = store.gc_heap_capacity();
        assert!(heap > 0);
        assert_eq!(metered(&mut store, &ledger), (heap, heap as u64));
    }
    // Beside a memory the heap is no longer all there is, and the first meter sees only the larger.
    let grower = instance(&mut store, include_str!("guests/grower.wat")).unwrap();
    assert_eq!(call::<i32, i32>(&mut store, grower, "grow", 1), 1);
    let real = store.gc_heap_capacity() + memory(&mut store, grower).data_size(&store);
    assert_eq!(metered(&mut store, &ledger), (real, real as u64));
    assert!(store.data().first.recorded < real);
    // A heap at its ceiling is the guest's trap, and changes nothing.
    let grow = guest.get_typed_func::<i32, i32>(&mut store, "grow").unwrap();
    assert!(grow.call(&mut store, 1_000_000).is_err());
    let real = store.gc_heap_capacity() + 2 * PAGE;
    assert_eq!(metered(&mut store, &ledger).0, real);
    assert!(real <= 64 * PAGE);
    // Nor is that trap the limiter's, whatever the limits say: wasmtime takes it for a failed
    // allocation.
    let limits = MeterLimits::builder().total_memory(real).trap_on_grow_failure(true).build();
    store.data_mut().meter.start_lease(id("bob"), limits);
    let error = grow.call(&mut store, 1_000_000).unwrap_err();
    assert_eq!(error.downcast_ref::<Denial>(), None, "{error:?}");
    assert_eq!(store.data().meter.report().last_denial, Some(Denial::OverCeiling));
}

#[test]
fn a_shared_memory_is_seen_only_when_it_is_made() {
    let mut config = Config::new();
    config.wasm_threads(true).shared_memory(true);
    let (ledger, mut store) = store(&config, MeterLimits::total(CEILING));
    let guest = instance(&mut store, include_str!("guests/shared.wat")).unwrap();
    assert_eq!(metered(&mut store, &ledger), (PAGE, PAGE as u64));
    assert_eq!(call::<i32, i32>(&mut store, guest, "grow", 4), 1);
    assert_eq!(store.data().asked, 1, "the growth was not asked about");

    let real = guest.get_shared_memory(&mut store, "m0").unwrap().data_size();
    assert_eq!(real, 5 * PAGE);
    store.data_mut().meter.reconcile(real);
    assert_eq!(metered(&mut store, &ledger), (real, real as u64));
    assert_eq!(store.data().first.recorded, PAGE);

    // One that the host makes is not even asked about then: it belongs to no Store.
    let made = SharedMemory::new(store.engine(), MemoryType::shared(2, 10)).unwrap();
    let import = r#"(module (import "" "" (memory 1 10 shared)))"#;
    let module = Module::new(store.engine(), import).unwrap();
    Instance::new(&mut store, &module, &[made.clone().into()]).unwrap();
    assert_eq!(metered(&mut store, &ledger).0, real);
    store.data_mut().meter.reconcile(real + made.data_size());
    assert_eq!(metered(&mut store, &ledger).0, 7 * PAGE);
}

#[test]
fn a_pooled_store_keeps_its_grown_memory() {
    let (ledger, mut store) = store(&Config::new(), MeterLimits::total(CEILING));
    let guest = instance(&mut store, include_str!("guests/grower.wat")).unwrap();
    call::<i32, i32>(&mut store, guest, "grow", 100);
    {
        let limits = MeterLimits::total(CEILING);
        let mut lease = Lease::start(&mut store, |store| &mut store.data_mut().meter, id("bob"), limits);
        let grow = guest.get_typed_func::<i32, i32>(&mut *lease, "grow").unwrap();
        assert_eq!(grow.call(&mut *lease, 1).unwrap(), 101);
        let report = lease.report();
        assert_eq!((report.own, report.inherited), (PAGE, 101 * PAGE));
    }
    let real = memory(&mut store, guest).data_size(&store);
    assert_eq!(metered(&mut store, &ledger), (real, 101 * PAGE as u64));
    assert_eq!(ledger.peak(&id("bob")), PAGE as u64);
    assert_eq!(store.data().first.recorded, 102 * PAGE, "what bob would have been charged with");
}

#[test]
fn a_meter_may_come_late() {
    let ledger = MemoryLedger::default();
    let meter = StoreMemoryMeter::new(CEILING, id("alice"), ledger.clone());
    let mut store = Store::new(&Engine::default(), Both::new(CEILING, meter));
    let guest = instance(&mut store, include_str!("guests/grower.wat")).unwrap();
    assert_eq!(call::<i32, i32>(&mut store, guest, "grow", 9), 1);
    assert_eq!((store.data().asked, metered(&mut store, &ledger)), (0, (0, 0)), "the meter was not asked");

    store.limiter(|both| both);
    assert_eq!(call::<i32, i32>(&mut store, guest, "grow", 1), 10);
    let real = memory(&mut store, guest).data_size(&store);
    assert_eq!(metered(&mut store, &ledger), (real, real as u64));
    let report = store.data().meter.report();
    assert_eq!((report.inherited, report.own), (10 * PAGE, PAGE));

    // Two memories that the meter was not asked about: the host counts, before a lease holds the
    // Store.
    let mut store = Store::new(&Engine::default(), Both::new(CEILING, store.into_data().meter));
    let guest = instance(&mut store, "(module (memory (export \"m0\") 4))").unwrap();
    let other = instance(&mut store, include_str!("guests/grower.wat")).unwrap();
    let count = [guest, other].map(|guest| memory(&mut store, guest).data_size(&store)).iter().sum();
    let mut meter = StoreMemoryMeter::idle(MeterLimits::total(CEILING), ledger.clone());
    meter.reconcile(count);
    meter.set(CEILING, id("bob"));
    store.data_mut().meter = meter;
    store.limiter(|both| both);
    assert_eq!(call::<i32, i32>(&mut store, other, "grow", 1), 1);
    assert_eq!(metered(&mut store, &ledger).0, 6 * PAGE);
    assert_eq!(ledger.peak(&id("bob")), PAGE as u64);
}

#[test]
fn a_store_may_hold_more_than_a_lease_may() {
    let (_, mut store) = store(&Config::new(), MeterLimits::total(4 * PAGE));
    instance(&mut store, "(module (memory 4))").unwrap();
    store.data_mut().meter.set(PAGE, id("bob"));
    instance(&mut store, "(module (memory 0) (table 0 funcref))").unwrap();
    assert!(instance(&mut store, "(module (memory 1))").is_err());
    assert!(instance(&mut store, "(module (table 1 funcref))").is_err());
}

/// Under the rule that the first meter had nothing is summed, so what failed instantiations were
/// approved cannot fill a ceiling.
#[test]
fn failed_instantiations_leave_the_room_of_a_single_memory() {
    let (_, mut store) = store(&Config::new(), MeterLimits::total(0));
    let meter = StoreMemoryMeter::new(1 << 20, id("alice"), MemoryLedger::default());
    *store.data_mut() = Both::new(1 << 20, meter);
    for _ in 0..4 {
        assert!(instance(&mut store, "(module (memory 4) (table 100000 funcref))").is_err());
    }
    assert_eq!(store.data().meter.report().last_denial, Some(Denial::Table));
    let guest = instance(&mut store, include_str!("guests/grower.wat")).unwrap();
    assert_eq!(call::<i32, i32>(&mut store, guest, "grow", 15), 1, "16 pages are a mebibyte");
    assert_eq!(call::<i32, i32>(&mut store, guest, "grow", 1), -1);
    let other = instance(&mut store, "(module (memory (export \"m0\") 16) (table 32768 funcref))").unwrap();
    assert_eq!(memory(&mut store, other).data_size(&store), 1 << 20, "each memory for itself");
    assert_eq!(store.data().overruled, 0);
}

/// The price of recording on approval without a ceiling, which `new` states.
#[test]
fn a_failed_growth_without_a_ceiling_leaves_the_largest_peak() {
    let mut config = Config::new();
    config.wasm_memory64(true);
    for limits in [MeterLimits::per_memory(usize::MAX), MeterLimits::on_approval(usize::MAX)] {
        let (ledger, mut store) = store(&config, limits);
        let guest = instance(&mut store, include_str!("guests/sixty_four_bit.wat")).unwrap();
        assert_eq!(call::<i64, i64>(&mut store, guest, "grow", i64::MAX), -1);
        assert_eq!(metered(&mut store, &ledger), (PAGE, i64::MAX as u64));
    }
}

#[test]
fn a_trap_says_why() {
    let limits = MeterLimits::builder().total_memory(2 * PAGE).trap_on_grow_failure(true).build();
    let mut config = Config::new();
    config.memory_may_move(false).memory_reservation(4 * PAGE as u64).memory_reservation_for_growth(0);
    let (_, mut store) = store(&config, limits);
    let guest = instance(&mut store, include_str!("guests/grower.wat")).unwrap();
    let grow = guest.get_typed_func::<i32, i32>(&mut store, "grow").unwrap();
    let error = grow.call(&mut store, 7).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Denial::OverCeiling));
    store.data_mut().meter.start_lease(id("bob"), MeterLimits::builder().trap_on_grow_failure(true).build());
    let error = grow.call(&mut store, 7).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Denial::FailedByEngine));
    assert!(format!("{error:#}").contains("Memory maximum size exceeded"), "{error:#}");
}
