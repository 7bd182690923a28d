//! The retired keys of a ledger: evicted, and not freed before no thread can read them.
//!
//! Retired keys are tied into parcels, and parcels go through three lists of the ledger: *fresh*,
//! *aging*, *due*.
//!
//! 1. A parcel begins as fresh.
//! 2. When no parcel is aging, all fresh parcels begin to age. One function is deferred, which runs
//!    when their keys cannot be read any more.
//! 3. Then they are due, and each later admission frees one of them.
//!
//! So a key that waits takes its own allocation and nothing of the collector's, and the collector
//! runs no code of a key.
//!
//! A thread that loses the processor while it is pinned holds back all keys until it runs again. So
//! a thread is pinned only while it compares or clones one key, and once in many retirements. A
//! newcomer whose tag matches no resident's is not pinned at all.
#![allow(unsafe_code)]

use alloc::sync::Arc;
use core::hash::Hash;

use crossbeam_epoch::{Atomic, Guard, Owned, Shared, unprotected};

use super::{participant::Participant, permit::FreePermit};
use crate::sync::{AtomicUsize, CachePadded, MODELLED, Ordering};

/// How many evicted keys of a [`Ledger`](crate::Ledger) may wait to be freed, in addition to as
/// many as its capacity: 2<sup>19</sup> keys, or 2<sup>16</sup> where pointers have 32 bits.
///
/// Each takes one allocation of the key and two pointers, and what the key owns. A `u64` takes 24
/// bytes, so 13 MB in all; a `String` of 20 characters takes 60, so 32 MB. So many wait only while a
/// thread or a guard holds them back ([`Ledger`](crate::Ledger#bounded-memory)). The number is
/// more than twice what sixteen threads on two processors that do nothing but evict were seen to
/// retire while one of them waited for a processor.
pub const RETIRED_ALLOWANCE: usize = if usize::BITS < 64 { 1 << 16 } else { 1 << 19 };

/// How many keys make a parcel. A call frees at most one parcel, so that no call pays for a long
/// stall of another thread. This and the next constant are 1 under models, so that everything
/// happens there.
const PARCEL: usize = if MODELLED { 1 } else { 64 };

/// How many retirements lie between two requests to the collector to move on.
const RETIREMENTS_A_FLUSH: usize = if MODELLED { 1 } else { 512 };

/// The bounds on epoch-reclaimed keys. Any `Hash + Eq + Clone + Send + Sync + 'static` type has
/// them.
pub trait EpochKey: Hash + Eq + Clone + Send + Sync + 'static {}
impl<K: Hash + Eq + Clone + Send + Sync + 'static> EpochKey for K {}

/// A key in an allocation of its own.
pub(crate) struct Node<K> {
    pub(super) key: K,
    /// The next retired key in the same parcel.
    next: Atomic<Self>,
    /// The first key of the next parcel, if this one is the first of its own.
    next_parcel: Atomic<Self>,
}

impl<K> Node<K> {
    pub(super) fn new(key: K) -> Self {
        Self { key, next: Atomic::null(), next_parcel: Atomic::null() }
    }
}

/// The retired keys of one ledger that are not freed yet.
pub(crate) struct Limbo<K: EpochKey> {
    capacity: usize,
    /// 1 if the aging keys cannot be read any more, or if no key is aging.
    aged: Arc<AtomicUsize>,
    lists: CachePadded<Lists<K>>,
}

struct Lists<K: EpochKey> {
    /// The keys in all the lists.
    retired: AtomicUsize,
    /// The number of keys that were ever retired. Wraps.
    added: AtomicUsize,
    /// Retired keys that are in no parcel yet.
    loose: Atomic<Node<K>>,
    /// Parcels, as in the two lists below.
    fresh: Atomic<Node<K>>,
    /// The permits that are held.
    #[cfg(not(feature = "std-ledger"))]
    permits: AtomicUsize,
    /// 1 while a thread has the lock of the two lists below.
    locked: AtomicUsize,
    aging: Atomic<Node<K>>,
    due: Atomic<Node<K>>,
}

impl<K: EpochKey> Limbo<K> {
    pub(crate) fn new(capacity: usize) -> Self {
        let lists = Lists {
            retired: AtomicUsize::new(0),
            added: AtomicUsize::new(0),
            loose: Atomic::null(),
            fresh: Atomic::null(),
            #[cfg(not(feature = "std-ledger"))]
            permits: AtomicUsize::new(0),
            locked: AtomicUsize::new(0),
            aging: Atomic::null(),
            due: Atomic::null(),
        };
        Self { capacity, aged: Arc::new(AtomicUsize::new(1)), lists: CachePadded(lists) }
    }

