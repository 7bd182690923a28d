//! Promise: a budget counts what is in use now, a reservation is one in every ancestor or in none,
//! and no budget is ever above its limit, not even for an instant.

#[path = "common/budgets.rs"]
mod budgets;
#[path = "common/effort.rs"]
mod effort;

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use budgets::{BudgetCall, Sums, Tree, assert_sums, call, note, random_call};
use highwater::{Budget, OverBudget, Reservation, StaticBudget};

const PAGE: u64 = 65_536;

fn denial(result: Result<(), OverBudget>) -> Option<(u32, u64, u64)> {
    result.err().map(|OverBudget { level, used, limit, .. }| (level, used, limit))
}

#[test]
fn one_call_after_the_other_is_as_a_tree_of_sums() {
    let first = effort::first_seed();
    for seed in (0..effort::scaled(2000)).map(|round| first.wrapping_add(round)) {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut tree = Tree::random(&mut rng, 6);
        let budgets = tree.budgets();
        let mut own = vec![0; budgets.len()];
        for _ in 0..rng.usize(..80) {
            let made = random_call(&mut rng, &own, 40);
            let result = call(&budgets, made);
            assert_eq!(denial(result), tree.call(made).err(), "seed {seed}: {made:?} on {tree:?}");
            if result.is_ok() {
                note(&mut own, made);
            }
            let sums: Vec<_> = budgets.iter().map(Sums::of).collect();
            assert_eq!(sums, tree.sums, "seed {seed}, after {made:?}");
        }
        assert_sums(&tree, &budgets, &own);
    }
}

/// Threads grow, shrink and move what they hold, in trees whose limits bind; one thread does
/// nothing but look.
#[test]
fn threads_stay_within_every_limit_and_lose_nothing() {
    let first = effort::first_seed();
    for seed in (0..effort::scaled(60)).map(|round| first.wrapping_add(round)) {
        let mut rng = fastrand::Rng::with_seed(seed);
        let tree = Tree::random(&mut rng, 6);
        let budgets = tree.budgets();
        let (budgets, limits): (_, Vec<_>) = (&budgets, tree.sums.iter().map(|sums| sums.limit).collect());
        let over = Over::default();
        let own = thread::scope(|scope| {
            let end = over.ends_with();
            let watcher = scope.spawn(|| {
                while !over.is_over() {
                    for (budget, &limit) in budgets.iter().zip(&limits) {
                        let used = budget.used();
                        assert!(used <= limit, "seed {seed}: {used} in use, {limit} allowed");
                    }
                }
            });
            let workers: Vec<_> = (0..rng.u64(2..=4))
                .map(|thread| {
                    scope.spawn(move || {
                        let mut rng = fastrand::Rng::with_seed(seed ^ thread << 32);
                        let mut own = vec![0; budgets.len()];
                        for _ in 0..2000 {
                            let made = random_call(&mut rng, &own, 20);
                            if matches!(made, BudgetCall::SetLimit(..)) {
                                continue;
                            }
                            match call(budgets, made) {
                                Ok(()) => note(&mut own, made),
                                Err(denial) => assert!(
                                    denial.used <= denial.limit
                                        && denial.used + denial.requested > denial.limit,
                                    "seed {seed}: {denial:?}"
                                ),
                            }
                        }
                        own
                    })
                })
                .collect();
            let owns: Vec<_> =
                workers.into_iter().map(|worker| worker.join().expect("no call panics")).collect();
            drop(end);
            watcher.join().expect("never above a limit");
            owns.into_iter().reduce(|sum, own| sum.iter().zip(own).map(|(a, b)| a + b).collect())
        });
        let own = own.expect("at least two threads");
        assert_sums(&tree, budgets, &own);
        for (budget, limit) in budgets.iter().zip(limits) {
            assert!(budget.used() <= budget.peak() && budget.peak() <= limit, "seed {seed}: {budget:?}");
        }
        for (budget, bytes) in budgets.iter().zip(own) {
            budget.release(bytes);
        }
        assert!(budgets.iter().all(|budget| budget.used() == 0), "seed {seed}: {budgets:?}");
    }
}

