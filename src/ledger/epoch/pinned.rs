//! A ledger under a pin, with all calls that need a pin.

use alloc::{borrow::ToOwned, vec::Vec};
use core::{
    cmp::Ordering,
    fmt,
    hash::{BuildHasher, Hash},
};

use equivalent::Equivalent;

use super::EpochCore;
use crate::{
    key::{borrowed::Borrowed, limbo::EpochKey, participant::Participant},
    ledger::DefaultHashBuilder,
    snapshot::Snapshot,
    table::{AllTime, Recorded, Storage},
};

/// A [`Ledger`](crate::Ledger) under a pin: for many calls at the price of one pin. Made by
/// [`Recorder::pin`](crate::Recorder::pin), and with `std` by the ledger's own `pin`.
///
/// ```
/// use highwater::{Collector, FixedState, Ledger};
///
/// let ledger = Ledger::<String, _>::with_collector(64, FixedState, Collector::new());
/// let recorder = ledger.recorder();
/// let mut pinned = recorder.pin();
/// for (name, bytes) in [("alice", 65_536), ("bob", 131_072), ("alice", 196_608)] {
///     pinned.record_peak(name, bytes);
/// }
/// assert_eq!(pinned.peak("alice"), 196_608);
/// ```
///
/// # What it holds back
///
/// While a pin is held, no key that is evicted meanwhile is freed, whichever thread has evicted it.
/// The same goes for other users of the same collector. A record above the floor through this pin
/// renews it once half of [`RETIRED_ALLOWANCE`](crate::RETIRED_ALLOWANCE) is waiting (which is why it
/// takes `&mut self`). A pin that is held and not used leads to
/// [refusals](crate::Ledger#bounded-memory) in the end, and so do two pins that one thread holds on
/// one collector: the collector renews neither. So hold one pin, for a batch of calls, and not across
/// a wait.
pub struct PinnedLedger<'a, K: EpochKey, S = DefaultHashBuilder> {
    core: &'a EpochCore<K, S>,
    /// Pinned.
    participant: Participant,
}

impl<'a, K: EpochKey, S> PinnedLedger<'a, K, S> {
    /// The participant belongs to the ledger's collector.
    #[inline]
    pub(super) fn new(core: &'a EpochCore<K, S>, participant: &Participant) -> Self {
        Self { core, participant: participant.pinned() }
    }

    /// Calls `visit` for a clone of each resident's key and its peak in bytes, in no order.
    /// Allocates what the clones do.
    ///
    /// Returns `true` if no principal was admitted meanwhile: then these were all residents, each
    /// once. Otherwise each was resident with that peak at some instant during the call, but a
    /// principal that was evicted and admitted again may come twice, and a newcomer may come beside
    /// the resident that it evicted.
    pub fn for_each(&self, visit: impl FnMut(K, u64)) -> bool {
        self.core.table().walk(AllTime, &self.participant, visit)
    }

    /// Fills `top` with the residents with the highest peaks in bytes, highest first, ties in no
    /// order, each once, and returns the part that is filled: all of it, unless there are fewer
    /// residents. Clones the keys of all residents, one at a time. Takes time proportional to slots
    /// times length of `top`.
    #[must_use]
    pub fn top_into<'t>(&self, top: &'t mut [(K, u64)]) -> &'t mut [(K, u64)] {
        self.core.top_into(top, |_, _| Ordering::Equal, &self.participant)
    }
}

impl<K: EpochKey, S: BuildHasher> PinnedLedger<'_, K, S> {
    /// Records that `key` used `bytes`: raises its peak, or admits it if it belongs to the top.
    /// `key` may be any borrowed form of `K` from which a `K` can be made, such as `&str` for
    /// `String`; it is made only at admission.
    ///
    /// 0 is a no-op; values from [`MAX_PEAK`](crate::MAX_PEAK) on count as that. A value at or
    /// below the floor costs one load; recording for a resident allocates nothing. Not for
    /// interrupts.
    ///
    /// # Panics
    ///
    /// Only if the key's `Hash`, `Eq`, `Clone` or an evicted key's `Drop` does; the ledger is whole
    /// afterwards.
    #[inline]
    pub fn record_peak<Q>(&mut self, key: &Q, bytes: u64) -> Recorded
    where
        Q: Hash + Equivalent<K> + ToOwned<Owned = K> + ?Sized,
    {
        self.record_peak_with(key, bytes, || key.to_owned())
    }

    /// The same for borrowed forms that cannot be turned into a `K` by themselves: `make` is called
    /// at admission, once unless it panics.
    #[inline]
    pub fn record_peak_with<Q>(&mut self, key: &Q, bytes: u64, make: impl Fn() -> K) -> Recorded
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        let query = Borrowed::new(key, make);
        let (core, participant) = (self.core, &mut self.participant);
        core.record::<Borrowed<'_, K, _, _>, _>(query, bytes, None, || {
            if core.table().storage().limbo().is_half_full() {
                participant.repin();
            }
            &*participant
        })
    }

    /// The peak of `key` in bytes, or 0 if it is not resident. Allocates nothing. Not for
    /// interrupts.
    #[must_use]
    #[inline]
    pub fn peak<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> u64 {
        self.core.peak(&Borrowed::for_lookup(key), &self.participant)
    }

    /// All residents with their peaks in bytes, highest first, ties in no order, and an upper bound for
    /// all others. Each key comes once, with a peak that it had at some instant during the call. Clones
    /// the keys, and frees the evicted ones that no thread can read any more.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot<K> {
        snapshot(self.core, &self.participant)
    }

    /// The `n` residents with the highest peaks in bytes, highest first, ties in no order. Clones the
    /// keys of all.
    #[must_use]
    pub fn top(&self, n: usize) -> Vec<(K, u64)> {
        self.snapshot().into_iter().take(n).collect()
    }
}

/// All residents. A participant that is not pinned pins for each of them anew, so that a thread that
/// loses the processor in between holds back nothing.
pub(super) fn snapshot<K: EpochKey, S: BuildHasher>(
    core: &EpochCore<K, S>,
    participant: &Participant,
) -> Snapshot<K> {
    core.table().storage().limbo().free_all(participant);
    core.snapshot(|_, _| Ordering::Equal, participant)
}

/// Records them all, under the one pin.
impl<K: EpochKey, S: BuildHasher> Extend<(K, u64)> for PinnedLedger<'_, K, S> {
    fn extend<I: IntoIterator<Item = (K, u64)>>(&mut self, records: I) {
        records.into_iter().for_each(|(key, bytes)| _ = self.record_peak_with(&key, bytes, || key.clone()));
    }
}

impl<K: EpochKey, S> fmt::Debug for PinnedLedger<'_, K, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.core.debug("PinnedLedger", f)
    }
}
