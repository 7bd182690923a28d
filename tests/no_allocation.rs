//! Promise: after construction no call on a ledger with inline keys allocates or frees, and what
//! the construction took is what the ledger says.
//!
//! The allocator of this test binary counts, per thread, so that the test harness's own allocations
//! do not.

#![allow(unsafe_code, reason = "an allocator that counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use highwater::{
    Budget, Collector, FixedState, InlineLedger, InlineLedger as Ledger, MeterLimits, PrincipalId,
    Reservation, StaticBudget, StaticLedger, StoreMemoryMeter,
};

struct Counting;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
    /// Taken, less those given back.
    static BYTES: Cell<usize> = const { Cell::new(0) };
    /// The next block larger than this is not to be had.
    static LARGEST: Cell<usize> = const { Cell::new(usize::MAX) };
}

fn count(taken: usize, given_back: usize) {
    CALLS.with(|calls| calls.set(calls.get() + 1));
    BYTES.with(|bytes| bytes.set(bytes.get().wrapping_add(taken).wrapping_sub(given_back)));
}

// SAFETY: every call is passed on to the system's allocator as it came; the counter is a plain cell
// without a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() > LARGEST.get() {
            LARGEST.set(usize::MAX);
            return std::ptr::null_mut();
        }
        count(layout.size(), 0);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often `call` allocated, reallocated or freed on this thread.
fn allocator_calls<T>(call: impl FnOnce() -> T) -> u64 {
    let before = CALLS.get();
    let _kept = call();
    CALLS.get() - before
}

/// Fills, raises, drops, evicts, reads: every path of a ledger, several times over.
fn all_calls_are_free_of_allocation<K: highwater::InlineKey>(capacity: usize, key: fn(u64) -> K) {
    let ledger: Ledger<K> = InlineLedger::with_capacity(capacity);
    let keys: Vec<K> = (0..4 * capacity as u64).map(key).collect();
    let total = allocator_calls(|| {
        for round in 1..=4 {
            for (number, key) in (0_u64..).zip(&keys) {
                ledger.record_peak(key, round * 1000 + number);
                ledger.record_peak(key, 1);
                ledger.record_peak(key, round * 1000 + number + 1);
                assert!(ledger.peak(key) > 0);
                assert!(ledger.len() <= capacity && !ledger.is_empty());
                assert!(ledger.floor() <= ledger.untracked_at_most());
            }
        }
        assert!(ledger.evictions() > 0 && ledger.refused() == 0);
    });
    assert_eq!(total, 0, "allocator calls");
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocator_calls(|| drop(vec![1_u8])), 2);
    assert_eq!(allocator_calls(|| ()), 0);
}

#[test]
fn integer_keys() {
    for capacity in [1, 2, 16, 300] {
        all_calls_are_free_of_allocation(capacity, |number| number);
    }
}

#[test]
fn principal_ids() {
    for capacity in [1, 2, 16, 300] {
        all_calls_are_free_of_allocation(capacity, |number| {
            let mut text = [b'x'; 64];
            for (place, digit) in text.iter_mut().zip([1000, 100, 10, 1]) {
                *place = b'0' + u8::try_from(number / digit % 10).expect("one digit");
            }
            PrincipalId::new(str::from_utf8(&text).expect("ASCII")).expect("a valid id")
        });
    }
}

#[test]
fn clones_are_reference_counts() {
    let ledger = Ledger::<u64>::with_capacity(8);
    assert_eq!(allocator_calls(|| drop(ledger.clone())), 0);
}

#[test]
fn trackers() {
    let ledger = Ledger::<u64>::with_capacity(2);
    let mut trackers: Vec<_> = (0..6).map(|key| ledger.tracker(key)).collect();
    let total = allocator_calls(|| {
        for bytes in 1..200 {
            for tracker in &mut trackers {
                tracker.record_peak(bytes);
            }
        }
    });
    assert_eq!(total, 0, "allocator calls");
}

