//! Counts the heap that a ledger takes.
#![allow(unsafe_code, reason = "an allocator that counts has to be one")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    hash::RandomState,
    sync::atomic::{AtomicBool, AtomicIsize, Ordering::Relaxed},
};

use highwater::{Ledger, MemoryLedger, PrincipalId};

use super::principals::{BenchKey, Id, principals};
use crate::peers::{DashMapLedger, Peer};

/// The system's allocator; while it is told to, it counts the bytes requested and not yet given
/// back.
pub struct CountingAllocator;

static COUNTING: AtomicBool = AtomicBool::new(false);
static BYTES: AtomicIsize = AtomicIsize::new(0);

fn count(bytes: isize) {
    if COUNTING.load(Relaxed) {
        BYTES.fetch_add(bytes, Relaxed);
    }
}

// SAFETY: every call is handed to `System` unchanged.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promise is `System`'s.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promise is `System`'s.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller's promise is `System`'s, and `block` came from it.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as isize - layout.size() as isize);
        // SAFETY: the caller's promise is `System`'s, and `block` came from it.
        unsafe { System.realloc(block, layout, size) }
    }
}

/// Bytes taken for a ledger full of ids of 20 characters.
pub struct HeapUse {
    pub ledger: &'static str,
    pub bytes: usize,
}

/// The ledgers for both kinds of key, and the DashMap ledger with the same keys.
pub fn full_ledgers() -> Vec<HeapUse> {
    let (ids, names) = (principals::<PrincipalId>(PLACES, 20), principals::<Id>(PLACES, 20));
    let full = |ledger, bytes| HeapUse { ledger, bytes };
    vec![
        full(MEMORY_LEDGER, taken_by::<_, MemoryLedger>(&ids)),
        full("Ledger over a String newtype", taken_by::<_, Ledger<Id>>(&names)),
        full("DashMap over PrincipalId", taken_by::<_, DashMapLedger<PrincipalId, RandomState>>(&ids)),
        full(DASHMAP_OF_STRINGS, taken_by::<_, DashMapLedger<Id, RandomState>>(&names)),
    ]
}

pub const MEMORY_LEDGER: &str = "MemoryLedger";
pub const DASHMAP_OF_STRINGS: &str = "DashMap over a String newtype";
const PLACES: usize = highwater::MAX_PRINCIPALS;

/// Bytes that a ledger of `keys` holds once it is full.
fn taken_by<K: BenchKey, P: Peer<K>>(keys: &[K]) -> usize {
    let before = BYTES.load(Relaxed);
    COUNTING.store(true, Relaxed);
    let ledger = P::fresh(keys.len());
    for (index, key) in keys.iter().enumerate() {
        ledger.record(&mut ledger.subject(key, index), index as u64 + 1);
    }
    COUNTING.store(false, Relaxed);
    let taken = BYTES.load(Relaxed) - before;
    drop(ledger);
    usize::try_from(taken).expect("a ledger takes more than it gives back")
}
