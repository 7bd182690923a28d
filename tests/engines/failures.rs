//! Every way in which an instantiation fails, and what a wasmtime Store then holds.

use std::fmt;

use highwater::{Lease, MemoryLedger, MeterLimits, StoreMemoryMeter};

use super::{PAGE, id};
use crate::wasmtime::{
    Caller, Config, Engine, Instance, InstancePre, Linker, Memory, MemoryType, Module,
    PoolingAllocationConfig, Result, Store,
};

/// One way to fail. Each memory has two pages and each table ten elements, save those that are denied.
pub struct Way {
    pub name: &'static str,
    /// Whether the instance is in the Store afterwards.
    pub created: bool,
    memories: usize,
    tables: usize,
    wat: &'static str,
}

const fn refused(name: &'static str, wat: &'static str) -> Way {
    Way { name, created: false, memories: 0, tables: 0, wat }
}

const fn created(name: &'static str, memories: usize, tables: usize, wat: &'static str) -> Way {
    Way { name, created: true, memories, tables, wat }
}

pub const WAYS: &[Way] = &[
    refused("the first memory is denied", "(module (memory 200) (table 10 funcref))"),
    refused("the second memory is denied", "(module (memory 2) (memory 200))"),
    refused("the table is denied", "(module (memory 2) (table 100000 funcref))"),
    refused("the second table is denied", "(module (memory 2) (table 10 funcref) (table 100000 funcref))"),
    refused(
        "the second memory is denied, after the heap",
        "(module (type $a (array i8)) (memory 2) (memory 200) (table 10 funcref)
           (func (drop (array.new_default $a (i32.const 5)))))",
    ),
    refused(
        "no slot for a memory",
        "(module (memory 2) (memory 2) (memory 2) (memory 2) (memory 2) (memory 2) (memory 2) (memory 2))",
    ),
    refused(
        "no slot for a table",
        "(module (memory 2) (table 10 funcref) (table 10 funcref) (table 10 funcref) (table 10 funcref))",
    ),
    created(
        "a constant expression for which the heap has no room",
        1,
        0,
        "(module (type $a (array i8)) (memory 2)
           (global (ref $a) (array.new_default $a (i32.const 3000000))))",
    ),
    created(
        "a table whose initial value finds no room",
        1,
        1,
        "(module (type $a (array i8)) (memory 2)
           (table 10 (ref $a) (array.new_default $a (i32.const 3000000))))",
    ),
    created("a data segment", 1, 0, r#"(module (memory 2) (data (i32.const 131072) "x"))"#),
    created(
        "a segment of elements",
        1,
        1,
        "(module (memory 2) (table 10 funcref) (func $f) (elem (i32.const 10) $f))",
    ),
    created(
        "unreachable",
        2,
        1,
        "(module (memory 2) (memory 2) (table 10 funcref)
        (func $main unreachable) (start $main))",
    ),
    created("a call stack without end", 1, 0, "(module (memory 2) (func $main (call $main)) (start $main))"),
    created("an exception", 1, 0, "(module (tag $t) (memory 2) (func $main (throw $t)) (start $main))"),
    created(
        "a heap without room",
        1,
        0,
        "(module (type $a (array i8)) (memory 2)
           (func $main (drop (array.new_default $a (i32.const 3000000)))) (start $main))",
    ),
    created(
        "a host function's error",
        1,
        0,
        r#"(module (import "host" "fail" (func $fail)) (memory 2) (func $main (call $fail)) (start $main))"#,
    ),
    created(
        "a host function that is the start function",
        1,
        0,
        r#"(module (import "host" "fail" (func $fail)) (memory 2) (start $fail))"#,
    ),
    created(
        "what another Store could not create",
        1,
        1,
        r#"(module (import "host" "elsewhere" (func $fail)) (memory 2) (table 10 funcref) (start $fail))"#,
    ),
    created(
        "what this Store could not create",
        1,
        1,
        r#"(module (import "host" "here" (func $fail)) (memory 2) (table 10 funcref) (start $fail))"#,
    ),
    created(
        "fuel",
        1,
        0,
        r#"(module (import "host" "fuel" (func $out)) (memory 2)
             (func $main (call $out) (loop (br 0))) (start $main))"#,
    ),
    created(
        "a deadline",
        1,
        0,
        r#"(module (import "host" "deadline" (func $over)) (memory 2)
             (func $main (call $over) (loop (br 0))) (start $main))"#,
    ),
    created(
        "a growth that is denied, if that traps",
        1,
        0,
        "(module (memory 2) (func $main (drop (memory.grow (i32.const 200))) unreachable) (start $main))",
    ),
];