/// Tells a thread that looks on when it is over.
#[derive(Default)]
struct Over(AtomicBool);

impl Over {
    fn is_over(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// It is over when this is dropped, by a panic as well.
    fn ends_with(&self) -> impl Drop + '_ {
        struct End<'a>(&'a AtomicBool);
        impl Drop for End<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Release);
            }
        }
        End(&self.0)
    }
}

/// The work of a pooled host, as fast as possible: a root of 64 MiB, 1000 tenants below it, Stores
/// that grow, fail to grow, go back to the pool and go away. Two seconds; a minute at an effort of
/// 3000.
#[test]
fn a_host_of_a_thousand_tenants() {
    const LIMIT: u64 = 64 << 20;
    let host = Budget::new(LIMIT);
    let tenants: Vec<_> = (0..1000).map(|tenant| host.child((1 + tenant % 8) * (1 << 20))).collect();
    let (host, tenants) = (&host, &tenants[..]);
    let deadline = Instant::now() + Duration::from_millis(effort::scaled(2000));
    let over = Over::default();
    let (stores, calls, samples) = thread::scope(|scope| {
        let end = over.ends_with();
        let watcher = scope.spawn(|| {
            let (mut samples, mut highest) = (0_u64, 0);
            while !over.is_over() {
                let used = host.used();
                assert!(used <= LIMIT, "{used} in use");
                highest = used.max(highest);
                samples += 1;
            }
            // Every reservation raises the peak to what is in use with it, so the watcher cannot
            // have seen more.
            assert!(highest <= host.peak());
            samples
        });
        let workers: Vec<_> =
            (0..8).map(|seed| scope.spawn(move || use_stores(host, tenants, seed, deadline))).collect();
        let done: Vec<_> = workers.into_iter().map(|worker| worker.join().expect("no call panics")).collect();
        drop(end);
        let samples = watcher.join().expect("never above the limit");
        let calls: u64 = done.iter().map(|(_, calls)| calls).sum();
        (done.into_iter().flat_map(|(stores, _)| stores).collect::<Vec<_>>(), calls, samples)
    });
    // At rest: the host counts what the Stores hold, each tenant what its own Stores hold.
    assert_eq!(host.used(), stores.iter().map(Reservation::bytes).sum::<u64>());
    for tenant in tenants {
        let held =
            stores.iter().filter(|store| store.budget() == tenant).map(Reservation::bytes).sum::<u64>();
        assert_eq!(tenant.used(), held);
        assert!(tenant.peak() <= tenant.limit());
    }
    let denied_by_tenants: u64 = tenants.iter().map(|tenant| tenant.denied()).sum();
    println!(
        "{calls} calls, {samples} samples, peak {}, denied by the host {}, by tenants {denied_by_tenants}",
        host.peak(),
        host.denied()
    );
    assert!(host.peak() > LIMIT - (1 << 20) && host.peak() <= LIMIT, "the limit was never reached: {host:?}");
    assert!(host.denied() > 0 && denied_by_tenants > 0 && samples > 0);
    drop(stores);
    assert!(host.used() == 0 && tenants.iter().all(|tenant| tenant.used() == 0));
}

