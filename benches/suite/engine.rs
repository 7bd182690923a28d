//! The meter inside wasmtime: what it costs a guest that grows its memory, against the engine's own
//! limiter.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use highwater::{Budget, BudgetedLimits, MemoryLedger, MeterLimits, PrincipalId, StoreMemoryMeter};
use wasmtime::{Engine, Instance, Module, ResourceLimiter, Store, StoreLimits, StoreLimitsBuilder};

use super::{comparison::Contenders, driver::Contender, principals::principals};

pub const GROW: &str = "engine/memory.grow";
pub const GROW_BUDGET: &str = "engine/memory.grow-budget";
pub const GROW_DENIED: &str = "engine/memory.grow-denied";
pub const LEASE: &str = "engine/lease";
pub const METER: &str = "meter";
pub const BUDGETED: &str = "meter, budgets of host and tenant";
pub const STORE_LIMITS: &str = "StoreLimits";

const PAGE: usize = 65_536;
/// Grows of one instance, which starts without memory.
const GROWS: u64 = 1000;
const GUEST: &str = r#"
    (module
      (memory 0)
      (func (export "grow") (param $times i32)
        (loop $again
          (drop (memory.grow (i32.const 1)))
          (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))))
"#;

/// A loop of `memory.grow` by one page, all allowed.
pub fn grow() -> Contenders<'static> {
    guests(GROWS as usize * PAGE)
}

/// The same with a budget of two levels, which has room for all, and without one.
pub fn grow_budget() -> Contenders<'static> {
    let engine = Engine::default();
    let module = Module::new(&engine, GUEST).expect("the guest is valid");
    let limits = MeterLimits::per_memory(CEILING);
    let tenant = Budget::new(1 << 40).child(1 << 40);
    let contender = |limits: BudgetedLimits| {
        let (module, ledger) = (module.clone(), MemoryLedger::default());
        let limiter =
            move || StoreMemoryMeter::with_limits(limits.clone(), PrincipalId::default(), ledger.clone());
        Box::new(GrowingGuest { module, limiter })
    };
    vec![
        (METER.to_owned(), contender(limits.into())),
        (BUDGETED.to_owned(), contender(limits.with_budget(&tenant))),
    ]
}

/// The same when the ceiling is zero: the limiter's own cost, without the engine's for new pages.
pub fn grow_denied() -> Contenders<'static> {
    guests(0)
}

fn guests(ceiling: usize) -> Contenders<'static> {
    let engine = Engine::default();
    let module = Module::new(&engine, GUEST).expect("the guest is valid");
    let ledger = MemoryLedger::default();
    let meter = move || StoreMemoryMeter::new(ceiling, PrincipalId::default(), ledger.clone());
    let guest = GrowingGuest { module: module.clone(), limiter: meter };
    let limited = GrowingGuest { module, limiter: move || limits(ceiling) };
    vec![(STORE_LIMITS.to_owned(), Box::new(limited)), (METER.to_owned(), Box::new(guest))]
}

fn limits(ceiling: usize) -> StoreLimits {
    StoreLimitsBuilder::new().memory_size(ceiling).build()
}

/// Instances of a guest that grows its memory, under limiters made by `limiter`.
struct GrowingGuest<F> {
    module: Module,
    limiter: F,
}

impl<L: ResourceLimiter + Send + 'static, F: FnMut() -> L> Contender for GrowingGuest<F> {
    fn round(&mut self, calls: u64) -> Duration {
        let mut spent = Duration::ZERO;
        let mut left = calls;
        while left > 0 {
            let mut store = Store::new(self.module.engine(), (self.limiter)());
            store.limiter(|limiter| limiter);
            let instance = Instance::new(&mut store, &self.module, &[]).expect("nothing is imported");
            let grow = instance.get_typed_func::<i32, ()>(&mut store, "grow").expect("the guest exports it");
            let some = left.min(GROWS);
            let start = Instant::now();
            grow.call(&mut store, some as i32).expect("the guest never traps");
            spent += start.elapsed();
            left -= some;
        }
        spent
    }
}

/// The cost of each lease of a pooled store: naming the principal and its ceiling, then a grow by
/// one page. `StoreLimits`, which records nothing, is made anew. After a number of leases the store
/// is replaced.
pub fn lease() -> Contenders<'static> {
    let ledger = MemoryLedger::default();
    let guests = principals::<PrincipalId>(ledger.capacity(), 20);
    for guest in &guests {
        ledger.record_peak(guest, CEILING as u64);
    }
    let fresh = move |guest| StoreMemoryMeter::new(CEILING, guest, ledger.clone());
    let mut meter = fresh(guests[0]);
    let (mut lease, mut leases_of_store) = (0, 0);
    let metered = move || {
        if leases_of_store == GROWS as usize {
            meter = fresh(guests[lease]);
            leases_of_store = 0;
        }
        meter.set(CEILING, guests[lease]);
        lease = (lease + 1) % guests.len();
        leases_of_store += 1;
        let pages = leases_of_store * PAGE;
        meter.memory_growing(pages - PAGE, pages, None).expect("a limiter never fails")
    };
    let mut pages = 0;
    let limited = move || {
        pages = pages % GROWS as usize + 1;
        let mut limits = limits(black_box(CEILING));
        limits.memory_growing((pages - 1) * PAGE, pages * PAGE, None).expect("a limiter never fails")
    };
    vec![
        (STORE_LIMITS.to_owned(), Box::new(Repeated(limited))),
        (METER.to_owned(), Box::new(Repeated(metered))),
    ]
}

const CEILING: usize = GROWS as usize * PAGE;

/// A function called again and again.
struct Repeated<F>(F);

impl<R, F: FnMut() -> R> Contender for Repeated<F> {
    fn round(&mut self, calls: u64) -> Duration {
        let start = Instant::now();
        for _ in 0..calls {
            black_box((self.0)());
        }
        start.elapsed()
    }
}
