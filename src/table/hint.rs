//! What repeated records for one key need not look up again.

use crate::sync::Word;

/// What a caller remembers of one key in one ledger.
///
/// Every value up to `seen` is known not to change anything, for ever: it was the key's peak
/// once, or the floor, and a resident that is evicted leaves a floor at least as high as its peak.
#[derive(Clone, Copy, Default)]
pub struct Hint {
    seen: Word,
    /// The slot whose peak word was `seen`, plus one; 0 if there is none.
    slot: u32,
}

impl Hint {
    #[inline]
    pub(crate) fn seen(&self) -> Word {
        self.seen
    }

    #[inline]
    pub(crate) fn slot(&self) -> Option<usize> {
        (self.slot as usize).checked_sub(1)
    }

    pub(crate) const fn new() -> Self {
        Self { seen: 0, slot: 0 }
    }

    /// The key was met in this slot with this peak.
    #[inline]
    pub(crate) fn see_peak(&mut self, slot: usize, peak: Word) {
        *self = Self { seen: peak, slot: slot as u32 + 1 };
    }

    /// The floor is at least this high.
    #[inline]
    pub(crate) fn see_floor(&mut self, floor: Word) {
        *self = Self { seen: floor, slot: 0 };
    }
}