/// One thread's Stores. Each holds a lease's bytes in its tenant's budget, and what is left of
/// earlier ones in the host's.
fn use_stores(host: &Budget, tenants: &[Budget], seed: u64, deadline: Instant) -> (Vec<Reservation>, u64) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let start = |rng: &mut fastrand::Rng| {
        let tenant = &tenants[rng.usize(..tenants.len())];
        (Reservation::new(tenant.clone()), Reservation::new(host.clone()))
    };
    let mut stores: Vec<_> = (0..16).map(|_| start(&mut rng)).collect();
    let mut calls = 0;
    while calls % 256 != 0 || Instant::now() < deadline {
        calls += 1;
        let (lease, kept) = &mut stores[rng.usize(..16)];
        let held = (lease.bytes(), kept.bytes());
        match rng.u8(..16) {
            // A growth; one in four then fails in the engine.
            0..12 => {
                let bytes = rng.u64(1..=64) * PAGE;
                let approved = lease.grow(bytes).is_ok();
                assert_eq!(lease.bytes(), held.0 + if approved { bytes } else { 0 });
                if approved && rng.u8(..4) == 0 {
                    lease.shrink(bytes);
                }
            }
            // The lease ends; what the Store keeps is the host's. Then another tenant's begins.
            12..14 => {
                kept.append(lease).expect("a transfer to an ancestor is never denied");
                assert_eq!((lease.bytes(), kept.bytes()), (0, held.0 + held.1));
                *lease = Reservation::new(tenants[rng.usize(..tenants.len())].clone());
            }
            // The Store goes away.
            _ => (*lease, *kept) = start(&mut rng),
        }
    }
    (stores.into_iter().flat_map(|(lease, kept)| [lease, kept]).collect(), calls)
}

/// After `set_limit` has returned, nothing is approved by the limit before, whatever was under way.
#[test]
fn a_lowered_limit_holds_at_once() {
    const HIGH: u64 = 8;
    let host = Budget::new(HIGH);
    let tenant = host.child(HIGH);
    let over = Over::default();
    thread::scope(|scope| {
        let end = over.ends_with();
        let worker = scope.spawn(|| {
            while !over.is_over() {
                // Approved or not.
                _ = tenant.reserve(1);
                if tenant.used() >= HIGH / 2 {
                    tenant.release(HIGH / 2);
                }
            }
        });
        for round in 0..effort::scaled(100_000) {
            let budget = if round % 2 == 0 { &host } else { &tenant };
            let low = round % HIGH / 2;
            budget.set_limit(low);
            let used = budget.used();
            for _ in 0..20 {
                let later = budget.used();
                assert!(later <= used.max(low), "{later} in use, {used} before, {low} allowed");
            }
            budget.set_limit(HIGH);
        }
        drop(end);
        worker.join().expect("no call panics");
    });
    assert_eq!(host.used(), tenant.used());
    assert!(host.peak() <= HIGH);
}

/// Bytes that go up and down between siblings and their parent: the parent's count stands still.
#[test]
fn transfers_leave_the_shared_ancestors_alone() {
    let root = Budget::new(100);
    let (host, _other) = (root.child(100), root.child(100));
    let (tenant, pool) = (host.child(60), host.child(StaticBudget::MAX_LIMIT));
    tenant.reserve(60).expect("there is room");
    let over = Over::default();
    thread::scope(|scope| {
        let end = over.ends_with();
        let watcher = scope.spawn(|| {
            while !over.is_over() {
                assert_eq!((host.used(), root.used()), (60, 60));
            }
        });
        for _ in 0..effort::scaled(20_000) {
            for to in [&pool, &host] {
                tenant.transfer(to, 60).expect("an ancestor, or no limit");
                assert_eq!(tenant.used(), 0);
                to.transfer(&tenant, 60).expect("there is room");
            }
        }
        drop(end);
        watcher.join().expect("the shared counts stand still");
    });
    assert_eq!((tenant.used(), pool.used(), pool.peak()), (60, 0, 60));
    // The pool never counted for more than itself.
    assert_eq!((host.peak(), root.peak()), (60, 60));
}

