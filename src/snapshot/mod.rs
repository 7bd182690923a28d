//! What a ledger knew at some moment, as a value that can leave the process.

#[cfg(feature = "serde")]
mod form;
mod merge;

use alloc::vec::{self, Vec};
use core::{cmp::Ordering, slice};

use equivalent::Equivalent;

/// The residents of a ledger with their peaks in bytes, highest first, and an upper bound for every
/// other principal.
///
/// ```
/// use highwater::{FixedState, InlineLedger};
///
/// let ledger = InlineLedger::<u64, FixedState>::with_capacity_and_hasher(2, FixedState);
/// for (principal, bytes) in [(1, 65_536), (2, 196_608), (3, 131_072)] {
///     ledger.record_peak(&principal, bytes);
/// }
/// let snapshot = ledger.snapshot();
/// assert_eq!(snapshot.top(1), [(2, 196_608)]);
/// assert_eq!(snapshot.peak(&3), 131_072);
/// assert_eq!(snapshot.peak(&1), 0); // not listed ...
/// assert!(snapshot.untracked_at_most() >= 65_536); // ... so it is below the bound
/// ```
///
/// # What it certifies
///
/// - Each entry is a peak that the principal had at some instant while the snapshot was taken.
/// - A principal that had recorded more than [`untracked_at_most`](Self::untracked_at_most) when the
///   snapshot began is listed, with at least that value.
///
/// So, with no record in flight, an entry above `untracked_at_most` is the principal's exact maximum,
/// and no principal above it is missing. If nothing was refused, an entry at the bound is exact as
/// well.
///
/// Snapshots of several nodes, or of several windows, [merge](Self::merge) exactly. With the feature
/// `serde` a snapshot can be written and read, in a documented form (`Snapshot::VERSION`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Snapshot<K> {
    /// Highest first.
    entries: Vec<(K, u64)>,
    untracked_at_most: u64,
    capacity: usize,
    refused: u64,
    window: Option<u64>,
}

impl<K> Snapshot<K> {
    /// A snapshot of entries in any order. Ties are put in order by `tie`.
    pub(crate) fn new(
        mut entries: Vec<(K, u64)>,
        tie: impl Fn(&K, &K) -> Ordering,
        untracked_at_most: u64,
        capacity: usize,
        refused: u64,
    ) -> Self {
        entries.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| tie(&a.0, &b.0)));
        Self { entries, untracked_at_most, capacity, refused, window: None }
    }

    /// The same, of this window.
    #[cfg(all(target_has_atomic = "64", not(highwater_narrow)))]
    pub(crate) fn of_window(self, number: u64) -> Self {
        Self { window: Some(number), ..self }
    }

    /// The entries, highest first.
    pub fn iter(&self) -> slice::Iter<'_, (K, u64)> {
        self.entries.iter()
    }

    /// The `n` highest entries, or all if there are fewer.
    #[must_use]
    pub fn top(&self, n: usize) -> &[(K, u64)] {
        &self.entries[..n.min(self.entries.len())]
    }

    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The peak of a principal in bytes, or 0 if it is not listed. Looks at the entries one by one.
    #[must_use]
    pub fn peak<Q: Equivalent<K> + ?Sized>(&self, key: &Q) -> u64 {
        self.iter().find(|(listed, _)| key.equivalent(listed)).map_or(0, |&(_, peak)| peak)
    }

    /// The largest value, in bytes, that any principal that is not listed can have recorded before
    /// the snapshot was taken.
    #[must_use]
    pub fn untracked_at_most(&self) -> u64 {
        self.untracked_at_most
    }

    /// The most principals that the ledger holds. Of merged snapshots, the smallest capacity.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// How many records the ledger had refused. Of merged snapshots, the largest of their numbers.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Whether nothing was refused. Then all entries are exact, as far as they had been recorded;
    /// otherwise those above [`untracked_at_most`](Self::untracked_at_most) are.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.refused == 0
    }

    /// The number of the window that this is of, if it is of one. Of merged snapshots, the number if
    /// all have the same.
    #[must_use]
    pub fn window(&self) -> Option<u64> {
        self.window
    }
}

/// The entries, highest first.
impl<K> IntoIterator for Snapshot<K> {
    type Item = (K, u64);
    type IntoIter = vec::IntoIter<(K, u64)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

/// The entries, highest first.
impl<'a, K> IntoIterator for &'a Snapshot<K> {
    type Item = &'a (K, u64);
    type IntoIter = slice::Iter<'a, (K, u64)>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
