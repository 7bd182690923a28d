//! Models of budgets: chains of two and three levels, and a few calls on them at the same time.
//!
//! A budget that was ever above its limit shows it in its peak, which every approved reservation
//! raises.

use std::sync::Arc;

use highwater::{Budget, Reservation};
#[cfg(not(highwater_shuttle))]
use loom::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
};
#[cfg(highwater_shuttle)]
use shuttle::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

/// Every interleaving, within three preemptions unless `LOOM_MAX_PREEMPTIONS` says otherwise.
#[cfg(not(highwater_shuttle))]
fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(3);
    builder.check(model);
}

#[cfg(highwater_shuttle)]
fn check(model: impl Fn() + Send + Sync + 'static) {
    shuttle::check_pct(model, super::harness::schedules(5000), 5);
}

/// Makes the calls at the same time and returns their answers.
fn at_once<const N: usize, T: Send + 'static>(calls: [Box<dyn FnOnce() -> T + Send>; N]) -> [T; N] {
    calls.map(|call| thread::spawn(call)).map(|thread| thread.join().unwrap())
}

/// Whether so many bytes were approved.
fn reserves(budget: &Budget, bytes: u64) -> Box<dyn FnOnce() -> bool + Send> {
    let budget = budget.clone();
    Box::new(move || budget.reserve(bytes).is_ok())
}

fn used<const N: usize>(budgets: [&Budget; N]) -> [u64; N] {
    budgets.map(|budget| budget.used())
}

fn of(approved: bool, bytes: u64) -> u64 {
    if approved { bytes } else { 0 }
}

/// Two tenants want more than the host has: one gets it, and the other leaves nothing behind.
#[test]
fn two_tenants_of_a_host() {
    check(|| {
        let host = Budget::new(10);
        let (alice, bob) = (host.child(10), host.child(10));
        let [a, b] = at_once([reserves(&alice, 6), reserves(&bob, 6)]);
        assert!(a != b, "{a} {b}");
        assert_eq!(used([&host, &alice, &bob]), [6, of(a, 6), of(b, 6)]);
        assert_eq!((host.peak(), alice.peak(), bob.peak()), (6, of(a, 6), of(b, 6)));
        assert_eq!((host.denied(), alice.denied(), bob.denied()), (1, 0, 0));
    });
}

/// Two Stores of one tenant want more than it may: one gets it, and the host has room in any case.
#[test]
fn two_stores_of_a_tenant() {
    check(|| {
        let host = Budget::new(10);
        let tenant = host.child(5);
        let [a, b] = at_once([reserves(&tenant, 3), reserves(&tenant, 4)]);
        assert!(a != b, "{a} {b}");
        assert_eq!(used([&host, &tenant]), [of(a, 3) + of(b, 4); 2]);
        assert_eq!((host.denied(), tenant.denied()), (0, 1));
    });
}

/// A thread that only looks never sees more than a limit, not even while one of the two is being
/// denied.
#[test]
fn looked_at_by_another() {
    for limits in [[5, 9], [9, 5]] {
        check(move || {
            let host = Budget::new(limits[0]);
            let (alice, bob) = (host.child(limits[1]), host.clone());
            let (seen_host, seen_tenant) = (host.clone(), alice.clone());
            let looks = Box::new(move || seen_host.used() <= limits[0] && seen_tenant.used() <= limits[1]);
            let second = if limits[0] < limits[1] { &bob } else { &alice };
            let [a, b, within] = at_once([reserves(&alice, 3), reserves(second, 4), looks]);
            assert!(a != b && within, "{a} {b}");
        });
    }
}

/// Both fit: neither is lost, and the peaks are exact.
#[test]
fn both_fit() {
    check(|| {
        let host = Budget::new(7);
        let tenant = host.child(7);
        assert_eq!(at_once([reserves(&tenant, 3), reserves(&tenant, 4)]), [true; 2]);
        assert_eq!(used([&host, &tenant]), [7; 2]);
        assert_eq!((host.peak(), tenant.peak()), (7, 7));
    });
}

/// A budget without a parent never denies what fits, whatever its descendants are about to deny:
/// nothing that is not approved is ever held there.
#[test]
fn a_root_never_denies_what_fits() {
    check(|| {
        let host = Budget::new(7);
        let tenant = host.child(3);
        let [own, a, b] = at_once([reserves(&host, 4), reserves(&tenant, 3), reserves(&tenant, 3)]);
        assert!(own && a != b, "{own} {a} {b}");
        assert_eq!(used([&host, &tenant]), [7, 3]);
    });
}

/// A chain is denied half-way because the host fills up under it: at all three levels nothing
/// stays.
#[test]
fn denied_half_way() {
    check(|| {
        let root = Budget::new(5);
        let host = root.child(10);
        let (tenant, other) = (host.child(10), root.child(10));
        let [a, b] = at_once([reserves(&tenant, 4), reserves(&other, 4)]);
        assert!(a != b, "{a} {b}");
        assert_eq!(used([&root, &host, &tenant, &other]), [4, of(a, 4), of(a, 4), of(b, 4)]);
        assert_eq!((root.peak(), tenant.peak()), (4, of(a, 4)), "what is denied raises no peak");
    });
}

