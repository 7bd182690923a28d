//! The calls that a ledger offers without a recorder, where there is thread-local storage.

use alloc::{borrow::ToOwned, vec::Vec};
use core::{
    cmp::Ordering,
    hash::{BuildHasher, Hash},
};

use equivalent::Equivalent;

use super::{Ledger, PinnedLedger, pinned};
use crate::{
    key::{
        borrowed::Borrowed,
        limbo::EpochKey,
        participant::{Participant, ThreadLocal},
    },
    ledger::{LedgerStats, SnapshotSource},
    snapshot::Snapshot,
    table::{AllTime, Hint, Recorded},
    tracker::{Tracker, sealed},
};

impl<K: EpochKey, S> Ledger<K, S> {
    /// Pins, for many calls at the price of one pin. Allocates nothing, unless the ledger has a
    /// collector of its own: then each pin registers with it anew.
    #[must_use]
    #[inline]
    pub fn pin(&self) -> PinnedLedger<'_, K, S> {
        PinnedLedger::new(self.core(), &self.participant())
    }

    #[inline]
    fn participant(&self) -> Participant {
        match &*self.inner.collector {
            None => Participant::ThreadLocal,
            Some(collector) => Participant::Registered(collector.register()),
        }
    }
}

/// The calls that pin for themselves.
impl<K: EpochKey, S: BuildHasher> Ledger<K, S> {
    #[inline]
    fn record<Q, F>(&self, query: Borrowed<'_, K, Q, F>, bytes: u64, mut hint: Option<&mut Hint>) -> Recorded
    where
        Q: Hash + Equivalent<K> + ?Sized,
        F: Fn() -> K,
    {
        let core = self.core();
        let above = match core.decide(bytes, hint.as_deref_mut()) {
            Ok(recorded) => return recorded,
            Err(above) => above,
        };
        match &*self.inner.collector {
            None => core.record_above_floor::<Borrowed<'_, K, Q, F>>(query, above, hint, ThreadLocal),
            Some(collector) => {
                let participant = Participant::Registered(collector.register());
                core.record_above_floor::<Borrowed<'_, K, Q, F>>(query, above, hint, participant)
            }
        }
    }

    /// As [`PinnedLedger::record_peak`]. Pins only for a value above the floor.
    #[inline]
    pub fn record_peak<Q>(&self, key: &Q, bytes: u64) -> Recorded
    where
        Q: Hash + Equivalent<K> + ToOwned<Owned = K> + ?Sized,
    {
        self.record_peak_with(key, bytes, || key.to_owned())
    }

    /// As [`PinnedLedger::record_peak_with`]. Pins only for a value above the floor.
    #[inline]
    pub fn record_peak_with<Q>(&self, key: &Q, bytes: u64, make: impl Fn() -> K) -> Recorded
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        self.record(Borrowed::new(key, make), bytes, None)
    }

    /// As [`PinnedLedger::peak`].
    #[must_use]
    #[inline]
    pub fn peak<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> u64 {
        self.core().peak(&Borrowed::for_lookup(key), &self.participant())
    }

    /// As [`PinnedLedger::for_each`].
    pub fn for_each(&self, visit: impl FnMut(K, u64)) -> bool {
        self.core().table().walk(AllTime, &self.participant(), visit)
    }

    /// As [`PinnedLedger::top_into`].
    #[must_use]
    pub fn top_into<'t>(&self, top: &'t mut [(K, u64)]) -> &'t mut [(K, u64)] {
        self.core().top_into(top, |_, _| Ordering::Equal, &self.participant())
    }

    /// As [`PinnedLedger::snapshot`].
    #[must_use]
    pub fn snapshot(&self) -> Snapshot<K> {
        pinned::snapshot(self.core(), &self.participant())
    }

    /// As [`PinnedLedger::top`].
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

/// Records all items, under one pin.
impl<K: EpochKey, S: BuildHasher> Extend<(K, u64)> for Ledger<K, S> {
    fn extend<I: IntoIterator<Item = (K, u64)>>(&mut self, records: I) {
        self.pin().extend(records);
    }
}

/// A ledger of [`MAX_PRINCIPALS`](crate::MAX_PRINCIPALS) places on the default collector that has
/// recorded all items.
impl<K: EpochKey, S: BuildHasher + Default> FromIterator<(K, u64)> for Ledger<K, S> {
    fn from_iter<I: IntoIterator<Item = (K, u64)>>(records: I) -> Self {
        let ledger = Self::with_hasher(S::default());
        ledger.pin().extend(records);
        ledger
    }
}

impl<K: EpochKey, S: BuildHasher> SnapshotSource for Ledger<K, S> {
    type Principal = K;

    fn snapshot(&self) -> Snapshot<K> {
        self.snapshot()
    }

    fn stats(&self) -> LedgerStats {
        self.stats()
    }
}

impl<K: EpochKey, S: BuildHasher> sealed::Handle for Ledger<K, S> {
    type Key = K;

    #[inline]
    fn record_hinted(&self, key: &K, bytes: u64, hint: &mut Hint) -> Recorded {
        self.record(Borrowed::new(key, || key.clone()), bytes, Some(hint))
    }
}
