//! Ten thousand random guests on pooled Stores, on several threads: the meter's total and the bytes
//! in budgets are the engine's after every step, no principal is charged without a lease, and each
//! is charged with exactly the bytes that its leases added, as the engine shows them. Every third
//! instantiation fails, in some way, and host functions panic.

#![cfg(all(feature = "std", not(any(highwater_narrow, highwater_core_only))))]

use std::{
    collections::HashMap,
    fmt::{self, Write},
    num::NonZero,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    thread,
};

use fastrand::Rng;
use highwater::{Budget, Lease, MemoryLedger, MeterCounters, MeterLimits, PrincipalId, StoreMemoryMeter};
use wasmtime::{
    Caller, Config, Engine, Extern, InstancePre, Linker, Memory, MemoryType, Module, OptLevel,
    PoolingAllocationConfig, Result, Store, Table,
};

#[path = "common/effort.rs"]
mod effort;

const PAGE: usize = 65_536;
const GUESTS: u64 = 10_000;
const WORKERS: u64 = 4;
/// Stores of a worker.
const STORES: usize = 4;
/// Principals of a worker.
const PRINCIPALS: usize = 30;
/// The bytes that a table element takes in budgets, as under the limits that meters are made with.
const ELEMENT: usize = 32;
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
    /// Bytes and elements of instances that failed before they could show themselves: as declared,
    /// and nothing can grow them.
    hidden: (usize, usize),
    /// Whether the instance that is being made has shown itself.
    looked: bool,
    served: u64,
    /// The budget of the worker, and the bytes in it that are not this Store's.
    site: Budget,
    elsewhere: u64,
    /// Exported functions that grow something.
    growers: Vec<wasmtime::TypedFunc<i32, i32>>,
}

/// A module, and the bytes and elements that it declares.
#[derive(Clone)]
struct Guest {
    module: InstancePre<Host>,
    declared: (usize, usize),
}

fn engine(backtraces: bool) -> Engine {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_core_instances(20).total_memories(30).total_tables(24).max_memory_size(5 * PAGE);
    pool.max_memories_per_module(4).max_tables_per_module(4).table_elements(500).total_gc_heaps(3);
    let mut config = Config::new();
    config.allocation_strategy(pool).memory_reservation(5 * PAGE as u64).memory_guard_size(PAGE as u64);
    config.cranelift_opt_level(OptLevel::None);
    config.wasm_multi_memory(true).wasm_memory64(true).wasm_custom_page_sizes(true);
    config.wasm_gc(true).wasm_function_references(true).wasm_exceptions(true);
    config.consume_fuel(true).epoch_interruption(true);
    config.wasm_backtrace_max_frames(if backtraces { NonZero::new(20) } else { None });
    Engine::new(&config).unwrap()
}

