//! What creating instances does to a meter, which an engine says least about.

#![cfg(all(feature = "std", not(any(loom, highwater_narrow, highwater_core_only))))]

mod engines;
use std::{fmt, num::NonZero};

use ::wasmtime;
use engines::{PAGE, first_meter, id};
use first_meter::{Both, CEILING, call, instance, memory, metered, store};
use highwater::{Lease, MemoryLedger, MeterLimits, StoreMemoryMeter, instance_remains};
use wasmtime::{
    Config, Engine, Func, Instance, Memory, MemoryType, Module, PoolingAllocationConfig, Ref, RefType, Store,
    Table, TableType,
    component::{Component, Linker},
};

#[test]
fn initial_memories_come_before_the_first_lease() {
    let ledger = MemoryLedger::default();
    let meter = StoreMemoryMeter::idle(MeterLimits::total(CEILING), ledger.clone());
    let mut store = Store::new(&Engine::default(), Both::new(CEILING, meter));
    store.limiter(|both| both);
    let guest = instance(&mut store, include_str!("guests/grower.wat")).unwrap();
    assert_eq!(store.data().first.recorded, PAGE, "charged to whoever comes first");
    store.data_mut().meter.set(CEILING, id("alice"));
    assert_eq!(metered(&mut store, &ledger), (PAGE, 0));
    assert!(ledger.is_empty());
    assert_eq!(call::<i32, i32>(&mut store, guest, "grow", 2), 1);
    assert_eq!(metered(&mut store, &ledger), (3 * PAGE, 2 * PAGE as u64));
}

#[test]
fn a_creation_may_fail_without_a_word() {
    let mut config = Config::new();
    config.wasm_memory64(true);
    let unlimited = MeterLimits::builder().build();
    let (ledger, mut store) = store(&config, unlimited);
    store.data_mut().first = first_meter::FirstMeter::new(usize::MAX);
    let guest = instance(&mut store, include_str!("guests/grower.wat")).unwrap();
    // 512 TiB: more than there are addresses.
    let module = Module::new(store.engine(), "(module (memory i64 0x200000000))").unwrap();
    let mut lease = Lease::start(&mut store, |store| &mut store.data_mut().meter, id("bob"), unlimited);
    assert!(lease.instantiate(|store| Instance::new(store, &module, &[]), instance_remains).is_err());
    let report = lease.end();
    assert_eq!((report.inherited, report.own), (PAGE, 0));
    assert_eq!(
        (store.data().asked, store.data().failed),
        (2, 0),
        "asked, approved, and never heard of again"
    );
    assert!(store.data().first.recorded > 1 << 40);
    assert_eq!(metered(&mut store, &ledger).0, memory(&mut store, guest).data_size(&store));
    assert_eq!((ledger.peak(&id("alice")), ledger.peak(&id("bob"))), (PAGE as u64, 0));
}

#[test]
fn an_instance_that_cannot_be_finished_gives_its_memories_back() {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_core_instances(4).total_memories(4).total_tables(1).max_memories_per_module(4);
    let mut config = Config::new();
    config.allocation_strategy(pool).wasm_multi_memory(true);
    let (_, mut store) = store(&config, MeterLimits::total(10 * PAGE));
    let in_use = |store: &Store<Both>| store.engine().pooling_allocator_metrics().unwrap().memories();
    let attempt = |store: &mut Store<Both>, wat: &str| {
        let module = Module::new(store.engine(), wat).unwrap();
        let limits = MeterLimits::total(10 * PAGE);
        let mut lease = Lease::start(&mut *store, |store| &mut store.data_mut().meter, id("alice"), limits);
        let remains = lease.instantiate(|store| Instance::new(store, &module, &[]), instance_remains).is_ok();
        let total = lease.end().total;
        (remains, total, in_use(store))
    };
    let (two, three) = ("(module (memory 2) (memory 2))", "(module (memory 1) (memory 1) (memory 1))");
    assert_eq!(attempt(&mut store, two), (true, 4 * PAGE, 2));
    assert_eq!(attempt(&mut store, three), (false, 4 * PAGE, 2), "the pool has slots for two of three");
    assert_eq!(
        attempt(&mut store, "(module (memory 5) (memory 5))"),
        (false, 4 * PAGE, 2),
        "the second is denied"
    );
    assert_eq!(attempt(&mut store, "(module (table 1 funcref))"), (true, 4 * PAGE, 2));
    let memory_and_table = "(module (memory 1) (table 1 funcref))";
    assert_eq!(attempt(&mut store, memory_and_table), (false, 4 * PAGE, 2), "the pool's one table is taken");
    assert_eq!(attempt(&mut store, two), (true, 8 * PAGE, 4));
}

