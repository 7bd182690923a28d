//! Ten thousand random guests on pooled Stores: the meter's total is the engine's after every step,
//! nobody is charged without a lease, and everybody with exactly what the engine shows that his
//! leases added.

#![cfg(all(feature = "std", not(any(highwater_narrow, highwater_core_only))))]

use std::{collections::HashMap, fmt::Write};

use fastrand::Rng;
use highwater::{
    Lease, MemoryLedger, MeterCounters, MeterLimits, PrincipalId, StoreMemoryMeter, instance_remains,
};
use wasmtime::{
    Caller, Config, Engine, Extern, InstancePre, Linker, Memory, Module, OptLevel, PoolingAllocationConfig,
    Store, Table,
};

#[path = "common/effort.rs"]
mod effort;

const PAGE: usize = 65_536;
const GUESTS: u64 = 10_000;
const STORES: usize = 4;
/// Guests that share a module. An unoptimized cranelift takes long enough to make a module worth
/// several guests, which differ in their principals, limits, Stores and steps.
const GUESTS_A_MODULE: u64 = if cfg!(debug_assertions) { 10 } else { 1 };
/// Guests that one Store serves; their instances live as long as it does.
const GUESTS_A_STORE: u64 = 6;

/// A Store's data: the meter, and handles to what the engine says there is.
struct Host {
    meter: StoreMemoryMeter,
    memories: Vec<Memory>,
    tables: Vec<Table>,
    served: u64,
    /// Exported functions that grow something.
    growers: Vec<wasmtime::TypedFunc<i32, i32>>,
}

fn engine() -> Engine {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_core_instances(200).total_memories(30).total_tables(24).max_memory_size(5 * PAGE);
    pool.max_memories_per_module(4).max_tables_per_module(4).table_elements(500).total_gc_heaps(3);
    let mut config = Config::new();
    config.allocation_strategy(pool).memory_reservation(5 * PAGE as u64).memory_guard_size(PAGE as u64);
    config.cranelift_opt_level(OptLevel::None);
    config.wasm_multi_memory(true).wasm_memory64(true).wasm_custom_page_sizes(true);
    config.wasm_gc(true).wasm_function_references(true);
    Engine::new(&config).unwrap()
}

