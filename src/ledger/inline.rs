//! Ledgers on the heap whose keys are held in the slots.

use alloc::{sync::Arc, vec::Vec};
use core::{fmt, hash::BuildHasher};

use super::{
    DefaultHashBuilder, LedgerStats, MAX_PRINCIPALS, SnapshotSource, arc_bytes,
    core::Core,
    face::{inline_calls, readings},
};
use crate::{
    key::{InlineKey, inline::InlineCell},
    principal::PrincipalId,
    snapshot::Snapshot,
    table::{Heap, Hint, Recorded},
    tracker::{Tracker, sealed},
};

/// The ledger of memory high-water marks by [`PrincipalId`].
///
/// Keys are held inline: no call allocates or frees after construction, and every call but
/// [`top`](InlineLedger::top) and [`snapshot`](InlineLedger::snapshot), which allocate, may
/// be made from an interrupt or signal handler that runs on top of any other call.
///
/// ```
/// # #[cfg(feature = "std-ledger")] {
/// use highwater::{MemoryLedger, PrincipalId, Recorded};
///
/// let ledger = MemoryLedger::default();
/// let alice = PrincipalId::new("alice")?;
/// assert_eq!(ledger.record_peak(&alice, 3 << 20), Recorded::Admitted);
/// assert_eq!(ledger.record_peak(&alice, 1 << 20), Recorded::Unchanged);
/// assert_eq!(ledger.peak(&alice), 3 << 20);
/// # }
/// # Ok::<(), highwater::PrincipalIdError>(())
/// ```
pub type MemoryLedger<S = DefaultHashBuilder> = InlineLedger<PrincipalId, S>;

/// Exact high-water marks of the biggest users, for plain keys ([`InlineKey`]) held in the slots.
///
/// A handle: clones share one ledger. Of all keys ever recorded it holds the `capacity` ones with
/// the highest maxima, each with its exact maximum; see [the design](crate::design) for why, and
/// for the promises of each call. All memory is taken at construction.
pub struct InlineLedger<K: InlineKey, S = DefaultHashBuilder> {
    core: Arc<InlineCore<K, S>>,
}

type InlineCore<K, S> = Core<Heap<InlineCell<K>>, S>;

impl<K: InlineKey> InlineLedger<K> {
    /// A ledger of [`MAX_PRINCIPALS`] places. Allocates.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(MAX_PRINCIPALS)
    }

    /// A ledger of `capacity` places. Allocates about `2 * capacity` slots, zeroed.
    ///
    /// # Panics
    ///
    /// If `capacity` is 0 or more than 2<sup>30</sup> (2<sup>14</sup> with 32-bit words), or if
    /// there is not enough memory for it.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity_and_hasher(capacity, DefaultHashBuilder::default())
    }
}

impl<K: InlineKey, S> InlineLedger<K, S> {
    /// A ledger of [`MAX_PRINCIPALS`] places with a hasher of the caller's. Allocates.
    #[must_use]
    pub fn with_hasher(hasher: S) -> Self {
        Self::with_capacity_and_hasher(MAX_PRINCIPALS, hasher)
    }

    /// A ledger of `capacity` places with a hasher of the caller's, all of whose bits should be
    /// well mixed. Allocates.
    ///
    /// # Panics
    ///
    /// As [`with_capacity`](InlineLedger::with_capacity).
    #[must_use]
    pub fn with_capacity_and_hasher(capacity: usize, hasher: S) -> Self {
        Self::from_heap(Heap::new(capacity, ()), hasher)
    }

    /// For models: rounds of `seq` so short that it wraps within a few admissions.
    #[cfg(highwater_loom)]
    #[cfg_attr(mutants, mutants::skip)] // For models alone.
    #[doc(hidden)]
    pub fn with_seq_bits(capacity: usize, seq_bits: u32, hasher: S) -> Self {
        let shape = crate::table::shape::Shape::with_capacity(capacity).with_seq_bits(seq_bits);
        Self::from_heap(Heap::with_shape(shape, ()), hasher)
    }

    fn from_heap(heap: Heap<InlineCell<K>>, hasher: S) -> Self {
        Self { core: Arc::new(Core::new(heap, hasher)) }
    }

    #[inline]
    fn core(&self) -> &InlineCore<K, S> {
        &self.core
    }

    readings!();

    /// The bytes that the ledger occupies on the heap; they never change.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        arc_bytes::<InlineCore<K, S>>() + self.core.table().storage().bytes()
    }
}

