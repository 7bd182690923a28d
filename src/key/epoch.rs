//! Keys of any type, behind pointers that `crossbeam-epoch` reclaims. The only `unsafe` of the crate.
//!
//! What makes it sound:
//!
//! - A cell is null or points to a key that was put there by the owner of a claim. It is replaced
//!   only by the owner of the next claim, who retires it through the collector after having replaced
//!   it, or puts it back ([`KeyCell::take_back`]) before anybody could have seen the slot live.
//! - Everybody who reads a cell has pinned the same collector before, so that a pointer read from a
//!   cell and retired later is not freed while they are pinned.
//! - A reader dereferences only after having seen the peak word unchanged around the pointer load.
//!   The pointer then belongs to a resident, never to a claim that may yet be taken back.
#![allow(unsafe_code)]

use alloc::sync::Arc;
use core::{
    hash::{Hash, Hasher},
    marker::PhantomData,
};

use crossbeam_epoch::{Atomic, Guard, Owned, Shared};

use super::{Comparison, KeyCell, Wanted};
use crate::sync::{AtomicUsize, Ordering, Zeroable};

/// How many retired keys may wait to be freed beyond the capacity of a ledger.
pub const RETIRED_ALLOWANCE: usize = 8192;

/// What epoch-reclaimed keys must be able to do: any `Hash + Eq + Clone + Send + Sync + 'static`
/// type can.
pub trait EpochKey: Hash + Eq + Clone + Send + Sync + 'static {}
impl<K: Hash + Eq + Clone + Send + Sync + 'static> EpochKey for K {}

/// A pointer to the key of a slot; null at first.
pub(crate) struct EpochCell<K: EpochKey>(Atomic<K>);

#[cfg(not(highwater_loom))]
// SAFETY: all bytes zero is a null pointer with tag 0, which is what `Atomic::null` makes: its only
// field that takes space is an atomic pointer-sized word.
unsafe impl<K: EpochKey> Zeroable for EpochCell<K> {}
#[cfg(highwater_loom)]
impl<K: EpochKey> Zeroable for EpochCell<K> {
    fn zeroed() -> Self {
        Self(Atomic::null())
    }
}

/// The key that was in a cell before a newcomer's.
pub(crate) struct Displaced<K>(*const K);

/// The retired keys of one ledger that are not freed yet.
pub(crate) struct Limbo {
    retired: Arc<AtomicUsize>,
    capacity: usize,
}

impl Limbo {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { retired: Arc::new(AtomicUsize::new(0)), capacity }
    }

    pub(crate) fn retired(&self) -> usize {
        // Relaxed: a count, ordered with nothing.
        self.retired.load(Ordering::Relaxed)
    }
}

/// Counts a key as freed when dropped, even while its own drop unwinds.
struct Freed(Arc<AtomicUsize>);