    pub(crate) fn retired(&self) -> usize {
        // Relaxed: a count, ordered with nothing.
        self.lists.retired.load(Ordering::Relaxed)
    }

    /// Whether another key may be retired. Frees some to that end. May run foreign code.
    pub(super) fn make_room(&self, participant: &Participant) -> bool {
        // Each round lets the epoch advance by one, if no thread is stalled, and frees a parcel
        // that is due.
        for _ in 0..4 {
            if self.has_room() {
                return true;
            }
            self.free(true, participant);
        }
        self.has_room()
    }

    /// Takes a key that the caller has replaced in its cell, or null. May run foreign code.
    pub(super) fn retire(&self, key: Shared<'_, Node<K>>, participant: &Participant) {
        if key.is_null() {
            return;
        }
        let before = self.add(key);
        self.free(before.wrapping_add(1).is_multiple_of(RETIREMENTS_A_FLUSH), participant);
    }

    fn has_room(&self) -> bool {
        self.retired() < self.capacity + RETIRED_ALLOWANCE
    }

    /// Whether so many keys wait that a long pin should be renewed.
    pub(crate) fn is_half_full(&self) -> bool {
        self.retired() > self.capacity + RETIRED_ALLOWANCE / 2
    }

    /// Frees all keys that cannot be read any more. May run foreign code.
    pub(crate) fn free_all(&self, participant: &Participant) {
        if self.retired() == 0 {
            return;
        }
        self.seal();
        let mut now = true;
        while self.free(now, participant) {
            now = false;
        }
    }

    /// Adds a retired key. Returns how many were added before.
    fn add(&self, key: Shared<'_, Node<K>>) -> usize {
        let lists = &self.lists;
        // Relaxed: counts. Before the push, so that they are never below the number of keys in the
        // lists.
        lists.retired.fetch_add(1, Ordering::Relaxed);
        let before = lists.added.fetch_add(1, Ordering::Relaxed);
        push(&lists.loose, key, |node| &node.next);
        if before.wrapping_add(1).is_multiple_of(PARCEL) {
            self.seal();
        }
        before
    }

    /// Makes a parcel of the keys that are in no parcel.
    fn seal(&self) {
        // Acquire: pairs with the release in `push`.
        let parcel = self.lists.loose.swap(Shared::null(), Ordering::Acquire, unfollowed());
        if !parcel.is_null() {
            push(&self.lists.fresh, parcel, |node| &node.next_parcel);
        }
    }

    /// Frees a parcel that is due, if there is one, and returns whether it did. If `now`, first
    /// moves the other parcels on. Does nothing inside the drop of a key (which may record in this
    /// ledger), or while another thread has the lock.
    fn free(&self, now: bool, participant: &Participant) -> bool {
        let lists = &self.lists;
        // Relaxed: a guess.
        if !now && lists.due.load(Ordering::Relaxed, unfollowed()).is_null() {
            return false;
        }
        #[cfg(feature = "std-ledger")]
        let Some(_permit) = FreePermit::acquire() else { return false };
        #[cfg(not(feature = "std-ledger"))]
        let Some(_permit) = FreePermit::acquire(&lists.permits) else { return false };
        // Acquire: pairs with the release in `Unlock`, for the lists and their keys.
        if lists.locked.swap(1, Ordering::Acquire) == 1 {
            return false;
        }
        let unlock = Unlock(&lists.locked);
        if now {
            self.age(&participant.pin());
        }
        // Relaxed, as all accesses under the lock.
        let first = lists.due.load(Ordering::Relaxed, unfollowed());
        // SAFETY: under the lock, no other thread takes a parcel out of this list.
        let Some(parcel) = (unsafe { first.as_ref() }) else { return false };
        lists.due.store(parcel.next_parcel.load(Ordering::Relaxed, unfollowed()), Ordering::Relaxed);
        drop(unlock);
        Retired { first: first.as_raw(), count: &lists.retired }.free();
        true
    }

    /// Moves the parcels on to the next list as far as the collector has got. Under the lock.
    fn age(&self, pin: &Guard) {
        let lists = &self.lists;
        // Acquire: pairs with the release of the function deferred below, so that all reads of the
        // keys come before.
        let have_aged = || self.aged.load(Ordering::Acquire) == 1;
        if !have_aged() {
            pin.flush();
        }
        if !have_aged() || !lists.due.load(Ordering::Relaxed, pin).is_null() {
            return;
        }
        lists.due.store(lists.aging.load(Ordering::Relaxed, pin), Ordering::Relaxed);
        // Acquire: pairs with the release in `push`.
        let fresh = lists.fresh.swap(Shared::null(), Ordering::Acquire, pin);
        lists.aging.store(fresh, Ordering::Relaxed);
        if fresh.is_null() {
            return;
        }
        // Relaxed: the function deferred next runs later.
        self.aged.store(0, Ordering::Relaxed);
        let aged = Arc::clone(&self.aged);
        // Hands over the functions that others have deferred in this thread: one of them that panics
        // would take the next with it.
        pin.flush();
        // Release: pairs with the acquire above.
        pin.defer(move || aged.store(1, Ordering::Release));
        // Hands the function over at once, not with the next 63.
        pin.flush();
    }
}