impl<K: InlineKey, S: BuildHasher> InlineLedger<K, S> {
    // `record_peak`, `peak` and others: in `face.rs`.
    inline_calls!(K);

    /// All residents with their peaks in bytes, highest first, ties by key, and an upper bound for all
    /// others. Each key comes once, with a peak that it had at some instant during the call. Allocates.
    /// Takes time in proportion to the slots, and sorts the residents.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot<K> {
        self.core.snapshot(Ord::cmp, &())
    }

    /// The `n` residents with the highest peaks in bytes, highest first, ties by key. Allocates.
    #[must_use]
    pub fn top(&self, n: usize) -> Vec<(K, u64)> {
        self.snapshot().into_iter().take(n).collect()
    }

    /// A [`Tracker`] that records for `key` in this ledger.
    #[must_use]
    pub fn tracker(&self, key: K) -> Tracker<Self> {
        Tracker::new(self.clone(), key)
    }
}

impl<K: InlineKey, S: BuildHasher> SnapshotSource for InlineLedger<K, S> {
    type Principal = K;

    fn snapshot(&self) -> Snapshot<K> {
        self.snapshot()
    }

    fn stats(&self) -> LedgerStats {
        self.stats()
    }
}

impl<K: InlineKey, S: BuildHasher> sealed::Handle for InlineLedger<K, S> {
    type Key = K;

    #[inline]
    fn record_hinted(&self, key: &K, bytes: u64, hint: &mut Hint) -> Recorded {
        self.core.record::<K, _>(key, bytes, Some(hint), || ())
    }
}

impl<K: InlineKey, S> Clone for InlineLedger<K, S> {
    fn clone(&self) -> Self {
        Self { core: Arc::clone(&self.core) }
    }
}

/// Records all items.
impl<K: InlineKey, S: BuildHasher> Extend<(K, u64)> for InlineLedger<K, S> {
    fn extend<I: IntoIterator<Item = (K, u64)>>(&mut self, records: I) {
        records.into_iter().for_each(|(key, bytes)| _ = self.record_peak(&key, bytes));
    }
}

/// A ledger of [`MAX_PRINCIPALS`] places that has recorded all items.
impl<K: InlineKey, S: BuildHasher + Default> FromIterator<(K, u64)> for InlineLedger<K, S> {
    fn from_iter<I: IntoIterator<Item = (K, u64)>>(records: I) -> Self {
        let mut ledger = Self::with_hasher(S::default());
        ledger.extend(records);
        ledger
    }
}

/// Only for the default hasher, so that `MemoryLedger::default()` needs no annotation.
impl<K: InlineKey> Default for InlineLedger<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: InlineKey, S> fmt::Debug for InlineLedger<K, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.core.debug("InlineLedger", f)
    }
}

#[cfg(all(test, not(highwater_loom)))]
mod tests {
    use std::{collections::BTreeMap, thread};

    use super::*;
    use crate::{ledger::FixedState, table::shape::Shape};

    /// With rounds of about a thousand admissions, so that `seq` wraps under the callers.
    #[test]
    fn the_ledger_stays_exact_while_seq_wraps() {
        for round in 0..200_u64 {
            let capacity = 1 + round as usize % 6;
            let shape = Shape::with_capacity(capacity).with_seq_bits(10);
            let ledger = InlineLedger::<u64, _>::from_heap(Heap::with_shape(shape, ()), FixedState);
            let maxima = thread::scope(|scope| {
                let threads: Vec<_> = (0..4)
                    .map(|thread| {
                        let ledger = &ledger;
                        scope.spawn(move || {
                            let mut maxima = BTreeMap::new();
                            for step in 1..=2000_u64 {
                                let key = (step * 7 + thread * 3 + round) % 31;
                                let bytes = step * 4 + thread;
                                ledger.record_peak(&key, bytes);
                                maxima.insert(key, bytes);
                            }
                            maxima
                        })
                    })
                    .collect();
                let mut all = BTreeMap::new();
                for (key, bytes) in threads.into_iter().flat_map(|thread| thread.join().unwrap()) {
                    let entry = all.entry(key).or_insert(0);
                    *entry = bytes.max(*entry);
                }
                all
            });
            let mut highest: Vec<_> = maxima.into_iter().collect();
            highest.sort_by_key(|&(_, peak)| core::cmp::Reverse(peak));
            highest.truncate(capacity);
            assert_eq!(ledger.top(capacity), highest);
            assert_eq!((ledger.len(), ledger.refused()), (capacity, 0));
            assert!(ledger.evictions() > 1000, "seq has not wrapped: {}", ledger.evictions());
        }
    }
}