/// A peak is what was in use with the reservation's own bytes, also if these are given back before
/// it is raised.
#[test]
fn a_peak_is_not_missed() {
    check(|| {
        let host = Budget::new(7);
        let tenant = host.child(7);
        tenant.reserve(3).unwrap();
        let releasing = tenant.clone();
        let releases = Box::new(move || {
            let before = releasing.used();
            releasing.release(3);
            before == 7
        });
        let [seen, reserved] = at_once([releases, reserves(&tenant, 4)]);
        assert!(reserved);
        assert!(!seen || tenant.peak() == 7, "seen before the release");
        assert!(host.peak() == 7 || host.peak() == 4);
    });
}

/// A reservation that is denied because an ancestor is full already gets in the way of no other
/// call.
#[test]
fn denied_by_looking_alone() {
    check(|| {
        let host = Budget::new(5);
        let tenant = host.child(4);
        host.reserve(4).unwrap();
        assert_eq!(at_once([reserves(&tenant, 4), reserves(&tenant, 1)]), [false, true]);
        assert_eq!(used([&host, &tenant]), [5, 1]);
        assert_eq!((host.peak(), tenant.peak()), (5, 1));
    });
}

/// Bytes of a reservation that is about to be denied can be in the way of another in the same
/// budget, but all are accounted for.
#[test]
fn in_the_way_of_another() {
    check(|| {
        let host = Budget::new(5);
        let (tenant, other) = (host.child(4), host.child(5));
        let [a, b, c] = at_once([reserves(&tenant, 3), reserves(&tenant, 2), reserves(&other, 3)]);
        assert_eq!(
            used([&tenant, &other, &host]),
            [of(a, 3) + of(b, 2), of(c, 3), of(a, 3) + of(b, 2) + of(c, 3)]
        );
        // The topmost budget decides: what there is goes to one of the two.
        assert!(a || c, "{a} {b} {c}");
        assert!(host.peak() <= 5 && tenant.peak() <= 4 && host.peak() == host.used());
    });
}

/// Bytes that are given back can be reserved again, and the call that gets them sees the accesses
/// before the release.
#[test]
fn reserved_against_released() {
    check(|| {
        let host = Budget::new(5);
        let tenant = host.child(5);
        tenant.reserve(5).unwrap();
        let written = Arc::new(AtomicU64::new(0));
        let (releasing, reader) = (tenant.clone(), tenant.clone());
        let (writes, reads) = (written.clone(), written);
        let [_, got] = at_once([
            Box::new(move || {
                writes.store(1, Ordering::Relaxed);
                releasing.release(5);
                true
            }),
            Box::new(move || {
                let got = reader.reserve(5).is_ok();
                assert!(!got || reads.load(Ordering::Relaxed) == 1, "taken before it was given back");
                got
            }),
        ]);
        assert_eq!(used([&host, &tenant]), [of(got, 5); 2]);
        assert_eq!((host.peak(), tenant.peak()), (5, 5));
    });
}

/// Bytes that were reserved and given back between another call's look and its update: the count is
/// the same again, and what was done with the bytes is seen.
#[test]
fn reserved_and_released_behind_a_look() {
    check(|| {
        let host = Budget::new(5);
        let written = Arc::new(AtomicU64::new(0));
        let (first, second) = (host.clone(), host.clone());
        let (writes, reads) = (written.clone(), written);
        let [before, seen] = at_once([
            Box::new(move || {
                let got = first.reserve(5).is_ok();
                if got {
                    writes.store(1, Ordering::Relaxed);
                    first.release(5);
                }
                got.then_some(1)
            }),
            Box::new(move || second.reserve(5).is_ok().then(|| reads.load(Ordering::Relaxed))),
        ]);
        // The second one keeps the bytes, so the first one had them before.
        assert!(seen.is_none() || before.is_none() || seen == Some(1));
    });
}

/// Once a limit is lowered nothing is approved by the old one: what is seen then is there to stay.
fn lowered(of_host: bool) {
    check(move || {
        let host = Budget::new(10);
        let tenant = host.child(10);
        let budget = if of_host { host.clone() } else { tenant.clone() };
        let at_return = Box::new(move || {
            budget.set_limit(5);
            budget.used() == 6
        });
        let [seen, approved] = at_once([at_return, reserves(&tenant, 6)]);
        assert_eq!(approved, seen);
        assert_eq!(used([&host, &tenant]), [of(approved, 6); 2]);
    });
}

#[test]
fn a_lowered_limit_of_the_host() {
    lowered(true);
}

#[test]
fn a_lowered_limit_of_the_tenant() {
    lowered(false);
}

