//! Budgets in front of wasmtime: a host whose tenants want more than there is keeps within its
//! budget, kills no guest, and counts exactly what the engine holds.

#![cfg(all(feature = "std", not(any(highwater_narrow, highwater_core_only))))]

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use fastrand::Rng;
use highwater::{
    Budget, Denial, Lease, MemoryLedger, MeterCounters, MeterLimits, PrincipalId, StoreMemoryMeter,
};
use wasmtime::{
    Config, Engine, Instance, InstancePre, Linker, Module, PoolingAllocationConfig, Store, TypedFunc,
};

#[path = "common/effort.rs"]
mod effort;

const PAGE: u64 = 65_536;
/// Nothing but the budgets, and in one test the engine, says no.
const LIMITS: MeterLimits = MeterLimits::total(1 << 30);

/// A memory and a table that start with nothing. `grow` answers how many pages there are then, all
/// of which it has written to.
const GUEST: &str = r#"
    (module
      (import "host" "panic" (func $panic))
      (memory (export "memory") 0)
      (table (export "table") 0 funcref)
      (func $grow (export "grow") (param $pages i32) (result i32)
        (drop (memory.grow (local.get $pages)))
        (memory.fill (i32.const 0) (i32.const 1) (i32.mul (memory.size) (i32.const 65536)))
        (memory.size))
      (func (export "grow-table") (param $elements i32) (result i32)
        (table.grow (ref.null func) (local.get $elements)))
      (func (export "grow-and-trap") (param $pages i32) (result i32)
        (drop (call $grow (local.get $pages)))
        unreachable)
      (func (export "grow-and-panic") (param $pages i32) (result i32)
        (drop (call $grow (local.get $pages)))
        (call $panic)
        unreachable))
"#;

/// The guest, on an engine that has `slots` memories of up to `pages`.
fn guest(slots: usize, pages: u64) -> InstancePre<StoreMemoryMeter> {
    let slots = slots as u32;
    let mut pool = PoolingAllocationConfig::default();
    pool.total_core_instances(slots).total_memories(slots).total_tables(slots).table_elements(10_000);
    pool.max_memory_size((pages * PAGE) as usize);
    let mut config = Config::new();
    config.allocation_strategy(pool).memory_reservation(pages * PAGE).memory_guard_size(PAGE);
    let engine = Engine::new(&config).unwrap();
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "panic", || -> () { resume_unwind(Box::new("the host's bug")) }).unwrap();
    linker.instantiate_pre(&Module::new(&engine, GUEST).unwrap()).unwrap()
}

fn id(number: usize) -> PrincipalId {
    PrincipalId::new(format!("tenant-{number}")).unwrap()
}

/// A Store, and the instances in it.
struct Opened {
    store: Store<StoreMemoryMeter>,
    made: Vec<Instance>,
}

impl Opened {
    fn new(guest: &InstancePre<StoreMemoryMeter>, meter: StoreMemoryMeter) -> Self {
        let mut store = Store::new(guest.module().engine(), meter);
        store.limiter(|meter| meter);
        Self { store, made: Vec::new() }
    }

    /// The bytes that the engine says there are.
    fn held(&mut self) -> u64 {
        let store = &mut self.store;
        let held = |instance: &Instance| {
            let memory = instance.get_memory(&mut *store, "memory").unwrap().data_size(&*store) as u64;
            memory + 32 * instance.get_table(&mut *store, "table").unwrap().size(&*store)
        };
        self.made.iter().map(held).sum()
    }
}

/// Checks from a thread of its own that the host keeps within its limit, until `work` is done.
fn watched<R>(host: &Budget, work: impl FnOnce() -> R) -> R {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        struct End<'a>(&'a AtomicBool);
        impl Drop for End<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        let end = End(&over);
        let watcher = scope.spawn(|| {
            let mut samples = 0_u64;
            while !over.load(Ordering::Relaxed) {
                let used = host.used();
                assert!(used <= host.limit(), "{used} in use");
                samples += 1;
            }
            samples
        });
        let result = work();
        drop(end);
        println!("{} samples", watcher.join().expect("never above the limit"));
        result
    })
}

