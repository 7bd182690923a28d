//! Ledgers for keys of any type, behind epoch-reclaimed pointers.

use alloc::{borrow::ToOwned, sync::Arc, vec::Vec};
use core::{
    fmt,
    hash::{BuildHasher, Hash},
    marker::PhantomData,
};

use crossbeam_epoch::{Collector, Guard, LocalHandle};
use equivalent::Equivalent;

#[cfg(feature = "std")]
use super::MAX_PRINCIPALS;
use super::{
    DefaultHashBuilder, debug_summary,
    heap::{Heap, shared_bytes},
    readings, report,
};
#[cfg(feature = "std")]
use crate::tracker::Tracker;
use crate::{
    key::epoch::{Borrowed, EpochCell, EpochKey, Limbo},
    meter::MeterCounters,
    sync::{Line, Word},
    table::{Recorded, Storage, Table},
    tracker::{Hint, sealed},
};

/// Exact high-water marks of the biggest users, for keys of any type.
///
/// A handle: clones share one ledger. The key is cloned once, at admission, kept behind a pointer
/// and freed through `crossbeam-epoch` some time after its eviction. `Ledger<PrincipalId>` is this
/// form, too; [`MemoryLedger`](crate::MemoryLedger) is the inline one for the same keys.
///
/// Recording for a resident never allocates; an admission does, and may free. **Not** for interrupts
/// or signal handlers: to pin the epoch is not reentrant, and admissions use the allocator.
///
/// ```
/// # #[cfg(feature = "std")] {
/// use highwater::{Ledger, Recorded};
///
/// let ledger = Ledger::<String>::default();
/// assert_eq!(ledger.record_peak("alice", 65_536), Recorded::Admitted);
/// assert_eq!(ledger.peak("alice"), 65_536);
/// assert_eq!(ledger.top(1), [("alice".to_string(), 65_536)]);
/// # }
/// ```
///
/// # Bounded memory
///
/// An evicted key is freed once no thread is pinned that could still read it. A thread stalled
/// inside a call (or another user's guard on the same collector) can hold that back, so retired keys
/// are counted: while [`RETIRED_ALLOWANCE`](crate::RETIRED_ALLOWANCE) plus the capacity are waiting,
/// newcomers are [`Refused`](Recorded::Refused). A ledger with a collector of its own
/// ([`with_collector`](Ledger::with_collector)) is only held back by its own users.
pub struct Ledger<K: EpochKey, S = DefaultHashBuilder> {
    shared: Arc<Shared<K, S>>,
}

struct Shared<K: EpochKey, S> {
    table: Table<Heap<EpochCell<K>>>,
    counters: Line<MeterCounters>,
    hasher: S,
    /// The process's default collector if there is none.
    collector: Option<Collector>,
}

/// A thread's (or CPU's) access to a [`Ledger`]: registered with its collector once, so that calls
/// need no thread-local storage. Neither `Send` nor `Sync`.
///
/// ```
/// use highwater::{Collector, FixedState, Ledger};
///
/// let ledger = Ledger::<u64, _>::with_collector(64, FixedState, Collector::new());
/// let recorder = ledger.recorder();
/// recorder.record_peak(&7, 65_536);
/// assert_eq!(recorder.peak(&7), 65_536);
/// ```
pub struct Recorder<K: EpochKey, S = DefaultHashBuilder> {
    ledger: Ledger<K, S>,
    handle: LocalHandle,
}

#[cfg(feature = "std")]
impl<K: EpochKey> Ledger<K> {
    /// A ledger of [`MAX_PRINCIPALS`] places on the default collector. Allocates.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(MAX_PRINCIPALS)
    }

    /// A ledger of `capacity` places on the default collector. Allocates about `2 * capacity` slots,
    /// zeroed.
    ///
    /// # Panics
    ///
    /// As [`InlineLedger::with_capacity`](crate::InlineLedger::with_capacity).
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity_and_hasher(capacity, DefaultHashBuilder::default())
    }
}

#[cfg(feature = "std")]
impl<K: EpochKey, S> Ledger<K, S> {
    /// A ledger of [`MAX_PRINCIPALS`] places with a hasher of the caller's. Allocates.
    #[must_use]
    pub fn with_hasher(hasher: S) -> Self {
        Self::with_capacity_and_hasher(MAX_PRINCIPALS, hasher)
    }

    /// A ledger of `capacity` places with a hasher of the caller's, whose upper 32 bits should be
    /// well mixed. Allocates.
    ///
    /// # Panics
    ///
    /// As [`InlineLedger::with_capacity`](crate::InlineLedger::with_capacity).
    #[must_use]
    pub fn with_capacity_and_hasher(capacity: usize, hasher: S) -> Self {
        Self::with_parts(capacity, hasher, None)
    }
}