/// A limit that comes back does not let through what was computed before it was lowered, if the
/// count moved on.
#[test]
fn a_limit_lowered_and_used_up() {
    check(|| {
        let host = Budget::new(10);
        let other = host.clone();
        let lowers = Box::new(move || {
            other.set_limit(5);
            other.reserve(5).is_ok()
        });
        let [a, b] = at_once([lowers, reserves(&host, 6)]);
        assert!(a != b, "5 and 6 of 5");
        assert_eq!((host.used(), host.peak()), (of(a, 5) + of(b, 6), of(a, 5) + of(b, 6)));
    });
}

/// A raised limit lets through what comes after it.
#[test]
fn a_raised_limit() {
    check(|| {
        let host = Budget::new(5);
        let tenant = host.child(10);
        let raised = host.clone();
        let own = tenant.clone();
        let raises = Box::new(move || {
            raised.set_limit(10);
            own.reserve(4).is_ok()
        });
        let [a, b] = at_once([raises, reserves(&tenant, 6)]);
        assert!(a, "the limit was raised before");
        assert_eq!(used([&host, &tenant]), [4 + of(b, 6); 2]);
    });
}

/// A lease ends: what the Store keeps becomes the host's. The host's count stands still, so that
/// nothing else fits in meanwhile.
#[test]
fn a_transfer_to_the_host() {
    transfer(|host| host.clone());
}

/// Likewise to a budget beside the tenant's.
#[test]
fn a_transfer_to_a_sibling() {
    transfer(|host| host.child(6));
}

fn transfer(pool: fn(&Budget) -> Budget) {
    check(move || {
        let host = Budget::new(10);
        let (alice, bob, pool) = (host.child(6), host.child(10), pool(&host));
        let mut lease = Reservation::new(alice.clone());
        lease.grow(6).unwrap();
        let kept = Reservation::new(pool.clone());
        let moves = Box::new(move || {
            let (mut kept, mut lease) = (kept, lease);
            kept.append(&mut lease).unwrap();
            let moved = kept.bytes() == 6 && lease.bytes() == 0;
            std::mem::forget(kept);
            moved
        });
        let [moved, a, b] = at_once([moves, reserves(&alice, 4), reserves(&bob, 5)]);
        assert!(moved && !b, "6 and 5 of 10");
        assert_eq!(used([&host, &alice, &bob]), [6 + of(a, 4), of(a, 4), 0]);
        assert_eq!((host.peak(), alice.peak()), (6 + of(a, 4), 6));
    });
}

/// Two Stores change places: whatever is denied, nothing is lost, and no limit is exceeded for an
/// instant.
#[test]
fn transfers_across() {
    check(|| {
        let host = Budget::new(8);
        let (alice, bob) = (host.child(7), host.child(7));
        alice.reserve(4).unwrap();
        bob.reserve(4).unwrap();
        let moves = |from: &Budget, to: &Budget| -> Box<dyn FnOnce() -> bool + Send> {
            let (from, to) = (from.clone(), to.clone());
            Box::new(move || from.transfer(&to, 3).is_ok())
        };
        let [there, back] = at_once([moves(&alice, &bob), moves(&bob, &alice)]);
        assert!(there && back, "each has room for 3 more");
        assert_eq!(used([&host, &alice, &bob]), [8, 4, 4]);
        assert!(host.peak() == 8 && alice.peak() <= 7 && bob.peak() <= 7);
    });
}

/// Random programs for more threads than loom can follow: within every limit all the time, and the
/// sums are right at the end.
#[cfg(highwater_shuttle)]
#[test]
fn random_programs() {
    use super::budgets::{BudgetCall, Tree, assert_sums, call, note, random_call};
    use shuttle::rand::{RngCore, thread_rng};

    let run = || {
        // From shuttle's own numbers, so that a failing schedule replays.
        let mut rng = fastrand::Rng::with_seed(thread_rng().next_u64());
        let tree = Arc::new(Tree::random(&mut rng, 4));
        let budgets = Arc::new(tree.budgets());
        let threads: Vec<_> = (0..rng.usize(2..=5))
            .map(|_| {
                let (tree, budgets, mut rng) = (tree.clone(), budgets.clone(), rng.fork());
                thread::spawn(move || {
                    let mut own = vec![0; budgets.len()];
                    for _ in 0..8 {
                        let made = random_call(&mut rng, &own, 40);
                        if !matches!(made, BudgetCall::SetLimit(..)) && call(&budgets, made).is_ok() {
                            note(&mut own, made);
                        }
                        for (budget, sums) in budgets.iter().zip(&tree.sums) {
                            assert!(budget.used() <= sums.limit && budget.peak() <= sums.limit);
                        }
                    }
                    own
                })
            })
            .collect();
        let mut all = vec![0; budgets.len()];
        for thread in threads {
            let own = thread.join().unwrap();
            all.iter_mut().zip(own).for_each(|(sum, bytes)| *sum += bytes);
        }
        assert_sums(&tree, &budgets, &all);
    };
    shuttle::check_random(run, super::harness::schedules(10_000));
    shuttle::check_pct(run, super::harness::schedules(10_000), 5);
}