#[test]
fn a_budget_is_one_allocation_and_its_calls_are_none() {
    assert_eq!(allocator_calls(|| Budget::new(100)), 1);
    // docs/budgets.md says 256: counts of handles and the budget on lines of their own.
    let before = BYTES.get();
    let alone = Budget::new(100);
    assert!(BYTES.get().wrapping_sub(before) <= 256);
    drop(alone);
    assert_eq!(BYTES.get(), before);
    let host = Budget::new(100);
    assert_eq!(allocator_calls(|| host.child(100)), 1);
    let (tenant, other) = (host.child(100), host.child(100));
    let calls = || {
        let mut held = Reservation::new(tenant.clone());
        let mut kept = Reservation::new(host.clone());
        held.grow(60).expect("there is room");
        kept.append(&mut held).expect("to an ancestor");
        let denial = held.grow(50).expect_err("60 + 50 > 100");
        host.transfer(&other, 10).expect("there is room");
        other.transfer(&host, 10).expect("to an ancestor");
        host.set_limit(host.used() + host.peak() + denial.limit + host.denied());
    };
    assert_eq!(allocator_calls(calls), 0);
}

#[test]
fn a_snapshot_allocates_its_own_list_and_nothing_else() {
    let ledger = Ledger::<u64>::with_capacity(64);
    for key in 0..100 {
        ledger.record_peak(&key, 1 + key);
    }
    let entries = ledger.snapshot();
    assert_eq!(entries.len(), 64);
    assert_eq!(allocator_calls(|| drop(entries)), 1);
}

#[test]
fn a_ledger_knows_what_it_occupies() {
    fn taken_by<T>(construct: impl FnOnce() -> T) -> (T, usize) {
        let before = BYTES.get();
        let constructed = construct();
        (constructed, BYTES.get().wrapping_sub(before))
    }
    for capacity in [1, 64, 1000] {
        let (ledger, bytes) =
            taken_by(|| Ledger::<PrincipalId, _>::with_capacity_and_hasher(capacity, FixedState));
        assert_eq!(ledger.memory_bytes(), bytes);
        let collector = Collector::new();
        let (ledger, bytes) =
            taken_by(|| highwater::Ledger::<u64, _>::with_collector(capacity, FixedState, collector));
        assert_eq!(ledger.memory_bytes(), bytes);
    }
    let fixed = StaticLedger::<u64, 64>::new();
    assert_eq!(fixed.memory_bytes(), size_of_val(&fixed));
}

#[test]
fn a_ledger_that_gets_no_memory_says_so() {
    LARGEST.set(100_000);
    let outcome = std::panic::catch_unwind(|| Ledger::<PrincipalId>::with_capacity(10_000));
    let message = *outcome.expect_err("too large").downcast::<String>().expect("a message");
    assert!(message.contains("capacity 10000 is too large: the allocator has no"), "{message}");
}

#[test]
fn leases_inside_leases_do_not_allocate() {
    fn nest(meter: &mut StoreMemoryMeter<&StaticLedger<u64, 8>>, depth: u64) {
        static HOST: StaticBudget = StaticBudget::new(1 << 20);
        static TENANT: StaticBudget = HOST.child(1 << 20);
        let limits = MeterLimits::total(1 << 20).with_budget(&Budget::from_static(&TENANT));
        let mut lease = meter.lease(depth, limits);
        let _ = lease.approve_memory(0, 100, None);
        if depth > 0 {
            nest(&mut lease, depth - 1);
        }
        assert!(TENANT.used() >= 100);
        assert_eq!(lease.end().own, 100);
    }
    static LEDGER: StaticLedger<u64, 8> = StaticLedger::new();
    let mut meter = StoreMemoryMeter::idle(MeterLimits::total(0), &LEDGER);
    assert_eq!(allocator_calls(|| nest(&mut meter, 20)), 0);
}