impl<K: EpochKey, S> Ledger<K, S> {
    /// A ledger whose keys are reclaimed through the given collector. Allocates.
    ///
    /// Record through [`recorder`](Ledger::recorder)s; with `std` the ledger's own methods work as
    /// well, but register with the collector anew, and so allocate, in each call.
    ///
    /// # Panics
    ///
    /// As [`InlineLedger::with_capacity`](crate::InlineLedger::with_capacity).
    #[must_use]
    pub fn with_collector(capacity: usize, hasher: S, collector: Collector) -> Self {
        Self::with_parts(capacity, hasher, Some(collector))
    }

    fn with_parts(capacity: usize, hasher: S, collector: Option<Collector>) -> Self {
        let table = Table::new(Heap::new(capacity, Limbo::new(capacity)));
        Self { shared: Arc::new(Shared { table, counters: Line(MeterCounters::new()), hasher, collector }) }
    }

    /// Registers the calling thread (or CPU). Allocates.
    #[must_use]
    pub fn recorder(&self) -> Recorder<K, S> {
        let handle = match &self.shared.collector {
            Some(collector) => collector.register(),
            #[cfg(feature = "std")]
            None => crossbeam_epoch::default_collector().register(),
            #[cfg(not(feature = "std"))]
            None => unreachable!("only `std` constructors leave the collector out"),
        };
        Recorder { ledger: self.clone(), handle }
    }

    #[inline]
    fn table(&self) -> &Table<Heap<EpochCell<K>>> {
        &self.shared.table
    }

    #[inline]
    fn counters(&self) -> &MeterCounters {
        &self.shared.counters
    }

    readings!();

    /// Keys that were evicted and are not freed yet: at most the capacity plus
    /// [`RETIRED_ALLOWANCE`](crate::RETIRED_ALLOWANCE) and the number of calls under way.
    #[must_use]
    pub fn retired(&self) -> usize {
        self.table().storage().limbo().retired()
    }

    /// The bytes that the ledger itself occupies on the heap, its keys apart; they never change.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        shared_bytes::<Shared<K, S>>() + self.table().storage().bytes() + Limbo::BYTES
    }

    #[cfg(feature = "std")]
    #[inline]
    fn pin(&self) -> Guard {
        match &self.shared.collector {
            None => crossbeam_epoch::pin(),
            Some(collector) => collector.register().pin(),
        }
    }
}

impl<K: EpochKey, S: BuildHasher> Shared<K, S> {
    #[inline]
    fn record<Q: Hash + Equivalent<K> + ?Sized>(
        &self,
        key: &Q,
        make: impl Fn() -> K,
        bytes: u64,
        hint: Option<&mut Hint>,
        pin: impl FnOnce() -> Guard,
    ) -> Recorded {
        self.table.record(bytes, hint, |bytes, hint| self.record_above_floor(key, make, bytes, hint, pin))
    }

    #[inline(never)]
    fn record_above_floor<Q: Hash + Equivalent<K> + ?Sized>(
        &self,
        key: &Q,
        make: impl Fn() -> K,
        bytes: Word,
        hint: Option<&mut Hint>,
        pin: impl FnOnce() -> Guard,
    ) -> Recorded {
        let wanted = Borrowed { key, make, kind: PhantomData };
        let hash = self.hasher.hash_one(key);
        self.table.record_above_floor(hash, &wanted, bytes, hint, pin())
    }

    #[inline]
    fn peak<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q, pin: &Guard) -> u64 {
        // Looking does not make keys.
        let wanted = Borrowed { key, make: || unreachable!("a look-up admits nobody"), kind: PhantomData };
        self.table.peak(self.hasher.hash_one(key), &wanted, pin)
    }

    fn snapshot(&self, pin: &Guard) -> Vec<(K, u64)> {
        report::snapshot(&self.table, pin, |key| self.hasher.hash_one(key))
    }
}