/// A guard for accesses to pointers that are not followed, or whose list no other thread has.
pub(super) fn unfollowed() -> &'static Guard {
    // SAFETY: a guard protects reads through a pointer, and no caller reads through one on the
    // strength of this guard.
    unsafe { unprotected() }
}

/// Adds a retired key, or a parcel of them, to a list.
fn push<K>(list: &Atomic<Node<K>>, node: Shared<'_, Node<K>>, next: fn(&Node<K>) -> &Atomic<Node<K>>) {
    // Relaxed: the pointer is only passed on.
    let mut first = list.load(Ordering::Relaxed, unfollowed());
    loop {
        // SAFETY: a key is freed only by a call that finds it in a list.
        // Relaxed: the exchange below publishes it.
        next(unsafe { node.deref() }).store(first, Ordering::Relaxed);
        // Release: pairs with the acquire of the call that takes the list (`seal`, `age`), for
        // `next`, and for the cell that no longer has the key.
        match list.compare_exchange(first, node, Ordering::Release, Ordering::Relaxed, unfollowed()) {
            Ok(_) => return,
            Err(other) => first = other.current,
        }
    }
}

impl<K: EpochKey> Drop for Limbo<K> {
    /// Keys are read only in calls on the ledger, so no readers are left.
    fn drop(&mut self) {
        let lists = &self.lists;
        self.seal();
        for list in [&lists.fresh, &lists.aging, &lists.due] {
            let mut first = list.load(Ordering::Relaxed, unfollowed());
            // SAFETY: no other thread has the lists any more.
            while let Some(parcel) = unsafe { first.as_ref() } {
                let next = parcel.next_parcel.load(Ordering::Relaxed, unfollowed());
                Retired { first: first.as_raw(), count: &lists.retired }.free();
                first = next;
            }
        }
    }
}

/// Releases the lock of the lists when it is dropped.
struct Unlock<'a>(&'a AtomicUsize);

impl Drop for Unlock<'_> {
    fn drop(&mut self) {
        // Release: pairs with the acquire in `free`.
        self.0.store(0, Ordering::Release);
    }
}

/// A list of keys that cannot be read any more.
struct Retired<'a, K: EpochKey> {
    first: *const Node<K>,
    count: &'a AtomicUsize,
}

impl<K: EpochKey> Retired<'_, K> {
    fn free(mut self) {
        self.free_each();
    }

    fn free_each(&mut self) {
        while !self.first.is_null() {
            // SAFETY: made by `Owned::new` in `prepare`, and in no other list.
            let node = unsafe { Owned::from_raw(self.first.cast_mut()) };
            // SAFETY: no other thread has this list.
            self.first = node.next.load(Ordering::Relaxed, unfollowed()).as_raw();
            // Relaxed: a count.
            self.count.fetch_sub(1, Ordering::Relaxed);
            // A panic here would reach a caller that has nothing to do with this key. Without `std`
            // it cannot be caught.
            #[cfg(feature = "std-ledger")]
            if let Err(payload) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(node))) {
                // The drop of the payload may panic again.
                core::mem::forget(payload);
            }
            #[cfg(not(feature = "std-ledger"))]
            drop(node);
        }
    }
}

impl<K: EpochKey> Drop for Retired<'_, K> {
    /// Frees the rest if the drop of a key panics.
    fn drop(&mut self) {
        self.free_each();
    }
}

#[cfg(all(test, not(highwater_loom)))]
mod tests {
    use crossbeam_epoch::Collector;

    use super::*;

    /// There may be more retired keys than the limit if several calls passed it at once.
    #[test]
    fn no_key_is_displaced_at_the_limit_or_above() {
        let participant = Participant::Registered(Collector::new().register());
        let limbo = Limbo::<u64>::new(3);
        let limit = 3 + RETIRED_ALLOWANCE;
        for (retired, may) in [(0, true), (limit - 1, true), (limit, false), (limit + 1, false)] {
            limbo.lists.retired.store(retired, Ordering::Relaxed);
            assert_eq!(limbo.make_room(&participant), may, "{retired}");
        }
    }
}