/// Lets `work` run on so many threads, each with its number.
fn on_threads<R: Send>(threads: usize, work: impl Fn(usize) -> R + Sync) -> Vec<R> {
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|number| {
                let work = &work;
                scope.spawn(move || work(number))
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker panicked")).collect()
    })
}

/// Four tenants want three quarters of the host's budget each, and may have them.
#[test]
fn a_host_whose_tenants_want_three_times_the_budget() {
    static METERS: MeterCounters = MeterCounters::new();
    const TENANTS: usize = 4;
    const STORES: usize = 6;
    const WANTED: u64 = 24; // pages of each Store
    let all_wanted = (TENANTS * STORES) as u64 * WANTED * PAGE;
    let host = Budget::new(all_wanted / 3);
    let tenants = [(); TENANTS].map(|()| host.child(host.limit() * 3 / 4));
    let (guest, ledger) = (guest(TENANTS * STORES, WANTED), MemoryLedger::default());
    let all_there = Barrier::new(TENANTS);

    let serve = |number: usize| {
        all_there.wait();
        let limits = LIMITS.with_budget(&tenants[number]);
        let open = || {
            let meter = StoreMemoryMeter::with_limits(limits.clone(), id(number), ledger.clone());
            let mut opened = Opened::new(&guest, meter.counted_in(&METERS));
            let instance = guest.instantiate(&mut opened.store).unwrap();
            opened.made.push(instance);
            let grow: TypedFunc<i32, i32> = instance.get_typed_func(&mut opened.store, "grow").unwrap();
            let (mut pages, mut denied) = (0, 0);
            for _ in 0..WANTED {
                let before = pages;
                pages = grow.call(&mut opened.store, 1).expect("no guest is killed");
                denied += u64::from(pages == before);
            }
            let report = opened.store.data().report();
            assert_eq!((report.total as u64, report.denied), (pages as u64 * PAGE, denied));
            assert!(denied == 0 || matches!(report.last_denial, Some(Denial::OverBudget { .. })));
            (opened, grow, denied)
        };
        (0..STORES).map(|_| open()).collect::<Vec<_>>()
    };
    let mut stores = watched(&host, || on_threads(TENANTS, serve));

    // All of the budget is in use, and each denial is counted: in the report of its tenant, at the
    // budget whose limit it was, and among the meters'.
    assert_eq!((host.used(), host.peak()), (host.limit(), host.limit()));
    let denied: u64 = stores.iter().flatten().map(|(.., denied)| denied).sum();
    let by_tenants: u64 = tenants.iter().map(|tenant| tenant.denied()).sum();
    assert_eq!(denied, (all_wanted - host.limit()) / PAGE);
    assert_eq!((host.denied() + by_tenants, METERS.stats().denied_over_budget), (denied, denied));
    for (tenant, stores) in tenants.iter().zip(&mut stores) {
        assert_eq!(tenant.used(), stores.iter_mut().map(|(opened, ..)| opened.held()).sum::<u64>());
    }

    // The Stores of one tenant go, and others can have what they held.
    let most = (0..TENANTS).max_by_key(|&tenant| tenants[tenant].used()).unwrap();
    let held = tenants[most].used();
    stores[most].clear();
    assert_eq!((tenants[most].used(), host.used()), (0, host.limit() - held));
    let (opened, grow, _) = stores.iter_mut().flatten().find(|(.., denied)| *denied > 0).unwrap();
    let pages = grow.call(&mut opened.store, 0).unwrap();
    assert_eq!(grow.call(&mut opened.store, 1).unwrap(), pages + 1);
    stores.clear();
    assert_eq!(host.used(), 0);
    assert!(tenants.iter().all(|tenant| tenant.used() == 0));
}