/// Ways in which an instance fails to start: what a module has beside its memories and tables, and
/// how its start function ends.
const FAILURES: [(&str, &str); 13] = [
    ("", "unreachable"),
    ("(tag $t)", "throw $t"),
    ("(func $deep call $deep)", "call $deep"),
    ("", "call $fail"),
    ("", "call $panic"),
    ("", "call $elsewhere"),
    ("", "call $fuel (loop (br 0))"),
    ("", "call $deadline (loop (br 0))"),
    ("(type $a (array i8))", "(drop (array.new_default $a (i32.const 3000000)))"),
    ("(type $a (array i8)) (global (ref $a) (array.new_default $a (i32.const 3000000)))", ""),
    ("(type $a (array i8)) (table 0 10 (ref $a) (array.new_default $a (i32.const 3000000)))", ""),
    (r#"(memory $last 0) (data (memory $last) (i32.const 1) "x")"#, ""),
    ("(table $last 0 funcref) (elem (table $last) (i32.const 1) func $main)", ""),
];

const IMPORTS: &str = r#"
    (import "host" "look" (func $look))
    (import "host" "fail" (func $fail))
    (import "host" "panic" (func $panic))
    (import "host" "elsewhere" (func $elsewhere))
    (import "host" "fuel" (func $fuel))
    (import "host" "deadline" (func $deadline))
"#;

/// Up to three memories and two tables of all kinds, a function that grows each, sometimes one that
/// grows the GC heap, and a start function that shows them to the host, may grow some, and may
/// fail. And the bytes and elements that it declares.
fn random_guest(rng: &mut Rng) -> (String, (usize, usize)) {
    let mut wat = format!("(module {IMPORTS}");
    let mut start = String::from("(func $main call $look ");
    let mut declared = (0, 0);
    for index in 0..rng.usize(..=3) {
        let wide = rng.bool();
        let bytes = rng.u8(..5) == 0;
        let (least, page) = if bytes { (rng.u32(..9_000), "(pagesize 1)") } else { (rng.u32(..5), "") };
        let most = if rng.bool() { String::new() } else { (least + rng.u32(..10)).to_string() };
        declared.0 += least as usize * if bytes { 1 } else { PAGE };
        let (kind, widen, narrow) =
            if wide { ("i64", "i64.extend_i32_s", "i32.wrap_i64") } else { ("", "", "") };
        let after = ["call $panic", "unreachable"].get(rng.usize(..20)).unwrap_or(&"");
        write!(
            wat,
            r#"(memory (export "m{index}") {kind} {least} {most} {page})
               (func $m{index} (export "grow-m{index}") (param i32) (result i32)
                 local.get 0 {widen} memory.grow {index} {narrow} {after})"#
        )
        .unwrap();
        if rng.u8(..4) == 0 {
            write!(start, "i32.const {} call $m{index} drop ", rng.u8(..4)).unwrap();
        }
    }
    for index in 0..rng.usize(..=2) {
        let least = rng.u32(..300);
        let most = if rng.bool() { String::new() } else { (least + rng.u32(..400)).to_string() };
        declared.1 += least as usize;
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
    let main = if rng.u8(..3) == 0 {
        let (beside, ending) = *rng.choice(&FAILURES).unwrap();
        wat.push_str(beside);
        start.push_str(ending);
        // Without a frame of the guest's on the stack.
        if ending == "call $fail" && rng.bool() { "$fail" } else { "$main" }
    } else {
        "$main"
    };
    write!(wat, "{start}) (start {main}))").unwrap();
    (wat, declared)
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

/// The growths that all Stores have allowed and denied.
static METERS: MeterCounters = MeterCounters::new();

fn new_store(engine: &Engine, ledger: &MemoryLedger, budgets: &Budgets, rng: &mut Rng) -> Store<Host> {
    // wasmtime reads the number of instances when the limiter is installed.
    let limits = MeterLimits::builder().total_memory(40 * PAGE).instances(rng.usize(3..12)).build();
    let meter = StoreMemoryMeter::idle(limits.with_budget(&budgets.pool), ledger.clone()).counted_in(&METERS);
    let (memories, tables, growers) = (Vec::new(), Vec::new(), Vec::new());
    let (site, elsewhere, served) = (budgets.site.clone(), 0, 0);
    let hidden = (0, 0);
    let host = Host { meter, memories, tables, hidden, looked: false, served, site, elsewhere, growers };
    let mut store = Store::new(engine, host);
    store.limiter(|host| &mut host.meter);
    store
}

fn linker(engine: &Engine) -> Linker<Host> {
    let mut linker = Linker::new(engine);
    linker.func_wrap("host", "look", look).unwrap();
    linker.func_wrap("host", "fail", || -> Result<()> { Err(fmt::Error.into()) }).unwrap();
    linker.func_wrap("host", "panic", || -> () { resume_unwind(Box::new("the host's bug")) }).unwrap();
    // The error of a memory that another Store could not create.
    let elsewhere = |caller: Caller<'_, Host>| -> Result<()> {
        let nothing = StoreMemoryMeter::idle(MeterLimits::total(0), MemoryLedger::default());
        let mut other = Store::new(caller.engine(), nothing);
        other.limiter(|meter| meter);
        Memory::new(&mut other, MemoryType::new(1, None)).map(drop)
    };
    linker.func_wrap("host", "elsewhere", elsewhere).unwrap();
    linker.func_wrap("host", "fuel", |mut caller: Caller<'_, Host>| caller.set_fuel(0)).unwrap();
    let deadline = |caller: Caller<'_, Host>| caller.engine().increment_epoch();
    linker.func_wrap("host", "deadline", deadline).unwrap();
    linker
}

/// Hands the host what an instance holds that may never be returned to it.
fn look(mut caller: Caller<'_, Host>) {
    caller.data_mut().looked = true;
    for name in ["m0", "m1", "m2", "t0", "t1"] {
        match caller.get_export(name) {
            Some(Extern::Memory(memory)) => caller.data_mut().memories.push(memory),
            Some(Extern::Table(table)) => caller.data_mut().tables.push(table),
            _ => {}
        }
    }
}

/// The contents of the Store, according to the engine: bytes of memories, elements of tables.
fn held(store: &Store<Host>) -> (usize, usize) {
    let host = store.data();
    let memories: usize = host.memories.iter().map(|memory| memory.data_size(store)).sum();
    let elements: u64 = host.tables.iter().map(|table| table.size(store)).sum();
    (memories + host.hidden.0 + store.gc_heap_capacity(), elements as usize + host.hidden.1)
}

/// The same as budgets count it.
fn in_use(store: &Store<Host>) -> u64 {
    let (bytes, elements) = held(store);
    (bytes + elements * ELEMENT) as u64
}

/// The bytes that the engine says there are, having checked that the meter and the budget say so,
/// too.
fn checked(store: &Store<Host>) -> usize {
    let host = store.data();
    let (report, held) = (host.meter.report(), held(store));
    assert_eq!((report.total, report.table_elements), held, "the meter's total is not the engine's");
    assert_eq!(host.site.used() - host.elsewhere, in_use(store), "the budget's bytes are not the engine's");
    held.0
}

/// Fuel and time enough.
fn refresh(store: &mut Store<Host>) {
    store.set_fuel(1 << 40).unwrap();
    store.set_epoch_deadline(1);
}

/// Instances and GC heaps in the engine's pool.
fn made(store: &Store<Host>) -> (u64, usize) {
    let metrics = store.engine().pooling_allocator_metrics().unwrap();
    (metrics.core_instances(), metrics.gc_heaps())
}

/// Grows something that some guest of the Store has.
fn grow_something(store: &mut Store<Host>, rng: &mut Rng) {
    refresh(store);
    if let Some(grower) = rng.choice(&store.data().growers).cloned() {
        let growth = random_growth(rng);
        // Even by a panic of the host's.
        let _ = catch_unwind(AssertUnwindSafe(|| grower.call(&mut *store, growth)));
        checked(store);
    }
}

/// Instantiates a guest under the lease of a principal and lets it grow. Says what has become of
/// it, and what the principal is charged with.
fn serve(
    store: &mut Store<Host>,
    guest: &Guest,
    (principal, budget): (PrincipalId, &Budget),
    rng: &mut Rng,
) -> (Served, usize) {
    let limits = random_limits(rng).with_budget(budget);
    let mut lease = Lease::start(store, |store| &mut store.data_mut().meter, principal, limits);
    refresh(&mut lease);
    lease.data_mut().looked = false;
    let (instances, heaps) = made(&lease);
    let instantiated = catch_unwind(AssertUnwindSafe(|| lease.instantiate_pre(&guest.module)));
    let served = match instantiated {
        Ok(Ok(instance)) => {
            for name in ["grow-m0", "grow-m1", "grow-m2", "grow-t0", "grow-t1", "grow-heap"] {
                if let Ok(grower) = instance.get_typed_func(&mut *lease, name) {
                    lease.data_mut().growers.push(grower);
                }
            }
            Served::Started
        }
        Ok(Err(_)) if made(&lease).0 == instances => Served::Refused,
        _ => Served::Failed,
    };
    if served == Served::Failed && !lease.data().looked {
        let (bytes, elements) = lease.data().hidden;
        lease.data_mut().hidden = (bytes + guest.declared.0, elements + guest.declared.1);
    }
    // An empty heap that is made for an instance of memories alone is taken for the first of them.
    let shape = guest.module.module().resources_required();
    if served == Served::Refused && made(&lease).1 > heaps && shape.num_memories > 1 && shape.num_tables == 0
    {
        let (held, report) = (held(&lease).0, lease.report());
        assert!(report.total >= held);
        lease.data_mut().meter.reconcile(held);
        return (served, report.own);
    }
    checked(&lease);
    for _ in 0..rng.usize(..8) {
        grow_something(&mut lease, rng);
    }
    (served, lease.end().own)
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Served {
    Started,
    /// There is an instance, but it did not start.
    Failed,
    /// There is none.
    Refused,
}

/// The budgets of one worker: of all its Stores, of those that no principal holds, and of its
/// principals.
struct Budgets {
    site: Budget,
    pool: Budget,
    principals: Vec<(PrincipalId, Budget)>,
}

impl Budgets {
    fn new(host: &Budget, worker: u64, rng: &mut Rng) -> Self {
        let site = host.child(40 * PAGE as u64);
        let pool = site.child(30 * PAGE as u64);
        let principal = |number| {
            let id = PrincipalId::new(format!("w{worker}-{number}")).unwrap();
            (id, site.child(rng.u64(1..30) * PAGE as u64))
        };
        let principals = (0..PRINCIPALS).map(principal).collect();
        Self { site, pool, principals }
    }
}

#[test]
fn the_total_is_the_engines_for_random_guests() {
    let seed = effort::first_seed();
    println!("HIGHWATER_SEED={seed}");
    let (ledger, host) = (MemoryLedger::default(), Budget::new(200 * PAGE as u64));
    let sites: Vec<_> = thread::scope(|scope| {
        let workers = (0..WORKERS).map(|worker| {
            let mut rng = Rng::with_seed(seed.wrapping_add(worker));
            let (ledger, host) = (&ledger, &host);
            scope.spawn(move || {
                let budgets = Budgets::new(host, worker, &mut rng);
                serve_guests(effort::scaled(GUESTS / WORKERS), worker % 2 == 0, ledger, &budgets, &mut rng)
            })
        });
        let workers: Vec<_> = workers.collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker panicked")).collect()
    });
    let all: u64 = sites.iter().map(|site| in_all(&site.stores)).sum();
    assert!(all > 0);
    assert_eq!(host.used(), all, "what the engine says there is");
    for (principal, peak) in ledger.snapshot() {
        assert!(sites.iter().any(|site| site.charged.get(&principal) == Some(&peak)), "{principal}");
    }
    for outcome in [Served::Started, Served::Failed, Served::Refused] {
        let times: u64 = sites.iter().filter_map(|site| site.served.get(&outcome)).sum();
        println!("{outcome:?}: {times}");
        assert!(times >= effort::scaled(GUESTS / 20), "{outcome:?}: {times}");
    }
    assert!(sites.iter().any(|site| site.heaps > 0));
    drop(sites);
    assert_eq!(host.used(), 0, "all Stores are gone");
    let stats = METERS.stats();
    println!("{stats:?}");
    assert!(stats.allowed > 0 && stats.denied_over_ceiling > 0 && stats.denied_over_type_maximum > 0);
    assert!(stats.denied_table > 0 && stats.failed_by_engine > 0, "every outcome has been met: {stats:?}");
    assert!(stats.denied_over_budget > 0, "every outcome has been met: {stats:?}");
}

/// What a worker leaves: its Stores, what each principal was charged with, what became of the
/// guests, and the number of Stores with a GC heap.
struct Site {
    stores: Vec<Store<Host>>,
    charged: HashMap<PrincipalId, u64>,
    served: HashMap<Served, u64>,
    heaps: u64,
}

fn in_all(stores: &[Store<Host>]) -> u64 {
    stores.iter().map(in_use).sum()
}

fn serve_guests(
    number: u64,
    backtraces: bool,
    ledger: &MemoryLedger,
    budgets: &Budgets,
    rng: &mut Rng,
) -> Site {
    let engine = &engine(backtraces);
    let linker = linker(engine);
    let mut charged = HashMap::new();
    let mut stores: Vec<_> = (0..STORES).map(|_| new_store(engine, ledger, budgets, rng)).collect();
    let (mut guests, mut heaps, mut served) = (Vec::new(), 0, HashMap::new());
    for guest in 0..number {
        if guest.is_multiple_of(GUESTS_A_MODULE) {
            let (wat, declared) = random_guest(rng);
            let module = Module::new(engine, wat).unwrap();
            guests.push(Guest { module: linker.instantiate_pre(&module).unwrap(), declared });
        }
        let guest = if GUESTS_A_MODULE == 1 { guests.last() } else { rng.choice(&guests) }.unwrap();
        let store = &mut stores[rng.usize(..STORES)];
        if store.data().served == GUESTS_A_STORE {
            heaps += u64::from(store.gc_heap_capacity() > 0);
            *store = new_store(engine, ledger, budgets, rng);
        }
        store.data_mut().served += 1;
        store.data_mut().elsewhere = budgets.site.used() - in_use(store);

        let (principal, budget) = rng.choice(&budgets.principals).unwrap();
        let before = checked(store);
        let (outcome, own) = serve(store, guest, (*principal, budget), rng);
        *served.entry(outcome).or_insert(0) += 1;
        let added = checked(store) - before;
        assert!(own == added || own > added && outcome == Served::Refused);
        let most = charged.entry(*principal).or_insert(0);
        *most = (own as u64).max(*most);
        assert_eq!(ledger.peak(principal), *most, "{principal} is charged with what the lease added");
        assert_eq!(budget.used(), 0, "no lease is on");

        grow_something(store, rng);
        store.data_mut().meter.settle();
        assert_eq!(ledger.peak(principal), *most, "no lease holds the Store any more");
        let all = in_all(&stores);
        assert_eq!((budgets.site.used(), budgets.pool.used()), (all, all), "what the engine says there is");
        assert!(all <= budgets.site.limit());
    }
    Site { stores, charged, served, heaps }
}