impl Drop for Freed {
    fn drop(&mut self) {
        // Relaxed, as above.
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<K: EpochKey> KeyCell for EpochCell<K> {
    type Key = K;
    type Pin = Guard;
    type Prepared = Owned<K>;
    type Displaced = Displaced<K>;
    type Limbo = Limbo;

    fn put(&self, key: Owned<K>, pin: &Guard) -> Displaced<K> {
        // Release: publishes the key, and who reads the pointer (acquire, in `pointer`) sees the
        // claim that came before it. Acquire: the displaced key is seen whole by who drops it.
        Displaced(self.0.swap(key, Ordering::AcqRel, pin).as_raw())
    }

    fn take_back(&self, displaced: Displaced<K>, pin: &Guard) -> Owned<K> {
        let before = Shared::from(displaced.0);
        // AcqRel, as in `put`.
        let key = self.0.swap(before, Ordering::AcqRel, pin);
        // SAFETY: the pointer is the caller's own, put there under the claim that it still holds.
        // Nobody else replaces it, and nobody dereferences it: the slot was not live since.
        unsafe { key.into_owned() }
    }

    fn may_displace(limbo: &Limbo, pin: &mut Guard) -> bool {
        let limit = limbo.capacity + RETIRED_ALLOWANCE;
        // Each round hands this thread's retired keys to the collector, lets the epoch advance by
        // one if nobody is stalled, and frees some of what is two epochs old.
        for _ in 0..4 {
            if limbo.retired() < limit {
                return true;
            }
            pin.flush();
            pin.repin();
        }
        limbo.retired() < limit
    }

    fn retire(displaced: Displaced<K>, limbo: &Limbo, pin: &Guard) {
        if displaced.0.is_null() {
            return;
        }
        // Relaxed: a count.
        let retired = limbo.retired.fetch_add(1, Ordering::Relaxed) + 1;
        let freed = Freed(Arc::clone(&limbo.retired));
        let key = SendPtr(displaced.0.cast_mut());
        let free = move || {
            let _freed = freed;
            // Whole, so that the closure captures what is `Send`.
            let key = key;
            // SAFETY: made by `Owned::new` in `prepare`, and nobody is left who could read it.
            let drop_key = move || drop(unsafe { Owned::from_raw({ key }.0) });
            // A panic here would reach a caller who has nothing to do with this key, and leak what
            // the collector was about to free with it. Without `std-ledger` there is no way to stop it.
            #[cfg(feature = "std-ledger")]
            if let Err(payload) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(drop_key)) {
                // Its own drop may panic again.
                core::mem::forget(payload);
            }
            #[cfg(not(feature = "std-ledger"))]
            drop_key();
        };
        // SAFETY: the key was replaced in its cell, so that who pins from now on cannot find it, and
        // it is retired once, by the one who replaced it. The closure may run on any thread (`K` is
        // `Send`) and at any time (`K` is `'static`).
        unsafe { pin.defer_unchecked(free) };
        // Idle threads keep up to a bag of retired keys each. Once half the allowance is used, every
        // retirement is handed over at once, so that they cannot use up the rest.
        if retired > RETIRED_ALLOWANCE / 2 {
            pin.flush();
        }
    }

    fn read(&self, pin: &Guard, still: impl Fn() -> bool) -> Option<K> {
        self.key(pin, still).cloned()
    }
}

/// A key on its way to the thread that frees it.
struct SendPtr<K>(*mut K);

// SAFETY: it stands for the key itself, which is `Send`.
unsafe impl<K: Send> Send for SendPtr<K> {}

impl<K: EpochKey> EpochCell<K> {
    /// The key, if `still` holds after its pointer was read: then it is a resident's.
    fn key<'pin>(&self, pin: &'pin Guard, still: impl Fn() -> bool) -> Option<&'pin K> {
        // Acquire: pairs with the swaps in `put` and `take_back`.
        let pointer = self.0.load(Ordering::Acquire, pin);
        if !still() {
            return None;
        }
        // SAFETY: the slot was live with one and the same peak before and after the load, so this is
        // a resident's key; it was in the cell after `pin` was pinned, so it is not freed before.
        unsafe { pointer.as_ref() }
    }
}

impl<K: EpochKey> Drop for EpochCell<K> {
    fn drop(&mut self) {
        // SAFETY: nobody else has the cell any more, and the key in it, if any, was not retired:
        // keys are retired only after they were replaced.
        drop(unsafe { core::mem::take(&mut self.0).try_into_owned() });
    }
}

/// A borrowed form of a key, and how to make the key from it.
pub(crate) struct Borrowed<'a, K, Q: ?Sized, F> {
    key: &'a Q,
    make: F,
    kind: PhantomData<fn() -> K>,
}

impl<'a, K, Q: ?Sized, F: Fn() -> K> Borrowed<'a, K, Q, F> {
    pub(crate) fn new(key: &'a Q, make: F) -> Self {
        Self { key, make, kind: PhantomData }
    }
}

impl<'a, K, Q: ?Sized> Borrowed<'a, K, Q, fn() -> K> {
    /// Not to be admitted.
    pub(crate) fn to_look(key: &'a Q) -> Self {
        Self::new(key, || unreachable!("a look-up admits nobody"))
    }
}

/// As the key that is borrowed.
impl<K, Q: Hash + ?Sized, F> Hash for Borrowed<'_, K, Q, F> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl<K, Q, F> Wanted<EpochCell<K>> for Borrowed<'_, K, Q, F>
where
    K: EpochKey,
    Q: Hash + equivalent::Equivalent<K> + ?Sized,
    F: Fn() -> K,
{
    #[inline]
    fn compare(&self, cell: &EpochCell<K>, pin: &Guard, still: impl Fn() -> bool) -> Comparison {
        match cell.key(pin, still) {
            Some(key) if self.key.equivalent(key) => Comparison::Equal,
            Some(_) => Comparison::Different,
            None => Comparison::Changed,
        }
    }

    fn prepare(&self) -> Owned<K> {
        Owned::new((self.make)())
    }
}

#[cfg(all(test, not(highwater_loom)))]
mod tests {
    use crossbeam_epoch::Collector;

    use super::*;

    /// There may be more than the limit if several calls passed it at once.
    #[test]
    fn nobody_is_displaced_at_the_limit_or_above() {
        let mut pin = Collector::new().register().pin();
        let limbo = Limbo::new(3);
        let limit = 3 + RETIRED_ALLOWANCE;
        for (retired, may) in [(0, true), (limit - 1, true), (limit, false), (limit + 1, false)] {
            limbo.retired.store(retired, Ordering::Relaxed);
            assert_eq!(EpochCell::<u64>::may_displace(&limbo, &mut pin), may, "{retired}");
        }
    }
}
