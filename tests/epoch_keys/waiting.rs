//! The memory of keys that wait to be freed. Nothing of a ledger stays when it is gone.
//!
//! The allocator of this test binary counts, per thread.
#![allow(unsafe_code, reason = "an allocator that counts")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use highwater::{Collector, FixedState, Ledger, RETIRED_ALLOWANCE};

struct Counting;

thread_local! {
    /// Taken, less those given back.
    static BYTES: Cell<isize> = const { Cell::new(0) };
}

// SAFETY: every call is passed on to the system's allocator as it came; the counter is a plain cell
// without a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.set(BYTES.get() + layout.size().cast_signed());
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.set(BYTES.get() - layout.size().cast_signed());
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The size of a key according to the documentation: itself and two pointers.
const KEY: isize = (size_of::<u64>() + 2 * size_of::<usize>()).cast_signed();
/// The memory that the collector may take beyond: bags of its own, of two kilobytes each, however
/// many keys wait.
const COLLECTOR: isize = 16 << 10;

#[test]
fn a_key_that_waits_takes_its_allocation_and_no_more() {
    for capacity in [64, 4096, 500_000] {
        let collector = Collector::new();
        let ledger = Ledger::<u64, _>::with_collector(capacity, FixedState, collector.clone());
        let recorder = ledger.recorder();
        let foreign = collector.register();
        // Until most slots hold a key.
        let mut key = 0;
        let mut record = || {
            key += 1;
            recorder.record_peak(&key, key);
        };
        while ledger.retired() == 0 {
            record();
        }
        for _ in 0..2 * capacity {
            record();
        }
        let (bytes, waiting) = (BYTES.get(), ledger.retired().cast_signed());
        let guard = foreign.pin();
        let most = capacity + RETIRED_ALLOWANCE;
        while ledger.refused() == 0 {
            record();
            assert!(ledger.retired() <= most);
        }
        assert_eq!(ledger.retired(), most);
        let keys = most.cast_signed() - waiting;
        let taken = BYTES.get() - bytes;
        println!("{capacity} places: {most} keys wait, {taken} bytes for {keys} of them");
        // Slots that held no key before hold one that is dead.
        let slots = capacity.cast_signed();
        assert!(
            taken >= keys * KEY && taken <= (keys + slots) * KEY + COLLECTOR,
            "{taken} bytes for {keys} keys"
        );

        // Nothing is refused any more once the guard is gone, and before long few keys are left.
        drop(guard);
        let refused = ledger.refused();
        for _ in 0..RETIRED_ALLOWANCE {
            record();
        }
        assert_eq!(ledger.refused(), refused);
        assert!(ledger.retired() < 10_000 + capacity, "{} wait", ledger.retired());
        assert!(BYTES.get() - bytes < (10_000 + capacity).cast_signed() * KEY + COLLECTOR);
    }
}

#[test]
fn a_ledger_that_is_gone_leaves_nothing_but_what_the_collector_keeps() {
    let collector = Collector::new();
    let foreign = collector.register();
    let before = BYTES.get();
    let guard = foreign.pin();
    let ledger = Ledger::<u64, _>::with_collector(64, FixedState, collector.clone());
    let recorder = ledger.recorder();
    for key in 1..100_000 {
        recorder.record_peak(&key, key);
    }
    assert!(ledger.retired() > 90_000);
    assert!(BYTES.get() - before > 90_000 * KEY);
    drop((recorder, ledger));
    println!("{} bytes are left under a guard", BYTES.get() - before);
    assert!(BYTES.get() - before <= COLLECTOR, "{} bytes are left", BYTES.get() - before);
    drop(guard);
}

#[test]
fn a_snapshot_frees_what_waits() {
    let ledger = Ledger::<u64, _>::with_collector(64, FixedState, Collector::new());
    let recorder = ledger.recorder();
    for key in 1..10_000 {
        recorder.record_peak(&key, key);
    }
    assert!(ledger.retired() > 0);
    for _ in 0..8 {
        let _ = recorder.snapshot();
    }
    assert_eq!(ledger.retired(), 0);
}