#[test]
fn a_chain_that_is_denied_half_way_keeps_nothing() {
    let root = Budget::new(10);
    let host = root.child(100);
    let tenant = host.child(100);
    root.reserve(4).expect("there is room");
    let denial = tenant.reserve(7).expect_err("4 + 7 > 10");
    assert_eq!((denial.level, denial.used, denial.limit, denial.requested), (2, 4, 10, 7));
    assert_eq!([root.used(), host.used(), tenant.used()], [4, 0, 0]);
    assert_eq!([root.peak(), host.peak(), tenant.peak()], [4, 0, 0]);
    assert_eq!([root.denied(), host.denied(), tenant.denied()], [1, 0, 0]);
}

#[test]
fn the_nearest_budget_that_is_full_denies() {
    let host = Budget::new(10);
    let tenant = host.child(5);
    let denial = tenant.reserve(11).expect_err("both are too small");
    assert_eq!((denial.level, tenant.denied(), host.denied()), (0, 1, 0));
}

#[test]
fn a_limit_below_what_is_used_denies_growth_and_takes_nothing_back() {
    let host = Budget::new(10);
    let tenant = host.child(10);
    tenant.reserve(8).expect("there is room");
    host.set_limit(5);
    assert_eq!((host.limit(), host.used()), (5, 8));
    assert_eq!(denial(tenant.reserve(1)), Some((1, 8, 5)));
    assert_eq!(tenant.reserve(0), Ok(()), "adds nothing");
    tenant.release(4);
    assert_eq!(tenant.reserve(1), Ok(()));
    assert_eq!(denial(tenant.reserve(1)), Some((1, 5, 5)));
    host.set_limit(10);
    assert_eq!(tenant.reserve(5), Ok(()));
    assert_eq!((host.used(), host.peak()), (10, 10));
}

#[test]
fn a_transfer_to_an_ancestor_is_never_denied() {
    let host = Budget::new(10);
    let tenant = host.child(10);
    let mut kept = Reservation::new(host.clone());
    let mut lease = Reservation::new(tenant.clone());
    lease.grow(8).expect("there is room");
    host.set_limit(2);
    kept.append(&mut lease).expect("the host counts the bytes already");
    assert_eq!((kept.bytes(), lease.bytes(), tenant.used(), host.used()), (8, 0, 0, 8));
    assert_eq!(host.peak(), 8);
    drop(lease);
    assert_eq!(host.used(), 8);
    drop(kept);
    assert_eq!(host.used(), 0);
}

#[test]
fn a_transfer_that_is_denied_changes_nothing() {
    let host = Budget::new(10);
    let (alice, bob, elsewhere) = (host.child(10), host.child(3), Budget::new(3));
    let mut from = Reservation::new(alice.clone());
    from.grow(4).expect("there is room");
    for to in [&bob, &elsewhere] {
        let mut to = Reservation::new(to.clone());
        assert_eq!(denial(to.append(&mut from)), Some((0, 0, 3)));
        assert_eq!((from.bytes(), to.bytes(), alice.used(), host.used()), (4, 0, 4, 4));
    }
    // To another tree everything moves.
    elsewhere.set_limit(4);
    let mut to = Reservation::new(elsewhere.clone());
    assert_eq!(to.append(&mut from), Ok(()));
    assert_eq!((alice.used(), host.used(), elsewhere.used()), (0, 0, 4));
    // To itself nothing does.
    assert_eq!(elsewhere.transfer(&elsewhere, 4), Ok(()));
    assert_eq!((elsewhere.used(), elsewhere.peak()), (4, 4));
}

#[test]
fn a_reservation_gives_back_what_it_holds() {
    let host = Budget::new(100);
    let unwound = panic::catch_unwind(AssertUnwindSafe(|| {
        let mut held = Reservation::new(host.child(50));
        held.grow(20).expect("there is room");
        held.shrink(30); // no more than it holds
        held.grow(40).expect("there is room");
        assert_eq!((host.used(), held.bytes(), held.budget().used()), (40, 40, 40));
        assert_eq!(denial(held.grow(11)), Some((0, 40, 50)));
        assert_eq!((host.used(), held.bytes()), (40, 40));
        panic::resume_unwind(Box::new("as a host function would"));
    }));
    assert!(unwound.is_err());
    assert_eq!((host.used(), host.peak()), (0, 40));
}

