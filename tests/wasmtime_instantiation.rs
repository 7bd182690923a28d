//! What creating instances does to a meter, which an engine says least about.

#![cfg(all(feature = "std", not(any(highwater_narrow, highwater_core_only))))]

mod engines;
use ::wasmtime;
use engines::{PAGE, failures, first_meter, id};
use first_meter::{Both, CEILING, call, instance, metered, store};
use highwater::{Lease, MemoryLedger, MeterLimits, StoreMemoryMeter, instance_remains};
use wasmtime::{
    Caller, Config, Engine, Instance, InstancePre, Linker, Memory, MemoryType, Module,
    PoolingAllocationConfig, Ref, RefType, Store, Table, TableType,
    component::{self, Component},
};

/// A module without imports, ready to be instantiated.
fn pre(store: &Store<Both>, wat: &str) -> InstancePre<Both> {
    Linker::new(store.engine()).instantiate_pre(&Module::new(store.engine(), wat).unwrap()).unwrap()
}

/// What is created stays; what is not is given back, and nothing but the shape of the module is needed
/// to know which.
#[test]
fn the_total_is_the_engines_however_an_instantiation_fails() {
    failures::try_each_way(
        |lease, guest| lease.instantiate_pre(guest),
        |way, known, held| assert_eq!(known, held, "{}", way.name),
    );
}

#[cfg(feature = "wasmtime-async")]
#[test]
fn the_total_is_the_engines_however_a_future_fails() {
    failures::try_each_way(
        |lease, guest| engines::wasmtime_async_host::run(lease.instantiate_pre_async(guest)),
        |way, known, held| assert_eq!(known, held, "{}", way.name),
    );
}

#[test]
fn a_host_of_another_engine_counts_by_hand() {
    failures::try_each_way(
        |lease, guest| {
            let (mark, heap) = (lease.data_mut().mark(), lease.gc_heap_capacity());
            let result = guest.instantiate(&mut **lease);
            let (heap, module) = (lease.gc_heap_capacity() - heap, guest.module().resources_required());
            let meter = lease.data_mut();
            meter.withdraw_unless_created(mark, module.num_memories, module.num_tables, heap);
            result
        },
        |way, known, held| assert_eq!(known, held, "{}", way.name),
    );
}

/// A closure may do anything, so nothing that was approved in it is given back.
#[test]
fn through_a_closure_the_total_is_never_below_the_engines() {
    failures::try_each_way(
        |lease, guest| lease.instantiate(|store| guest.instantiate(store), instance_remains),
        |way, known, held| {
            assert!(known >= held, "{}", way.name);
            assert!(known == held || !way.created, "{}", way.name);
        },
    );
}

/// A host function of alice's guest runs a guest of bob's on the same Store.
#[test]
fn a_lease_inside_a_host_function_leaves_the_one_outside_as_it_was() {
    let (ledger, mut store) = store(&Config::new(), MeterLimits::total(0));
    let mut linker = Linker::new(store.engine());
    let run = |mut caller: Caller<'_, Both>| -> wasmtime::Result<()> {
        let limits = MeterLimits::total(7 * PAGE);
        let mut bobs = Lease::start(&mut caller, |caller| &mut caller.data_mut().meter, id("bob"), limits);
        let module = Module::new(bobs.engine(), include_str!("guests/grower.wat"))?;
        let instance = Instance::new(&mut *bobs, &module, &[])?;
        let grow = instance.get_typed_func::<i32, i32>(&mut *bobs, "grow")?;
        assert_eq!(grow.call(&mut *bobs, 3)?, 1);
        assert_eq!(grow.call(&mut *bobs, 3)?, -1);
        let report = bobs.end();
        assert_eq!((report.inherited, report.own, report.denied), (2 * PAGE, 4 * PAGE, 1));
        Ok(())
    };
    linker.func_wrap("host", "run", run).unwrap();
    let wat = r#"(module (import "host" "run" (func $run)) (memory 2)
        (func (export "grow") (param i32) (result i32) (call $run) (memory.grow (local.get 0))))"#;
    let guest = linker.instantiate_pre(&Module::new(store.engine(), wat).unwrap()).unwrap();

    let limits = MeterLimits::total(10 * PAGE);
    let mut lease = Lease::start(&mut store, |store| &mut store.data_mut().meter, id("carol"), limits);
    let instance = lease.instantiate_pre(&guest).unwrap();
    let grow = instance.get_typed_func::<i32, i32>(&mut *lease, "grow").unwrap();
    assert_eq!(grow.call(&mut *lease, 4).unwrap(), 2, "up to her own ceiling");
    assert_eq!(lease.data().meter.principal(), Some(&id("carol")));
    let report = lease.end();
    assert_eq!((report.inherited, report.own, report.denied), (4 * PAGE, 6 * PAGE, 0));
    assert_eq!((ledger.peak(&id("carol")), ledger.peak(&id("bob"))), (6 * PAGE as u64, 4 * PAGE as u64));
    assert_eq!(store.data().meter.principal(), Some(&id("alice")), "who held the Store before");
}

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

