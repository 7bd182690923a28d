//! The budgets of a meter, case by case: who has which bytes, when a lease ends, a guard is leaked,
//! the host counts, or the code of a key panics.

#![cfg(feature = "alloc")]

use std::{
    cell::Cell,
    mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

use highwater::{
    Budget, Denial, FixedState, InlineKey, InlineLedger, MeterLimits, StaticBudget, StaticLedger,
    StoreMemoryMeter,
};

type Ledger = InlineLedger<u32, FixedState>;
type Meter = StoreMemoryMeter<Ledger>;

const PAGE: usize = 65_536;
const LIMITS: MeterLimits = MeterLimits::total(10 * PAGE);

fn pages(budget: &Budget) -> u64 {
    budget.used() / PAGE as u64
}

fn small_ledger() -> Ledger {
    Ledger::with_capacity_and_hasher(8, FixedState)
}

/// The bytes are in use, so a pool without room counts them above its limit and lets nothing more
/// grow.
#[test]
fn a_pool_that_is_too_small_takes_over_what_a_lease_leaves() {
    let host = Budget::new(20 * PAGE as u64);
    let (pool, tenant) = (host.child(2 * PAGE as u64), host.child(5 * PAGE as u64));
    let mut meter = Meter::idle(LIMITS.with_budget(&pool), small_ledger());
    let mut lease = meter.lease(1, LIMITS.with_budget(&tenant));
    assert_eq!(lease.budget(), Some(&tenant));
    assert_eq!(lease.approve_memory(0, 5 * PAGE, None), Ok(true));
    assert_eq!(lease.approve_memory(5 * PAGE, 6 * PAGE, None), Ok(false));
    assert_eq!(lease.end().last_denial, Some(Denial::OverBudget { level: 0 }));
    assert_eq!((pages(&host), pages(&pool), pages(&tenant)), (5, 5, 0));
    assert_eq!((host.peak() / PAGE as u64, pool.denied(), tenant.denied()), (5, 0, 1));

    assert_eq!(meter.budget(), Some(&pool));
    assert_eq!(meter.approve_memory(5 * PAGE, 6 * PAGE, None), Ok(false), "the pool is full");
    assert_eq!(meter.account().last_denial(), Some(Denial::OverBudget { level: 0 }));
    let mut lease = meter.lease(2, LIMITS.with_budget(&tenant));
    assert_eq!(lease.approve_memory(5 * PAGE, 6 * PAGE, None), Ok(true), "the tenant is not");
    assert_eq!(lease.stats().denied_over_budget, 2);
    drop(lease);
    drop(meter);
    assert_eq!((host.used(), pool.used(), tenant.used()), (0, 0, 0));
}

#[test]
fn what_the_host_counts_is_in_use_whatever_the_limits_say() {
    let host = Budget::new(2 * PAGE as u64);
    let tenant = host.child(PAGE as u64);
    let mut meter = Meter::idle(LIMITS.with_budget(&host), small_ledger());
    meter.reconcile(PAGE); // made before the limiter
    let mut lease = meter.lease(1, LIMITS.with_budget(&tenant));
    lease.reconcile(4 * PAGE); // a shared memory has grown
    assert_eq!((pages(&host), pages(&tenant), host.peak() / PAGE as u64), (4, 3, 4));
    assert_eq!(lease.approve_memory(0, 1, None), Ok(false));
    assert_eq!((host.denied(), tenant.denied()), (0, 1));
    lease.reconcile(2 * PAGE);
    assert_eq!((pages(&host), pages(&tenant)), (2, 1));
    // Less than the lease has: the rest was the Store's.
    lease.reconcile(0);
    assert_eq!((host.used(), tenant.used()), (0, 0));
}

/// Growth under limits that name no budget of their own is the Store's, after `set` as well.
#[test]
fn a_turn_without_a_budget_draws_on_the_stores() {
    let host = Budget::new(9 * PAGE as u64);
    let tenant = host.child(9 * PAGE as u64);
    let mut meter = Meter::with_limits(LIMITS.with_budget(&host), 1, small_ledger());
    assert_eq!(meter.approve_memory(0, PAGE, None), Ok(true));
    let mut lease = meter.lease(2, LIMITS.with_budget(&tenant));
    assert_eq!(lease.approve_memory(PAGE, 2 * PAGE, None), Ok(true));
    lease.set(10 * PAGE, 3);
    assert_eq!((pages(&host), tenant.used(), lease.budget()), (2, 0, Some(&host)));
    assert_eq!(lease.approve_memory(2 * PAGE, 3 * PAGE, None), Ok(true));
    drop(lease);
    assert_eq!((pages(&host), tenant.used()), (3, 0));
}

/// The tenant's budget is the host's child: without a word the Store's is the host's.
#[test]
fn a_store_without_a_budget_gets_the_parent_of_its_first_leases() {
    let host = Budget::new(9 * PAGE as u64);
    let (tenant, other) = (host.child(9 * PAGE as u64), Budget::new(9 * PAGE as u64));
    let mut meter = Meter::idle(LIMITS, small_ledger());
    assert_eq!((meter.approve_memory(0, PAGE, None), meter.budget()), (Ok(true), None));
    let mut lease = meter.lease(1, LIMITS.with_budget(&tenant));
    assert_eq!((pages(&host), tenant.used()), (1, 0), "the Store's first page");
    assert_eq!(lease.approve_memory(PAGE, 3 * PAGE, None), Ok(true));
    drop(lease);
    assert_eq!((pages(&host), tenant.used(), meter.budget()), (3, 0, Some(&host)));
    // It stays that one.
    let mut lease = meter.lease(1, LIMITS.with_budget(&other));
    assert_eq!(lease.approve_memory(3 * PAGE, 4 * PAGE, None), Ok(true));
    assert_eq!((pages(&host), pages(&other)), (3, 1));
    drop(lease);
    assert_eq!((pages(&host), pages(&other)), (4, 0));
}

/// As a leaked `Reservation`: what was put aside is with the guard that is gone.
#[test]
fn a_guard_that_is_leaked_inside_a_lease_keeps_the_leases_bytes() {
    let host = Budget::new(9 * PAGE as u64);
    let (one, other) = (host.child(9 * PAGE as u64), host.child(9 * PAGE as u64));
    let mut meter = Meter::idle(LIMITS.with_budget(&host), small_ledger());
    let mut outer = meter.lease(1, LIMITS.with_budget(&one));
    assert_eq!(outer.approve_memory(0, PAGE, None), Ok(true));
    let mut inner = outer.lease(2, LIMITS.with_budget(&other));
    assert_eq!(inner.approve_memory(0, 2 * PAGE, None), Ok(true));
    mem::forget(inner);
    assert_eq!((pages(&one), pages(&other)), (1, 2));
    drop(outer);
    assert_eq!((pages(&host), pages(&one), pages(&other)), (3, 1, 0));
    drop(meter);
    assert_eq!((pages(&host), pages(&one)), (1, 1));
}

#[test]
fn a_denial_by_a_budget_traps_where_the_limits_say_so() {
    let host = Budget::new(PAGE as u64);
    let tenant = host.child(9 * PAGE as u64);
    let limits = MeterLimits::builder().trap_on_grow_failure(true).build();
    let mut meter = Meter::with_limits(limits.with_budget(&tenant), 1, small_ledger());
    let denial = Denial::OverBudget { level: 1 };
    assert_eq!(meter.approve_memory(0, 2 * PAGE, None), Err(denial));
    assert_eq!(meter.approve_table(0, 3_000, None), Err(denial));
    assert_eq!(denial.to_string(), "growth denied: over the parent budget");
    assert_eq!(Denial::OverBudget { level: 0 }.to_string(), "growth denied: over the budget");
    assert_eq!(Denial::OverBudget { level: 2 }.to_string(), "growth denied: over the budget 2 levels up");
    assert_eq!((host.denied(), host.used(), meter.report().total), (2, 0, 0));
    assert_eq!((meter.stats().denied(), meter.stats().denied_over_budget), (2, 2));
}

/// Static budgets and a static ledger, as without an allocator.
#[test]
fn a_static_meter_draws_on_static_budgets() {
    static LEDGER: StaticLedger<u32, 4> = StaticLedger::new();
    static HOST: StaticBudget = StaticBudget::new(3 * PAGE as u64);
    static TENANT: StaticBudget = HOST.child(2 * PAGE as u64);
    let (host, tenant) = (Budget::from_static(&HOST), Budget::from_static(&TENANT));
    let mut meter = StoreMemoryMeter::idle(LIMITS.with_budget(&host), &LEDGER);
    let mut lease = meter.lease(1, LIMITS.with_budget(&tenant));
    assert_eq!(lease.approve_memory(0, 2 * PAGE, None), Ok(true));
    assert_eq!(lease.approve_memory(2 * PAGE, 3 * PAGE, None), Ok(false));
    drop(lease);
    assert_eq!((HOST.used(), TENANT.used()), (2 * PAGE as u64, 0));
    drop(meter);
    assert_eq!(HOST.used(), 0);
}

thread_local! {
    /// Whether the key's code panics.
    static PANICS: Cell<bool> = const { Cell::new(false) };
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Touchy(u64);

impl InlineKey for Touchy {
    type Repr = u64;

    fn to_repr(&self) -> u64 {
        if PANICS.get() {
            resume_unwind(Box::new("a foreign key panics"));
        }
        self.0
    }

    fn from_repr(repr: u64) -> Self {
        Self(repr)
    }
}

/// Runs `call` while the key's code panics.
fn panics(call: impl FnOnce()) {
    PANICS.set(true);
    let unwound = catch_unwind(AssertUnwindSafe(call));
    PANICS.set(false);
    assert!(unwound.is_err());
}

/// The panic goes on through the engine, which then does not grow.
#[test]
fn a_growth_whose_approval_panics_is_given_back() {
    let host = Budget::new(9 * PAGE as u64);
    let ledger = InlineLedger::with_capacity_and_hasher(8, FixedState);
    let limits = LIMITS.to_builder().record_on_approval(true).build();
    let mut meter = StoreMemoryMeter::with_limits(limits.with_budget(&host), Touchy(1), ledger);
    assert_eq!(meter.approve_memory(0, PAGE, None), Ok(true));
    meter.start_lease(Touchy(2), limits);
    panics(|| _ = meter.approve_memory(PAGE, 3 * PAGE, None));
    assert_eq!((pages(&host), meter.report().total), (1, PAGE));
    assert_eq!(meter.approve_memory(PAGE, 2 * PAGE, None), Ok(true));
    assert_eq!((pages(&host), meter.report().own), (2, PAGE));
}

/// The last growth of a lease is recorded when it ends, and a panic of the key's code then does not
/// keep it on.
#[test]
fn a_lease_whose_last_record_panics_is_over() {
    let host = Budget::new(9 * PAGE as u64);
    let (one, other) = (host.child(9 * PAGE as u64), host.child(9 * PAGE as u64));
    let ledger = InlineLedger::with_capacity_and_hasher(8, FixedState);
    let mut meter = StoreMemoryMeter::idle(LIMITS.with_budget(&host), ledger);
    let mut outer = meter.lease(Touchy(1), LIMITS.with_budget(&one));
    assert_eq!(outer.approve_memory(0, PAGE, None), Ok(true));
    let mut inner = outer.lease(Touchy(2), LIMITS.with_budget(&other));
    assert_eq!(inner.approve_memory(0, 2 * PAGE, None), Ok(true));
    panics(|| drop(inner));
    assert_eq!(outer.principal(), Some(&Touchy(1)));
    assert_eq!((pages(&host), pages(&one), pages(&other)), (3, 1, 0));
    assert_eq!(outer.approve_memory(PAGE, 2 * PAGE, None), Ok(true));
    panics(|| drop(outer));
    assert_eq!((meter.principal(), pages(&host), pages(&one)), (None, 4, 0));
    drop(meter);
    assert_eq!(host.used(), 0);
}

/// A host may put another meter in a Store under a guard. Nothing of the first one stays reserved.
#[test]
fn a_guard_that_ends_on_another_meter_gives_back_what_it_has_put_aside() {
    let host = Budget::new(9 * PAGE as u64);
    let (one, other) = (host.child(9 * PAGE as u64), host.child(9 * PAGE as u64));
    for second in
        [Meter::idle(LIMITS, small_ledger()), Meter::idle(LIMITS.with_budget(&host), small_ledger())]
    {
        let mut meter = Meter::idle(LIMITS.with_budget(&host), small_ledger());
        let mut outer = meter.lease(1, LIMITS.with_budget(&one));
        assert_eq!(outer.approve_memory(0, 2 * PAGE, None), Ok(true));
        let mut inner = outer.lease(2, LIMITS.with_budget(&other));
        assert_eq!(inner.approve_memory(0, PAGE, None), Ok(true));
        *inner = second;
        assert_eq!((pages(&host), pages(&one), other.used()), (2, 2, 0));
        drop(inner);
        assert_eq!(host.used(), 0);
        assert_eq!(outer.approve_memory(0, PAGE, None), Ok(true));
        drop(outer);
        drop(meter);
        assert_eq!((host.used(), one.used()), (0, 0));
    }
}