/// Threads lease pooled Stores to a thousand tenants. Guests grow memories and tables, are denied,
/// fail in the engine, trap, and meet a host that panics. Stores go away. Two seconds; a minute at
/// an effort of 3000.
#[test]
fn a_thousand_tenants_on_pooled_stores() {
    const LIMIT: u64 = 64 << 20;
    const WORKERS: usize = 8;
    const STORES: usize = 6;
    const LEASES: usize = 4; // in the life of a Store
    let host = Budget::new(LIMIT);
    let pool = host.child(LIMIT);
    let tenant = |number| (id(number), host.child((1 + number as u64 % 8) << 20));
    let tenants: Vec<_> = (0..1000).map(tenant).collect();
    let (guest, ledger) = (guest(WORKERS * STORES * LEASES, 32), MemoryLedger::default());
    // Never less than it takes to fill the host, with a compiler that does not optimize.
    let deadline = Instant::now() + Duration::from_millis(effort::scaled(2000).max(1000));
    let seed = effort::first_seed();
    println!("HIGHWATER_SEED={seed}");

    let work = |worker: usize| {
        let mut rng = Rng::with_seed(seed.wrapping_add(worker as u64));
        let idle = LIMITS.with_budget(&pool);
        let open = || Opened::new(&guest, StoreMemoryMeter::idle(idle.clone(), ledger.clone()));
        let mut stores: Vec<_> = (0..STORES).map(|_| open()).collect();
        let mut seen = Seen::default();
        while Instant::now() < deadline {
            let opened = &mut stores[rng.usize(..STORES)];
            if opened.made.len() == LEASES || rng.u8(..50) == 0 {
                *opened = open();
            }
            let (principal, budget) = rng.choice(&tenants).unwrap();
            serve(opened, &guest, *principal, budget, &mut seen, &mut rng);
        }
        (stores, seen)
    };
    let mut sites = watched(&host, || on_threads(WORKERS, work));

    // At rest no lease is on, and the engine says how much there is.
    let held: u64 = sites.iter_mut().flat_map(|(stores, _)| stores).map(Opened::held).sum();
    assert_eq!((host.used(), pool.used()), (held, held));
    assert!(tenants.iter().all(|(_, tenant)| tenant.used() == 0 && tenant.peak() <= tenant.limit()));
    let by_tenants: u64 = tenants.iter().map(|(_, tenant)| tenant.denied()).sum();
    let seen = sites.iter().fold(Seen::default(), |all, (_, seen)| Seen {
        calls: all.calls + seen.calls,
        traps: all.traps + seen.traps,
        panics: all.panics + seen.panics,
        failed: all.failed + seen.failed,
    });
    println!("{seen:?}, {} denied by the host, {by_tenants} by tenants", host.denied());
    assert!(host.peak() <= LIMIT && host.peak() > LIMIT * 9 / 10, "the limit was never reached: {host:?}");
    assert!(seen.calls > 0 && seen.traps > 0 && seen.panics > 0 && seen.failed > 0);
    assert!(host.denied() > 0 && by_tenants > 0);
    drop(sites);
    assert_eq!((host.used(), pool.used()), (0, 0));
}

/// How calls ended.
#[derive(Debug, Default)]
struct Seen {
    calls: u64,
    traps: u64,
    panics: u64,
    /// Leases in which the engine failed a growth after the budgets had agreed.
    failed: u64,
}

/// One lease, and some calls of a new instance in it.
fn serve(
    opened: &mut Opened,
    guest: &InstancePre<StoreMemoryMeter>,
    principal: PrincipalId,
    budget: &Budget,
    seen: &mut Seen,
    rng: &mut Rng,
) {
    let limits = LIMITS.with_budget(budget);
    let mut lease = Lease::start(&mut opened.store, |store| store.data_mut(), principal, limits);
    let instance = lease.instantiate_pre(guest).expect("there is a slot, and nothing is reserved yet");
    opened.made.push(instance);
    for _ in 0..rng.usize(1..5) {
        let (name, by) = match rng.u8(..10) {
            0 => ("grow-table", rng.i32(0..8_000)),
            1 => ("grow-and-trap", rng.i32(0..12)),
            2 => ("grow-and-panic", rng.i32(0..12)),
            _ => ("grow", rng.i32(0..20)),
        };
        let function: TypedFunc<i32, i32> = instance.get_typed_func(&mut *lease, name).unwrap();
        match catch_unwind(AssertUnwindSafe(|| function.call(&mut *lease, by))) {
            Ok(Ok(_)) => seen.calls += 1,
            Ok(Err(_)) => seen.traps += 1,
            Err(_) => seen.panics += 1,
        }
        seen.failed += u64::from(lease.data().account().last_denial() == Some(Denial::FailedByEngine));
    }
}
