//! Ledgers for keys of any type, behind epoch-reclaimed pointers.

mod pinned;
mod recorder;
#[cfg(feature = "std-ledger")]
mod unpinned;

use alloc::sync::Arc;
use core::{fmt, panic::AssertUnwindSafe};

use crossbeam_epoch::Collector;

#[cfg(feature = "std-ledger")]
use super::MAX_PRINCIPALS;
use super::{DefaultHashBuilder, arc_bytes, core::Core, face::readings};
use crate::{
    key::{
        epoch::EpochCell,
        limbo::{EpochKey, Limbo},
    },
    sync::AtomicUsize,
    table::{Heap, Storage},
};
pub use pinned::PinnedLedger;
pub use recorder::Recorder;

/// Exact high-water marks of the biggest users, for keys of any type.
///
/// A handle: clones share one ledger. The key is cloned once, at admission, kept behind a pointer
/// and freed through `crossbeam-epoch` some time after its eviction. `Ledger<PrincipalId>` is this
/// form, too; [`MemoryLedger`](crate::MemoryLedger) is the inline one for the same keys.
///
/// Recording for a resident never allocates. An admission does, and may free. **Not** for
/// interrupts or signal handlers: pinning the epoch is not reentrant, and admissions use the
/// allocator.
///
/// ```
/// # #[cfg(feature = "std-ledger")] {
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
/// An evicted key waits until no thread can read it any more; then one of the following admissions
/// frees it, up to 64 keys each, or a snapshot. Some 2000 keys wait in ordinary operation. A key
/// that waits takes one allocation of the key and two pointers, and what the key owns.
///
/// Three things can hold back all keys of a ledger for longer:
///
/// - a thread that is stopped while it compares or clones a key (elsewhere in a call it seldom
///   does),
/// - a guard that another user of the same collector keeps; a ledger with a collector of its own
///   ([`with_collector`](Ledger::with_collector)) is held back by its own users only,
/// - in the child of a `fork`, a thread that existed in the parent only and was pinned there.
///
/// While the capacity plus [`RETIRED_ALLOWANCE`](crate::RETIRED_ALLOWANCE) keys are waiting,
/// newcomers are [`Refused`](crate::Recorded::Refused). A thread that has merely lost the processor
/// does not cause that.
///
/// When the last handle of a ledger is dropped, all its keys are freed at once, whatever is pinned.
/// A word and a few bags of two kilobytes each remain until the collector moves on.
///
/// The `Drop` of a key may record in the same ledger. Such calls free no keys themselves, so that
/// the stack does not grow with the keys that wait (without `std` drops are nested up to four
/// deep). If each drop evicts another key, one more key waits for each that is evicted otherwise. With
/// `std-ledger` the same holds for records in any other `Ledger`: one whose newcomers come from drops
/// alone frees none of its keys before a snapshot, and refuses newcomers in the end.
pub struct Ledger<K: EpochKey, S = DefaultHashBuilder> {
    inner: Arc<Inner<K, S>>,
}

type EpochCore<K, S> = Core<Heap<EpochCell<K>>, S>;

struct Inner<K: EpochKey, S> {
    core: EpochCore<K, S>,
    /// `None` stands for the process's default collector. Unwind safe: the collector runs no
    /// code of a key. A function that another user of the collector has deferred may panic, and only
    /// between two steps of the collector.
    collector: AssertUnwindSafe<Option<Collector>>,
}

#[cfg(feature = "std-ledger")]
#[cfg_attr(mutants, mutants::skip)] // ci/mutants is without this feature.
impl<K: EpochKey> Ledger<K> {
    /// A ledger of [`MAX_PRINCIPALS`] places on the default collector. Allocates.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(MAX_PRINCIPALS)
    }

    /// A ledger of `capacity` places on the default collector. Allocates about `2 * capacity`
    /// slots, zeroed.
    ///
    /// # Panics
    ///
    /// As [`InlineLedger::with_capacity`](crate::InlineLedger::with_capacity).
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity_and_hasher(capacity, DefaultHashBuilder::default())
    }
}

#[cfg(feature = "std-ledger")]
#[cfg_attr(mutants, mutants::skip)] // ci/mutants is without this feature.
impl<K: EpochKey, S> Ledger<K, S> {
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
    /// As [`InlineLedger::with_capacity`](crate::InlineLedger::with_capacity).
    #[must_use]
    pub fn with_capacity_and_hasher(capacity: usize, hasher: S) -> Self {
        Self::with_parts(capacity, hasher, None)
    }
}

impl<K: EpochKey, S> Ledger<K, S> {
    /// A ledger whose keys are reclaimed through the given collector. Allocates.
    ///
    /// Record through [`recorder`](Ledger::recorder)s; with `std-ledger` the ledger's own methods
    /// work as well, but register with the collector anew, and so allocate, in each call.
    ///
    /// # Panics
    ///
    /// As [`InlineLedger::with_capacity`](crate::InlineLedger::with_capacity).
    #[must_use]
    pub fn with_collector(capacity: usize, hasher: S, collector: Collector) -> Self {
        Self::with_parts(capacity, hasher, Some(collector))
    }

    fn with_parts(capacity: usize, hasher: S, collector: Option<Collector>) -> Self {
        let core = Core::new(Heap::new(capacity, Limbo::new(capacity)), hasher);
        Self { inner: Arc::new(Inner { core, collector: AssertUnwindSafe(collector) }) }
    }

    #[inline]
    fn core(&self) -> &EpochCore<K, S> {
        &self.inner.core
    }

    readings!();

    /// Keys that were evicted and are not freed yet: at most the capacity plus
    /// [`RETIRED_ALLOWANCE`](crate::RETIRED_ALLOWANCE) and the number of calls under way.
    #[must_use]
    pub fn retired(&self) -> usize {
        self.core().table().storage().limbo().retired()
    }

    /// The bytes that the ledger itself occupies on the heap, its keys apart; they never change.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        // The collector signals through a separate word when retired keys may be freed.
        arc_bytes::<Inner<K, S>>() + arc_bytes::<AtomicUsize>() + self.core().table().storage().bytes()
    }
}

impl<K: EpochKey, S> Clone for Ledger<K, S> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

/// Only for the default hasher, so that `Ledger::default()` needs no annotation for it.
#[cfg(feature = "std-ledger")]
#[cfg_attr(mutants, mutants::skip)] // ci/mutants is without this feature.
impl<K: EpochKey> Default for Ledger<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: EpochKey, S> fmt::Debug for Ledger<K, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.core().debug("Ledger", f)
    }
}
