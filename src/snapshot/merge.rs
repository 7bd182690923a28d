//! Snapshots of several ledgers as one.

use alloc::{collections::BTreeMap, vec::Vec};

use super::Snapshot;

impl<K: Ord> Snapshot<K> {
    /// One snapshot of all the parts: of several nodes that each recorded some of the principals'
    /// values, or of several windows of one ledger.
    ///
    /// - Of each principal, the highest entry stays.
    /// - [`untracked_at_most`](Self::untracked_at_most) is the highest of the parts'.
    /// - Entries below that are left out, since another part may have turned a larger value of the
    ///   same principal away.
    ///
    /// What remains above the bound is exact and complete, if it is in each part: a value above the
    /// bound was listed wherever it was recorded. If the part with the highest bound was full and had
    /// refused nothing, its own residents all remain, so there are at least as many entries as the
    /// smallest capacity of a full part.
    ///
    /// The result merges again: the order of the parts, and which of them are merged first, makes no
    /// difference, nor does a part that comes twice. Ties are in order of the keys. No parts give a
    /// snapshot without entries, bound, and capacity. Takes time in proportion to the entries, times
    /// the logarithm of their number, and allocates.
    ///
    /// ```
    /// use highwater::{FixedState, InlineLedger, Snapshot};
    ///
    /// let nodes = [[(1, 500), (2, 300)], [(2, 400), (3, 100)]].map(|records| {
    ///     let ledger = InlineLedger::<u64, FixedState>::with_capacity_and_hasher(8, FixedState);
    ///     for (principal, bytes) in records {
    ///         ledger.record_peak(&principal, bytes);
    ///     }
    ///     ledger.snapshot()
    /// });
    /// let fleet = Snapshot::merge(nodes);
    /// assert_eq!(fleet.top(9), [(1, 500), (2, 400), (3, 100)]);
    /// ```
    #[must_use]
    pub fn merge(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut parts = parts.into_iter();
        let Some(mut merged) = parts.next() else { return Self::new(Vec::new(), Ord::cmp, 0, 0, 0) };
        let mut highest: BTreeMap<K, u64> = BTreeMap::new();
        let mut keep = |entries: Vec<(K, u64)>| {
            for (key, peak) in entries {
                let kept = highest.entry(key).or_default();
                *kept = peak.max(*kept);
            }
        };
        keep(merged.entries);
        for part in parts {
            keep(part.entries);
            merged.untracked_at_most = merged.untracked_at_most.max(part.untracked_at_most);
            merged.capacity = merged.capacity.min(part.capacity);
            merged.refused = merged.refused.max(part.refused);
            merged.window = merged.window.filter(|&window| part.window == Some(window));
        }
        let certified = highest.into_iter().filter(|&(_, peak)| peak >= merged.untracked_at_most);
        let Snapshot { untracked_at_most, capacity, refused, window, .. } = merged;
        Self { window, ..Self::new(certified.collect(), Ord::cmp, untracked_at_most, capacity, refused) }
    }
}