/// All was approved, so the instance may be there as far as the limiter knows: what is approved stays
/// until the host counts.
#[test]
fn an_engine_may_fail_at_the_last_thing_that_was_approved() {
    let mut config = Config::new();
    config.wasm_memory64(true);
    let unlimited = MeterLimits::builder().build();
    let (_, mut store) = store(&config, unlimited);
    store.data_mut().first = first_meter::FirstMeter::new(usize::MAX);
    let guest = instance(&mut store, include_str!("guests/grower.wat")).unwrap();
    // 512 TiB: more than there are addresses.
    let guest_of_bob = pre(&store, "(module (memory i64 0x200000000))");
    let mut lease = Lease::start(&mut store, |store| &mut store.data_mut().meter, id("bob"), unlimited);
    assert!(lease.instantiate_pre(&guest_of_bob).is_err());
    assert_eq!(
        (lease.data().asked, lease.data().failed),
        (2, 0),
        "asked, approved, and never heard of again"
    );
    assert_eq!(lease.report().own, 512 << 40);
    let held = guest.get_memory(&mut *lease, "m0").unwrap().data_size(&*lease);
    lease.data_mut().meter.reconcile(held);
    assert_eq!((lease.report().own, lease.end().total), (0, PAGE));
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
        let guest = pre(store, wat);
        let limits = MeterLimits::total(10 * PAGE);
        let mut lease = Lease::start(&mut *store, |store| &mut store.data_mut().meter, id("alice"), limits);
        let created = lease.instantiate_pre(&guest).is_ok();
        let total = lease.end().total;
        (created, total, in_use(store))
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

/// A guest that fails by a constant expression for which its heap has no room leaves its memory behind.
#[test]
fn a_guest_cannot_pass_its_ceiling_by_failing() {
    const WAT: &str = "(module (type $a (array i8)) (memory 4)
        (global (ref $a) (array.new_default $a (i32.const 3000000))))";
    let mut config = Config::new();
    config.allocation_strategy(PoolingAllocationConfig::default()).wasm_gc(true);
    let limits = MeterLimits::total(10 * PAGE);
    let (_, mut store) = store(&config, limits);
    let guest = pre(&store, WAT);
    let mut lease = Lease::start(&mut store, |store| &mut store.data_mut().meter, id("alice"), limits);
    for attempt in 0..20 {
        let result = if attempt % 2 == 0 {
            lease.instantiate(|store| Instance::new(store, guest.module(), &[]), instance_remains)
        } else {
            lease.instantiate_pre(&guest)
        };
        assert!(result.is_err(), "no room for the array");
        // One of the pool's memories is the heap's.
        let held = (lease.engine().pooling_allocator_metrics().unwrap().memories() - 1) * 4 * PAGE;
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
    let linker = component::Linker::new(store.engine());
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
    let linker = component::Linker::new(store.engine());
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
