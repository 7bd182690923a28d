//! The calls that need a pin, by the ledger itself or through a recorder.

use alloc::{borrow::ToOwned, vec::Vec};
use core::{
    fmt,
    hash::{BuildHasher, Hash},
    marker::PhantomData,
};

use crossbeam_epoch::{Guard, LocalHandle};
use equivalent::Equivalent;

use super::{Ledger, Shared};
#[cfg(feature = "std-ledger")]
use crate::tracker::Tracker;
use crate::{
    key::epoch::{Borrowed, EpochKey},
    ledger::{DefaultHashBuilder, report},
    meter::MeterCounters,
    sync::Word,
    table::Recorded,
    tracker::{Hint, sealed},
};

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
        self.table.record(bytes, hint, |bytes, hint| {
            let hash = self.hasher.hash_one(key);
            self.record_above_floor(hash, key, make, bytes, hint, pin())
        })
    }

    #[inline(never)]
    fn record_above_floor<Q: Hash + Equivalent<K> + ?Sized>(
        &self,
        hash: u64,
        key: &Q,
        make: impl Fn() -> K,
        bytes: Word,
        hint: Option<&mut Hint>,
        pin: Guard,
    ) -> Recorded {
        let wanted = Borrowed { key, make, kind: PhantomData };
        self.table.record_above_floor(hash, &wanted, bytes, hint, pin)
    }

    #[inline]
    fn peak<Q>(&self, key: &Q, pin: impl FnOnce() -> Guard) -> u64
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        // Looking does not make keys.
        let wanted = Borrowed { key, make: || unreachable!("a look-up admits nobody"), kind: PhantomData };
        let hash = self.hasher.hash_one(key);
        self.table.peak(hash, &wanted, &pin())
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
            self.shared().peak(key, || self.pin())
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

impl<K: EpochKey, S> Ledger<K, S> {
    /// Registers the calling thread (or CPU). Allocates.
    #[must_use]
    pub fn recorder(&self) -> Recorder<K, S> {
        let handle = match &*self.shared.collector {
            Some(collector) => collector.register(),
            #[cfg(feature = "std-ledger")]
            None => crossbeam_epoch::default_collector().register(),
            #[cfg(not(feature = "std-ledger"))]
            None => unreachable!("only constructors with `std-ledger` leave the collector out"),
        };
        Recorder { ledger: self.clone(), handle }
    }
}

#[cfg(feature = "std-ledger")]
impl<K: EpochKey, S: BuildHasher> Ledger<K, S> {
    fn shared(&self) -> &Shared<K, S> {
        &self.shared
    }

    #[inline]
    fn pin(&self) -> Guard {
        match &*self.shared.collector {
            None => crossbeam_epoch::pin(),
            Some(collector) => collector.register().pin(),
        }
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
                match self.shared().table.record_by_hint(bytes, hint) {
                    Some(recorded) => recorded,
                    None => self.shared().record(key, || key.clone(), bytes, Some(hint), || self.pin()),
                }
            }

            #[inline]
            fn meter_counters(&self) -> &MeterCounters {
                &self.shared().counters
            }
        }
    };
}
#[cfg(feature = "std-ledger")]
handle!(Ledger<K, S>);
handle!(Recorder<K, S>);

impl<K: EpochKey, S> fmt::Debug for Recorder<K, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("ledger", &self.ledger).finish_non_exhaustive()
    }
}