#[test]
fn an_instance_whose_start_fails_keeps_its_memories() {
    let segment = r#"(module (memory 1) (data (i32.const 65536) "x"))"#;
    let throws = "(module (tag $t) (memory 2) (func $main (throw $t)) (start $main))";
    for frames in [None, NonZero::new(20)] {
        let mut config = Config::new();
        config.allocation_strategy(PoolingAllocationConfig::default()).wasm_exceptions(true);
        config.wasm_backtrace_max_frames(frames);
        let (ledger, mut store) = store(&config, MeterLimits::total(CEILING));
        for (wat, pages) in [(include_str!("guests/start_traps.wat"), 3), (segment, 4), (throws, 6)] {
            let module = Module::new(store.engine(), wat).unwrap();
            let mark = store.data_mut().meter.mark();
            let error = Instance::new(&mut store, &module, &[]).unwrap_err();
            assert!(instance_remains(&error), "{error:?}");
            if !instance_remains(&error) {
                store.data_mut().meter.withdraw(mark);
            }
            // What is thrown lies in the GC heap.
            let real = pages * PAGE + store.gc_heap_capacity();
            assert_eq!(metered(&mut store, &ledger), (real, real as u64));
        }
        let memories = store.engine().pooling_allocator_metrics().unwrap().memories();
        assert_eq!(memories, 4, "three instances and the GC heap");
    }
}

/// A host function that is itself the start function leaves no trace of the guest in its error.
#[test]
fn only_the_host_knows_its_own_errors() {
    let (ledger, mut store) = store(&Config::new(), MeterLimits::total(CEILING));
    let module =
        Module::new(store.engine(), r#"(module (import "" "" (func $f)) (memory 2) (start $f))"#).unwrap();
    let start = Func::wrap(&mut store, || -> wasmtime::Result<()> { Err(fmt::Error.into()) });
    let limits = MeterLimits::total(CEILING);
    let mut lease = Lease::start(&mut store, |store| &mut store.data_mut().meter, id("alice"), limits);
    let error = lease
        .instantiate(
            |store| Instance::new(store, &module, &[start.into()]),
            |error| error.is::<fmt::Error>() || instance_remains(error),
        )
        .unwrap_err();
    assert!(!instance_remains(&error), "it cannot be told from one that was never made");
    assert_eq!(lease.end().total, 2 * PAGE);
    assert_eq!(metered(&mut store, &ledger).1, 2 * PAGE as u64);
}

#[test]
fn a_gc_heap_outlives_the_instance_that_it_was_made_for() {
    let mut config = Config::new();
    config.wasm_gc(true).wasm_function_references(true).gc_heap_initial_size(3 * PAGE as u64);
    let (_, mut store) = store(&config, MeterLimits::total(10 * PAGE));
    let module = Module::new(
        store.engine(),
        "(module (type $a (array i8)) (memory 20)
           (func (drop (array.new_default $a (i32.const 5)))))",
    )
    .unwrap();
    let limits = MeterLimits::total(10 * PAGE);
    let mut lease = Lease::start(&mut store, |store| &mut store.data_mut().meter, id("alice"), limits);
    let heap = lease.gc_heap_capacity();
    assert!(lease.instantiate(|store| Instance::new(store, &module, &[]), instance_remains).is_err());
    let remains = lease.gc_heap_capacity() - heap;
    assert_eq!((remains, lease.report().total), (3 * PAGE, 0), "taken back with the rest");
    let known = lease.report().total;
    lease.data_mut().meter.reconcile(known + remains);
    assert_eq!(lease.end().own, store.gc_heap_capacity());
}

/// A guest that fails by a constant expression for which its heap has no room leaves its memory behind.
#[test]
fn a_guest_cannot_pass_its_ceiling_by_failing() {
    let mut config = Config::new();
    config.allocation_strategy(PoolingAllocationConfig::default()).wasm_gc(true);
    let limits = MeterLimits::total(10 * PAGE);
    let (_, mut store) = store(&config, limits);
    let module = Module::new(
        store.engine(),
        "(module (type $a (array i8)) (memory 4)
           (global (ref $a) (array.new_default $a (i32.const 3000000))))",
    )
    .unwrap();
    let mut lease = Lease::start(&mut store, |store| &mut store.data_mut().meter, id("alice"), limits);
    for attempt in 0..20 {
        assert!(
            lease.instantiate(|store| Instance::new(store, &module, &[]), instance_remains).is_err(),
            "no room for the array"
        );
        // One of the pool's memories is the heap's.
        let held = (lease.engine().pooling_allocator_metrics().unwrap().memories() as usize - 1) * 4 * PAGE;
        let known = lease.report().total - lease.gc_heap_capacity();
        assert_eq!((known, held), if attempt == 0 { (4 * PAGE, 4 * PAGE) } else { (8 * PAGE, 8 * PAGE) });
    }
}