/// The calls that need a pin, for whoever can make one.
macro_rules! pinned_calls {
    () => {
        /// Records that `key` used `bytes`: raises its peak, or admits it if it belongs to the top.
        /// `key` may be any borrowed form of `K` from which a `K` can be made, such as `&str` for
        /// `String`; it is made only at admission.
        ///
        /// 0 is a no-op; values from 2<sup>63</sup> - 1 on (2<sup>31</sup> - 1 with 32-bit words)
        /// count as that. A value at or below the floor costs one load; recording for a resident
        /// allocates nothing. Not for interrupts.
        ///
        /// # Panics
        ///
        /// Only if the key's `Hash`, `Eq`, `Clone` or an evicted key's `Drop` does; the ledger is
        /// whole afterwards.
        #[inline]
        pub fn record_peak<Q>(&self, key: &Q, bytes: u64) -> Recorded
        where
            Q: Hash + Equivalent<K> + ToOwned<Owned = K> + ?Sized,
        {
            self.shared().record(key, || key.to_owned(), bytes, None, || self.pin())
        }

        /// The same for borrowed forms that cannot be turned into a `K` by themselves: `make` is
        /// called at admission, once unless it panics.
        #[inline]
        pub fn record_peak_with<Q>(&self, key: &Q, bytes: u64, make: impl Fn() -> K) -> Recorded
        where
            Q: Hash + Equivalent<K> + ?Sized,
        {
            self.shared().record(key, make, bytes, None, || self.pin())
        }

        /// The peak of `key` in bytes, or 0 if it is not resident. Allocates nothing. Not for
        /// interrupts.
        #[must_use]
        #[inline]
        pub fn peak<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> u64 {
            self.shared().peak(key, &self.pin())
        }

        /// All residents with their peaks in bytes, in no order: each key once, no more than the
        /// capacity, each as it was at some instant during the call. Clones the keys.
        #[must_use]
        pub fn snapshot(&self) -> Vec<(K, u64)> {
            self.shared().snapshot(&self.pin())
        }

        /// The `n` residents with the highest peaks in bytes, highest first, ties in no order (for
        /// keys that have one, sort a [`snapshot`](Self::snapshot)). Clones the keys.
        #[must_use]
        pub fn top(&self, n: usize) -> Vec<(K, u64)> {
            report::top(self.snapshot(), n, |_, _| core::cmp::Ordering::Equal)
        }
    };
}

#[cfg(feature = "std")]
impl<K: EpochKey, S: BuildHasher> Ledger<K, S> {
    fn shared(&self) -> &Shared<K, S> {
        &self.shared
    }

    pinned_calls!();

    /// A [`Tracker`] that records for `key` in this ledger.
    #[must_use]
    pub fn tracker(&self, key: K) -> Tracker<Self> {
        Tracker::new(self.clone(), key)
    }
}

impl<K: EpochKey, S: BuildHasher> Recorder<K, S> {
    fn shared(&self) -> &Shared<K, S> {
        &self.ledger.shared
    }

    #[inline]
    fn pin(&self) -> Guard {
        self.handle.pin()
    }

    pinned_calls!();
}

impl<K: EpochKey, S> Recorder<K, S> {
    /// The ledger that this recorder is registered for.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger<K, S> {
        &self.ledger
    }
}

/// Trackers and meters own a ledger where it can pin by itself, and a recorder elsewhere.
macro_rules! handle {
    ($type:ty) => {
        impl<K: EpochKey, S: BuildHasher> sealed::Handle for $type {
            type Key = K;

            #[inline]
            fn record_hinted(&self, key: &K, bytes: u64, hint: &mut Hint) -> Recorded {
                match self.table().record_by_hint(bytes, hint) {
                    Some(recorded) => recorded,
                    None => self.shared().record(key, || key.clone(), bytes, Some(hint), || self.pin()),
                }
            }

            #[inline]
            fn meter_counters(&self) -> &MeterCounters {
                self.counters()
            }
        }
    };
}
#[cfg(feature = "std")]
handle!(Ledger<K, S>);
handle!(Recorder<K, S>);

impl<K: EpochKey, S> Recorder<K, S> {
    fn table(&self) -> &Table<Heap<EpochCell<K>>> {
        self.ledger.table()
    }

    fn counters(&self) -> &MeterCounters {
        self.ledger.counters()
    }
}

impl<K: EpochKey, S> Drop for Shared<K, S> {
    /// Frees what evicted keys it can: with nobody else pinned, those of all threads that are gone.
    fn drop(&mut self) {
        #[cfg(feature = "std")]
        if self.collector.is_none() {
            let limbo = self.table.storage().limbo();
            let mut left = limbo.retired();
            // A flush frees a few bags, two epochs after they were filled.
            let mut fruitless = 0;
            while left > 0 && fruitless < 4 {
                crossbeam_epoch::pin().flush();
                let now = limbo.retired();
                fruitless = if now < left { 0 } else { fruitless + 1 };
                left = now;
            }
        }
    }
}

impl<K: EpochKey, S> Clone for Ledger<K, S> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

/// For the default hasher alone, so that `Ledger::default()` needs no annotation for it.
#[cfg(feature = "std")]
impl<K: EpochKey> Default for Ledger<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: EpochKey, S> fmt::Debug for Ledger<K, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_summary!("Ledger", f, self)
    }
}

impl<K: EpochKey, S> fmt::Debug for Recorder<K, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("ledger", &self.ledger).finish_non_exhaustive()
    }
}
