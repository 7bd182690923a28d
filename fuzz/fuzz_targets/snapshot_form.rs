//! Any text as a snapshot in JSON: refused with a reason, or read and written without a loss, in
//! memory in proportion to its length.

#![no_main]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering},
};

use highwater::Snapshot;
use libfuzzer_sys::fuzz_target;

/// Counts the bytes that are allocated by all threads, of which one runs the target.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        MOST.fetch_max(HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fuzz_target!(|text: &str| {
    let before = HELD.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    let read = serde_json::from_str::<Snapshot<String>>(text);
    let taken = MOST.load(Ordering::Relaxed) - before;
    assert!(taken <= 4096 + 64 * text.len(), "{taken} bytes for {} of text", text.len());
    match read {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(snapshot) => {
            assert!(snapshot.iter().is_sorted_by(|a, b| a.1 >= b.1));
            let written = serde_json::to_string(&snapshot).expect("written");
            assert_eq!(serde_json::from_str::<Snapshot<String>>(&written).expect("read again"), snapshot);
            let merged = Snapshot::merge([snapshot.clone(), snapshot]);
            assert!(merged.iter().all(|entry| entry.1 >= merged.untracked_at_most()));
        }
    }
});
