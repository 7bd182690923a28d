//! What creating instances does to a meter, which an engine says least about.

#![cfg(all(feature = "std", not(any(loom, highwater_narrow, highwater_core_only))))]

mod engines;
use ::wasmtime;
use engines::{PAGE, first_meter, id};
use first_meter::{Both, CEILING, call, instance, memory, metered, store};
use highwater::{Lease, MemoryLedger, MeterLimits, StoreMemoryMeter, instance_remains};
use wasmtime::{
    Config, Engine, Instance, Module, PoolingAllocationConfig, Store,
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
fn an_instance_whose_start_traps_keeps_its_memories() {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_core_instances(4).total_memories(4).total_tables(4);
    let mut config = Config::new();
    config.allocation_strategy(pool);
    let (ledger, mut store) = store(&config, MeterLimits::total(CEILING));
    let segment = r#"(module (memory 1) (data (i32.const 65536) "x"))"#;
    for (wat, pages) in [(include_str!("guests/start_traps.wat"), 3), (segment, 4)] {
        let module = Module::new(store.engine(), wat).unwrap();
        let mark = store.data_mut().meter.mark();
        let error = Instance::new(&mut store, &module, &[]).unwrap_err();
        assert!(instance_remains(&error), "{error:?}");
        if !instance_remains(&error) {
            store.data_mut().meter.withdraw(mark);
        }
        assert_eq!(metered(&mut store, &ledger).0, pages * PAGE);
    }
    assert_eq!(store.engine().pooling_allocator_metrics().unwrap().memories(), 2);
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

#[test]
fn memories_and_tables_are_limited_in_number() {
    let limits = MeterLimits::builder().memories(1).tables(1).build();
    let (_, mut store) = store(&Config::new(), limits);
    instance(&mut store, "(module (memory 1) (table 1 funcref))").unwrap();
    assert!(instance(&mut store, "(module (memory 1))").is_err());
    assert!(instance(&mut store, "(module (table 1 funcref))").is_err());
    assert!(instance(&mut store, "(module)").is_ok());
}
