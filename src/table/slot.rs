//! A slot: a resident, a newcomer in preparation, or a free place.

use super::word::{Peak, Stamp};
use crate::sync::{AtomicU32, AtomicWord, Ordering, zeroable};

/// One slot: a peak word and the key that it belongs to, side by side.
#[repr(C)]
#[cfg_attr(all(feature = "alloc", not(highwater_loom)), derive(bytemuck::Zeroable))]
pub(crate) struct Slot<C> {
    pub(super) peak: AtomicWord,
    pub(super) cell: C,
}

zeroable! { [C: crate::sync::Zeroable] Slot<C>: peak, cell }

impl<C> Slot<C> {
    /// A slot that was never used, for a table in place.
    #[cfg(not(highwater_loom))]
    pub(crate) const fn new(cell: C) -> Self {
        Self { peak: AtomicWord::new(0), cell }
    }

    /// The peak word. SeqCst: reads of several principals by one thread and raises by others must
    /// fit into one order, which acquire alone would not give.
    #[inline]
    pub(super) fn look(&self) -> Peak {
        Peak::from_word(self.peak.load(Ordering::SeqCst))
    }

    /// Whether the peak word is still `seen`, to trust what was read in between. Relaxed: the key loads before
    /// it are acquire loads, and coherence does the rest (see [`InlineCell`](crate::key::inline::InlineCell)).
    #[inline]
    pub(super) fn is_still(&self, seen: Peak) -> bool {
        self.peak.load(Ordering::Relaxed) == seen.word()
    }

    /// Frees a claim that was never published. Only its owner changes the word until then. The new
    /// word is one that this slot never had, so that whoever looked before the claim cannot mistake it.
    /// Release: pairs with the claim of the next owner.
    pub(super) fn give_up(&self, stamp: Stamp) {
        self.peak.store(Peak::killed(stamp).word(), Ordering::Release);
    }

    /// Replaces the peak word, if it is still `seen`. SeqCst, as in [`look`](Slot::look); it also
    /// publishes what was written to the slot before and shows what others did. So does a failure: an
    /// owner who finds the victim's slot in other hands must see its own newcomer published by a helper.
    #[inline]
    pub(super) fn replace(&self, seen: Peak, new: Peak) -> Result<(), Peak> {
        self.peak
            .compare_exchange(seen.word(), new.word(), Ordering::SeqCst, Ordering::SeqCst)
            .map_or_else(|now| Err(Peak::from_word(now)), |_| Ok(()))
    }
}

/// What the admission that has a slot claimed is about to do; read by those who help it.
#[cfg_attr(all(feature = "alloc", not(highwater_loom)), derive(bytemuck::Zeroable))]
pub(crate) struct Intent {
    pub(super) bytes: AtomicWord,
    /// The victim's peak; 0 while the table fills and there is no victim.
    pub(super) victim_peak: AtomicWord,
    pub(super) victim: AtomicU32,
}

zeroable! { [] Intent: bytes, victim_peak, victim }

#[cfg(not(highwater_loom))]
impl Intent {
    /// That of a slot that was never used, for a table in place.
    pub(crate) const fn new() -> Self {
        Self { bytes: AtomicWord::new(0), victim_peak: AtomicWord::new(0), victim: AtomicU32::new(0) }
    }
}
