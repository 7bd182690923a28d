//! Promise: calls that read, or that record without raising a peak, write no shared memory at all.
//!
//! The ledger lives in pages of its own, which are made read-only for the while: a write, even one
//! that puts back what was there, even a failed compare-exchange, would end the test with a
//! segmentation fault.

#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "an allocator of its own, and page protection")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, RefCell};
use std::sync::Mutex;

use highwater::{InlineKey, InlineLedger, PrincipalId, Recorded};

const PAGE: usize = 4096;

/// Gives every block pages of its own, and lists those that a thread allocates while its
/// [`OWN_PAGES`] is set.
struct Paged;

thread_local! {
    static OWN_PAGES: Cell<bool> = const { Cell::new(false) };
}

static BLOCKS: Mutex<Blocks> = Mutex::new(Blocks { list: [(0, 0); 64], used: 0 });

struct Blocks {
    list: [(usize, usize); 64],
    used: usize,
}

// SAFETY: blocks come from the system's allocator, with a layout that is a function of the one
// asked for alone.
unsafe impl GlobalAlloc for Paged {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let layout = paged(layout);
        // SAFETY: a valid layout of a size that is not zero, as the caller's was.
        let block = unsafe { System.alloc(layout) };
        if OWN_PAGES.get() {
            let mut blocks = BLOCKS.lock().expect("nothing panics while it holds the list");
            let used = blocks.used;
            blocks.list[used] = (block.expose_provenance(), layout.size());
            blocks.used += 1;
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block came from `alloc` above with the same function of the same layout.
        unsafe { System.dealloc(block, paged(layout)) }
    }
}

/// Whole pages, for every block of this test binary.
fn paged(layout: Layout) -> Layout {
    Layout::from_size_align(layout.size().next_multiple_of(PAGE), layout.align().max(PAGE))
        .expect("a small block")
}

#[global_allocator]
static ALLOCATOR: Paged = Paged;

/// Makes the blocks allocated by `construct` read-only while `call` runs on what was constructed.
fn read_only<T>(construct: impl FnOnce() -> T, prepare: impl FnOnce(&T), call: impl FnOnce(&T)) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock();
    OWN_PAGES.set(true);
    let value = construct();
    OWN_PAGES.set(false);
    prepare(&value);
    protect(libc::PROT_READ);
    call(&value);
    protect(libc::PROT_READ | libc::PROT_WRITE);
    BLOCKS.lock().expect("nothing panics while it holds the list").used = 0;
}

fn protect(protection: i32) {
    let blocks = BLOCKS.lock().expect("nothing panics while it holds the list");
    assert!(blocks.used > 0, "the ledger allocated nothing, so nothing would be shown");
    for &(address, size) in &blocks.list[..blocks.used] {
        // SAFETY: whole pages that hold one block of this test and nothing else.
        let result =
            unsafe { libc::mprotect(std::ptr::with_exposed_provenance_mut(address), size, protection) };
        assert_eq!(result, 0, "mprotect");
    }
}

fn steady_state_writes_nothing<K: InlineKey>(key: fn(u64) -> K) {
    let residents = 100;
    read_only(
        || InlineLedger::<K>::with_capacity(100),
        |ledger| {
            for number in 0..residents {
                ledger.record_peak(&key(number), 1000 + number);
            }
            assert_eq!(ledger.record_peak(&key(residents), 1000), Recorded::Dropped);
        },
        |ledger| {
            for number in 0..residents {
                assert_eq!(ledger.peak(&key(number)), 1000 + number);
                for bytes in [0, 1, 999, 1000, 1000 + number] {
                    let answer = ledger.record_peak(&key(number), bytes);
                    assert!(matches!(answer, Recorded::Unchanged | Recorded::Dropped), "{answer:?}");
                }
            }
            for stranger in residents..2 * residents {
                assert_eq!(ledger.peak(&key(stranger)), 0);
                let answer = ledger.record_peak(&key(stranger), 1000);
                assert!(matches!(answer, Recorded::Unchanged | Recorded::Dropped), "{answer:?}");
            }
            assert_eq!(ledger.len(), 100);
            assert_eq!(ledger.floor(), 1000);
        },
    );
}

#[test]
fn integer_keys() {
    steady_state_writes_nothing(|number| number);
}

#[test]
fn principal_ids() {
    steady_state_writes_nothing(|number| PrincipalId::new(format!("tenant-{number}")).expect("a valid id"));
}

#[test]
fn a_tracker_that_knows_of_the_floor() {
    let tracker = RefCell::new(None);
    read_only(
        || InlineLedger::<u64>::with_capacity(1),
        |ledger| {
            let mut evicted = ledger.tracker(1);
            evicted.record_peak(10);
            assert_eq!(ledger.record_peak(&2, 20), Recorded::Admitted);
            assert_eq!(ledger.record_peak(&3, 20), Recorded::Dropped);
            assert_eq!(evicted.record_peak(15), Recorded::Unchanged);
            tracker.replace(Some(evicted));
        },
        |_| {
            let mut tracker = tracker.borrow_mut();
            assert_eq!(tracker.as_mut().map(|evicted| evicted.record_peak(15)), Some(Recorded::Unchanged));
        },
    );
}