/// How often a guest tries.
pub const ATTEMPTS: usize = 3;

/// Pages that a Store may hold: more than a guest's attempts need.
pub const CEILING: usize = 30 * PAGE;

type Meter = StoreMemoryMeter;
/// A lease in front of a Store.
pub type Turn<'a> = Lease<&'a mut Store<Meter>, MemoryLedger, fn(&mut Store<Meter>) -> &mut Meter>;

fn engine(backtraces: bool) -> Engine {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_memories(8).max_memories_per_module(8).max_memory_size(256 * PAGE);
    pool.total_tables(4).max_tables_per_module(4).table_elements(200_000);
    let mut config = Config::new();
    config.allocation_strategy(pool).memory_reservation(256 * PAGE as u64).consume_fuel(true);
    config.wasm_multi_memory(true).wasm_gc(true).wasm_function_references(true);
    config.wasm_exceptions(true).epoch_interruption(true);
    if !backtraces {
        config.wasm_backtrace_max_frames(None);
    }
    Engine::new(&config).unwrap()
}

fn linker(engine: &Engine) -> Linker<Meter> {
    type Host<'a> = Caller<'a, Meter>;
    let mut linker = Linker::new(engine);
    linker.func_wrap("host", "fail", || -> Result<()> { Err(fmt::Error.into()) }).unwrap();
    let elsewhere = |caller: Host<'_>| -> Result<()> {
        let mut other =
            Store::new(caller.engine(), StoreMemoryMeter::new(0, id("x"), MemoryLedger::default()));
        other.limiter(|meter| meter);
        Memory::new(&mut other, MemoryType::new(2, None)).map(drop)
    };
    linker.func_wrap("host", "elsewhere", elsewhere).unwrap();
    let here = |mut caller: Host<'_>| -> Result<()> {
        let module = Module::new(caller.engine(), "(module (memory 200))")?;
        Instance::new(&mut caller, &module, &[]).map(drop)
    };
    linker.func_wrap("host", "here", here).unwrap();
    linker.func_wrap("host", "fuel", |mut caller: Host<'_>| caller.set_fuel(0)).unwrap();
    linker.func_wrap("host", "deadline", |caller: Host<'_>| caller.engine().increment_epoch()).unwrap();
    linker
}

/// What of the engine's pools is in use: instances, memories without heaps, tables.
fn in_use(store: &Store<Meter>) -> (usize, usize) {
    let metrics = store.engine().pooling_allocator_metrics().unwrap();
    (metrics.core_instances() as usize, metrics.tables())
}

/// Lets a guest try each way a few times in one Store, under one lease, by `attempt`; `check` compares
/// what the meter and the engine then know, in bytes of memories and elements of tables.
pub fn try_each_way(
    mut attempt: impl FnMut(&mut Turn<'_>, &InstancePre<Meter>) -> Result<Instance>,
    check: impl Fn(&Way, [usize; 2], [usize; 2]),
) {
    for (backtraces, traps) in [(true, false), (false, false), (true, true), (false, true)] {
        for way in WAYS {
            let engine = engine(backtraces);
            let limits = MeterLimits::builder().total_memory(CEILING).trap_on_grow_failure(traps).build();
            let ledger = MemoryLedger::default();
            let mut store = Store::new(&engine, Meter::idle(limits, ledger.clone()));
            store.limiter(|meter| meter);
            store.set_epoch_deadline(1);
            // So that the pool has not all that a module may ask for.
            let occupant = Module::new(&engine, "(module (memory 2) (table 10 funcref))").unwrap();
            Instance::new(&mut store, &occupant, &[]).unwrap();
            let guest = linker(&engine).instantiate_pre(&Module::new(&engine, way.wat).unwrap()).unwrap();
            let (instances, tables) = in_use(&store);

            let mut lease: Turn<'_> = Lease::start(&mut store, Store::data_mut, id("alice"), limits);
            for attempts in 1..=ATTEMPTS {
                lease.set_fuel(1 << 40).unwrap();
                lease.set_epoch_deadline(1);
                assert!(attempt(&mut lease, &guest).is_err(), "{}", way.name);
                let created = if way.created { attempts } else { 0 };
                let used = in_use(&lease);
                assert_eq!(used, (instances + created, tables + created * way.tables), "{}", way.name);
                let memories = (1 + created * way.memories) * 2 * PAGE;
                let held = [memories + lease.gc_heap_capacity(), (1 + created * way.tables) * 10];
                let report = lease.report();
                check(way, [report.total, report.table_elements], held);
                assert_eq!(ledger.peak(&id("alice")), report.own as u64, "{}: all is charged", way.name);
            }
        }
    }
}
