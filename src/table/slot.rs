//! A slot: it holds a resident or a newcomer in preparation, or it is free.

use super::word::{Peak, Stamp};
use crate::sync::{AtomicU32, AtomicWord, Ordering, zeroable};

/// A slot: a peak word and the key of that peak, side by side.
#[repr(C)]
#[cfg_attr(all(feature = "alloc", not(highwater_loom)), derive(bytemuck::Zeroable))]
pub(crate) struct Slot<C> {
    pub(super) peak: AtomicWord,
    pub(super) cell: C,
}

zeroable! { [C: crate::sync::Zeroable] Slot<C>: peak, cell }

impl<C> Slot<C> {
    /// A slot with this word and no key, for a table in place.
    #[cfg(not(highwater_loom))]
    pub(crate) const fn new(peak: Peak, cell: C) -> Self {
        Self { peak: AtomicWord::new(peak.word()), cell }
    }

    /// Reads the peak word. SeqCst: one thread's reads of several principals and other threads'
    /// raises must fit into one order, which acquire alone would not give. Pairs with `replace` and
    /// `give_up`.
    #[inline]
    pub(super) fn look(&self) -> Peak {
        Peak::from_word(self.peak.load(Ordering::SeqCst))
    }

    /// Whether the peak word is still `seen`, so that a key read in between belongs to it. Relaxed:
    /// the key loads before it are acquire loads, which pair with the stores of the next claim, and
    /// coherence does the rest.
    #[inline]
    pub(super) fn is_still(&self, seen: Peak) -> bool {
        self.peak.load(Ordering::Relaxed) == seen.word()
    }

    /// Writes the word of a slot of a table that no other thread has yet. Relaxed: the table
    /// reaches other threads by what orders this store.
    #[cfg(all(feature = "alloc", target_has_atomic = "64", not(highwater_narrow)))]
    pub(crate) fn set(&self, peak: Peak) {
        self.peak.store(peak.word(), Ordering::Relaxed);
    }

    /// Frees the slot of a claim that was never published. Only its owner changes the word of such a slot. The
    /// new word is one that this slot never had, so that a thread that looked before the claim
    /// cannot mistake it. Release: pairs with the claim of the next owner.
    pub(super) fn give_up(&self, stamp: Stamp) {
        self.peak.store(Peak::killed(stamp).word(), Ordering::Release);
    }

    /// Replaces the peak word, if it is still `seen`. SeqCst, as in [`look`](Slot::look). As a
    /// release it publishes the earlier writes to the slot. As an acquire it shows the writes
    /// before the word that it finds, also when it fails: if an owner finds that the victim's slot
    /// was claimed again, it must see that a helper has published the owner's newcomer.
    #[inline]
    pub(super) fn replace(&self, seen: Peak, new: Peak) -> Result<(), Peak> {
        self.peak
            .compare_exchange(seen.word(), new.word(), Ordering::SeqCst, Ordering::SeqCst)
            .map_or_else(|now| Err(Peak::from_word(now)), |_| Ok(()))
    }
}

/// The intent of an admission: written by the owner of the claim on this slot, read by helpers.
#[cfg_attr(all(feature = "alloc", not(highwater_loom)), derive(bytemuck::Zeroable))]
pub(crate) struct Intent {
    pub(super) bytes: AtomicWord,
    /// The victim's peak, or 0 while the table fills and there is no victim.
    pub(super) victim_peak: AtomicWord,
    pub(super) victim: AtomicU32,
}

zeroable! { [] Intent: bytes, victim_peak, victim }

#[cfg(not(highwater_loom))]
impl Intent {
    /// The intent of a slot that was never used, for a table in place.
    pub(crate) const fn new() -> Self {
        Self { bytes: AtomicWord::new(0), victim_peak: AtomicWord::new(0), victim: AtomicU32::new(0) }
    }
}