/// Whatever a closure made before it failed is still there, and no error says so.
#[test]
fn what_a_closure_made_before_it_failed_stays_in_the_account() {
    let limits = MeterLimits::total(10 * PAGE);
    let (ledger, mut store) = store(&Config::new(), limits);
    let six = Module::new(store.engine(), "(module (memory 6))").unwrap();
    let mut lease = Lease::start(&mut store, |store| &mut store.data_mut().meter, id("alice"), limits);
    let two = lease.instantiate(
        |store| {
            Instance::new(&mut *store, &six, &[])?;
            Instance::new(store, &six, &[])
        },
        instance_remains,
    );
    assert!(two.is_err());
    assert_eq!(lease.report().total, 6 * PAGE);
    let of_the_host = lease.instantiate(
        |store| {
            Memory::new(&mut *store, MemoryType::new(3, None))?;
            Instance::new(store, &six, &[])
        },
        instance_remains,
    );
    assert!(of_the_host.is_err());
    assert_eq!(lease.end().total, 9 * PAGE);
    assert_eq!(ledger.peak(&id("alice")), 9 * PAGE as u64);
}

/// What a host makes itself is asked about like what a guest makes.
#[test]
fn memories_and_tables_of_the_host_count() {
    let (ledger, mut store) = store(&Config::new(), MeterLimits::total(5 * PAGE));
    let made = Memory::new(&mut store, MemoryType::new(2, None)).unwrap();
    assert_eq!(made.grow(&mut store, 1).unwrap(), 2);
    assert!(made.grow(&mut store, 3).is_err());
    let elements = TableType::new(RefType::FUNCREF, 1_000, None);
    let table = Table::new(&mut store, elements, Ref::Func(None)).unwrap();
    table.grow(&mut store, 24, Ref::Func(None)).unwrap();
    let real = made.data_size(&store);
    assert_eq!(metered(&mut store, &ledger), (real, real as u64));
    assert_eq!(store.data().meter.report().table_elements as u64, table.size(&store));
}

#[test]
fn a_component_that_fails_half_way_keeps_what_it_made() {
    let mut config = Config::new();
    config.allocation_strategy(PoolingAllocationConfig::default());
    let (ledger, mut store) = store(&config, MeterLimits::total(10 * PAGE));
    let component = Component::new(
        store.engine(),
        "(component
           (core module $part (memory 4))
           (core instance (instantiate $part))
           (core instance (instantiate $part))
           (core instance (instantiate $part)))",
    )
    .unwrap();
    let linker = Linker::new(store.engine());
    assert!(linker.instantiate(&mut store, &component).is_err());
    // Two of the three were made; they stay until the Store goes.
    assert_eq!(store.engine().pooling_allocator_metrics().unwrap().memories(), 2);
    assert_eq!(metered(&mut store, &ledger).0, 8 * PAGE);
}

/// Of the instance that fails, what was approved before it did stays in the account: too high, so that
/// the ceiling holds.
#[test]
fn a_component_that_fails_half_way_is_never_counted_too_low() {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_memories(2).max_memories_per_module(2);
    let mut config = Config::new();
    config.allocation_strategy(pool).wasm_multi_memory(true);
    let (_, mut store) = store(&config, MeterLimits::total(10 * PAGE));
    let component = Component::new(
        store.engine(),
        "(component
           (core module $fits (memory 4))
           (core module $fails (memory 3) (memory 2))
           (core instance (instantiate $fits))
           (core instance (instantiate $fails)))",
    )
    .unwrap();
    let linker = Linker::new(store.engine());
    let limits = MeterLimits::total(10 * PAGE);
    let mut lease = Lease::start(&mut store, |store| &mut store.data_mut().meter, id("alice"), limits);
    assert!(lease.instantiate(|store| linker.instantiate(store, &component), |_| true).is_err());
    assert_eq!(lease.end().total, (4 + 3) * PAGE);
    assert_eq!(store.engine().pooling_allocator_metrics().unwrap().memories(), 1, "of four pages");
}

#[test]
fn memories_and_tables_are_limited_in_number() {
    let limits = MeterLimits::builder().memories(1).tables(1).build();
    let (_, mut store) = store(&Config::new(), limits);
    instance(&mut store, "(module (memory 1) (table 1 funcref))").unwrap();
    assert!(instance(&mut store, "(module (memory 1))").is_err());
    assert!(instance(&mut store, "(module (table 1 funcref))").is_err());
    assert!(instance(&mut store, "(module)").is_ok());
}

#[test]
fn the_numbers_of_a_lease_need_the_limiter_again() {
    let (_, mut store) = store(&Config::new(), MeterLimits::builder().instances(3).build());
    instance(&mut store, "(module)").unwrap();
    let limits = MeterLimits::builder().instances(1).build();
    store.data_mut().meter.start_lease(id("bob"), limits);
    assert!(instance(&mut store, "(module)").is_ok(), "wasmtime has read the numbers before");
    store.limiter(|both| both);
    assert!(instance(&mut store, "(module)").is_err());
}