/// Up to three memories and two tables of all kinds, a function that grows each, sometimes one that
/// grows the GC heap, and a start function that shows them to the host, may grow some, and may trap.
fn random_guest(rng: &mut Rng) -> String {
    let mut wat = String::from(r#"(module (import "host" "look" (func $look))"#);
    let mut start = String::from("(func $main call $look ");
    for index in 0..rng.usize(..=3) {
        let wide = rng.bool();
        let bytes = rng.u8(..5) == 0;
        let (least, page) = if bytes { (rng.u32(..9_000), "(pagesize 1)") } else { (rng.u32(..5), "") };
        let most = if rng.bool() { String::new() } else { (least + rng.u32(..10)).to_string() };
        let (kind, widen, narrow) =
            if wide { ("i64", "i64.extend_i32_s", "i32.wrap_i64") } else { ("", "", "") };
        write!(
            wat,
            r#"(memory (export "m{index}") {kind} {least} {most} {page})
               (func $m{index} (export "grow-m{index}") (param i32) (result i32)
                 local.get 0 {widen} memory.grow {index} {narrow})"#
        )
        .unwrap();
        if rng.u8(..4) == 0 {
            write!(start, "i32.const {} call $m{index} drop ", rng.u8(..4)).unwrap();
        }
    }
    for index in 0..rng.usize(..=2) {
        let least = rng.u32(..300);
        let most = if rng.bool() { String::new() } else { (least + rng.u32(..400)).to_string() };
        write!(
            wat,
            r#"(table (export "t{index}") {least} {most} funcref)
               (func (export "grow-t{index}") (param i32) (result i32)
                 ref.null func local.get 0 table.grow {index})"#
        )
        .unwrap();
    }
    if rng.u8(..8) == 0 {
        wat.push_str(HEAP);
    }
    if rng.u8(..8) == 0 {
        start.push_str("unreachable");
    }
    write!(wat, "{start}) (start $main))").unwrap();
    wat
}

/// A list in the GC heap, longer by so many nodes.
const HEAP: &str = r#"
    (type $node (struct (field (ref null $node)) (field i64)))
    (global $head (mut (ref null $node)) (ref.null $node))
    (func (export "grow-heap") (param $nodes i32) (result i32)
      (local.set $nodes (i32.and (local.get $nodes) (i32.const 4095)))
      (loop $more
        (global.set $head (struct.new $node (global.get $head) (i64.const 7)))
        (br_if $more (i32.gt_s (local.tee $nodes (i32.sub (local.get $nodes) (i32.const 1))) (i32.const 0))))
      (i32.const 0))
"#;

fn random_limits(rng: &mut Rng) -> MeterLimits {
    let mut builder = MeterLimits::builder()
        .total_memory(rng.usize(1..60) * PAGE)
        .trap_on_grow_failure(rng.u8(..5) == 0)
        .table_element_bytes(rng.usize(..64));
    if rng.bool() {
        builder = builder.memory_size(rng.usize(1..9) * PAGE);
    }
    if rng.bool() {
        builder = builder.tables_apart(rng.usize(..30_000));
    }
    builder.build()
}

fn random_growth(rng: &mut Rng) -> i32 {
    match rng.u8(..6) {
        0 => rng.i32(..),
        1 => rng.i32(..400),
        _ => rng.i32(..8).abs(),
    }
}

/// What all Stores have allowed and denied.
static METERS: MeterCounters = MeterCounters::new();

fn new_store(engine: &Engine, ledger: &MemoryLedger) -> Store<Host> {
    let meter = StoreMemoryMeter::idle(MeterLimits::total(40 * PAGE), ledger.clone());
    let meter = meter.counted_in(&METERS);
    let host = Host { meter, memories: Vec::new(), tables: Vec::new(), served: 0, growers: Vec::new() };
    let mut store = Store::new(engine, host);
    store.limiter(|host| &mut host.meter);
    store
}

/// Hands the host what an instance holds that may never be returned to it.
fn look(mut caller: Caller<'_, Host>) {
    for name in ["m0", "m1", "m2", "t0", "t1"] {
        match caller.get_export(name) {
            Some(Extern::Memory(memory)) => caller.data_mut().memories.push(memory),
            Some(Extern::Table(table)) => caller.data_mut().tables.push(table),
            _ => {}
        }
    }
}

/// What the engine says the Store's memories hold, having checked that the meter says so, too.
fn checked(store: &Store<Host>) -> usize {
    let host = store.data();
    let memories: usize = host.memories.iter().map(|memory| memory.data_size(store)).sum();
    let engine = memories + store.gc_heap_capacity();
    assert_eq!(host.meter.report().total, engine, "the meter's total is not the engine's");
    let elements: u64 = host.tables.iter().map(|table| table.size(store)).sum();
    assert_eq!(host.meter.report().table_elements as u64, elements);
    engine
}

/// Grows something that some guest of the Store has.
fn grow_something(store: &mut Store<Host>, rng: &mut Rng) {
    if let Some(grower) = rng.choice(&store.data().growers).cloned() {
        let _ = grower.call(&mut *store, random_growth(rng));
        checked(store);
    }
}

/// Instantiates a guest under the lease of a principal and lets it grow.
fn serve(store: &mut Store<Host>, guest: &InstancePre<Host>, principal: PrincipalId, rng: &mut Rng) {
    let limits = random_limits(rng);
    let mut lease = Lease::start(store, |store| &mut store.data_mut().meter, principal, limits);
    if let Ok(instance) = lease.instantiate(|store| guest.instantiate(store), instance_remains) {
        for name in ["grow-m0", "grow-m1", "grow-m2", "grow-t0", "grow-t1", "grow-heap"] {
            if let Ok(grower) = instance.get_typed_func(&mut *lease, name) {
                lease.data_mut().growers.push(grower);
            }
        }
    }
    checked(&lease);
    for _ in 0..rng.usize(..8) {
        grow_something(&mut lease, rng);
    }
}

#[test]
fn the_total_is_the_engines_for_random_guests() {
    let seed = effort::first_seed();
    println!("HIGHWATER_SEED={seed}");
    let mut rng = Rng::with_seed(seed);
    let engine = engine();
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "look", look).unwrap();

    let ledger = MemoryLedger::default();
    let mut charged = HashMap::new();
    let mut stores: Vec<_> = (0..STORES).map(|_| new_store(&engine, &ledger)).collect();
    let (mut guests, mut heaps) = (Vec::new(), 0);
    for guest in 0..effort::scaled(GUESTS) {
        if guest.is_multiple_of(GUESTS_A_MODULE) {
            let module = Module::new(&engine, random_guest(&mut rng)).unwrap();
            guests.push(linker.instantiate_pre(&module).unwrap());
        }
        let guest = if GUESTS_A_MODULE == 1 { guests.last() } else { rng.choice(&guests) }.unwrap();
        let store = &mut stores[rng.usize(..STORES)];
        if store.data().served == GUESTS_A_STORE {
            heaps += u64::from(store.gc_heap_capacity() > 0);
            *store = new_store(&engine, &ledger);
        }
        store.data_mut().served += 1;

        let principal = PrincipalId::new(format!("p{}", rng.u8(..100))).unwrap();
        let before = checked(store);
        serve(store, guest, principal, &mut rng);
        let own = (checked(store) - before) as u64;
        let most = charged.entry(principal).or_insert(0);
        *most = own.max(*most);
        assert_eq!(ledger.peak(&principal), *most, "{principal} is charged with what the lease added");

        let recorded = ledger.snapshot().len();
        grow_something(store, &mut rng);
        store.data_mut().meter.settle();
        assert_eq!(ledger.peak(&principal), *most, "nobody holds the Store any more");
        assert_eq!(ledger.snapshot().len(), recorded);
    }
    for (principal, peak) in ledger.snapshot() {
        assert_eq!(charged[&principal], peak);
    }
    let stats = METERS.stats();
    println!("{stats:?}, {heaps} Stores with a GC heap");
    assert!(heaps > 0);
    assert!(stats.allowed > 0 && stats.denied_over_ceiling > 0 && stats.denied_over_type_maximum > 0);
    assert!(stats.denied_table > 0 && stats.failed_by_engine > 0, "every outcome has been met: {stats:?}");
}