#[test]
fn counts_and_limits_saturate() {
    const MOST: u64 = StaticBudget::MAX_LIMIT;
    let root = Budget::new(u64::MAX);
    assert_eq!(root.limit(), MOST);
    let child = root.child(MOST + 1);
    assert_eq!(child.limit(), MOST);
    assert_eq!(denial(child.reserve(u64::MAX)), Some((0, 0, MOST)));
    assert_eq!(denial(child.reserve(MOST + 1)), Some((0, 0, MOST)));
    assert_eq!(child.reserve(MOST), Ok(()));
    assert_eq!(denial(child.reserve(1)), Some((0, MOST, MOST)));
    assert_eq!(denial(child.reserve(u64::MAX)), Some((0, MOST, MOST)));
    assert_eq!((root.used(), root.peak()), (MOST, MOST));
    // More is given back than is there: no more than that, in the ancestors either.
    child.release(MOST - 10);
    root.reserve(5).expect("there is room");
    child.release(u64::MAX);
    assert_eq!((child.used(), root.used()), (0, 5));
    // New limits leave the bytes alone, however many there were.
    for limit in (0..200_000).chain([u64::MAX]) {
        root.set_limit(limit);
    }
    assert_eq!((root.used(), root.limit()), (5, MOST));
}

#[test]
fn an_error_says_whose_limit_it_was() {
    let root = Budget::new(10);
    let host = root.child(20);
    let tenant = host.child(30);
    let text = |budget: &Budget, bytes| budget.reserve(bytes).expect_err("too much").to_string();
    assert_eq!(text(&tenant, 31), "over budget: 31 more bytes on top of 0 exceed the limit of 30");
    assert_eq!(
        text(&tenant, 21),
        "over budget: 21 more bytes on top of 0 exceed the limit of 20 of the parent budget"
    );
    assert_eq!(
        text(&tenant, 11),
        "over budget: 11 more bytes on top of 0 exceed the limit of 10 of the budget 2 levels up"
    );
}

#[test]
fn statics_are_budgets_and_parents() {
    static HOST: StaticBudget = StaticBudget::new(100);
    static TENANT: StaticBudget = HOST.child(60);
    static HANDLE: Budget = Budget::from_static(&TENANT);

    let child = HANDLE.child(50);
    child.reserve(40).expect("there is room");
    assert_eq!((child.used(), TENANT.used(), HOST.used()), (40, 40, 40));
    assert_eq!(denial(TENANT.reserve(21)), Some((0, 40, 60)));
    assert_eq!(denial(child.reserve(11)), Some((0, 40, 50)));
    child.release(40);

    assert!(HANDLE == Budget::from(&TENANT) && HANDLE != Budget::from(&HOST) && child == child.clone());
    assert_eq!(TENANT.parent(), Some(&Budget::from(&HOST)));
    assert_eq!(HOST.parent(), None);
    let shown = format!("{HANDLE:?}");
    assert_eq!(
        shown,
        "Budget { used: 0, limit: 60, peak: 40, denied: 1, parent: Budget { used: 0, limit: 100, peak: 40, denied: 0 } }"
    );
}

/// As docs/budgets.md says.
#[test]
fn a_budget_takes_the_memory_that_is_documented() {
    let size = size_of::<StaticBudget>();
    match (cfg!(all(target_has_atomic = "64", not(highwater_narrow))), usize::BITS) {
        (true, _) => assert_eq!(size, 128),
        // On the heap a handle of the parent is of one of two kinds, which takes a word more.
        (false, 32) => assert!(size <= 24, "{size} bytes"),
        (false, _) => assert!(size <= 32, "{size} bytes"),
    }
}
