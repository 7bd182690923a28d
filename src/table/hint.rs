//! A memory of one key, which saves repeated records the look-up.

use crate::sync::Word;

/// A caller's memory of one key in one ledger.
///
/// No value up to `seen` changes anything, now or later: `seen` was the key's peak once, or the
/// floor, and the floor after an eviction is at least the peak of the evicted resident.
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

    /// Whether the value changes nothing: the peak was this high once, and if the resident was
    /// evicted since, the floor is this high.
    #[inline]
    pub(crate) fn settles(&self, value: Word) -> bool {
        value <= self.seen
    }

    #[inline]
    pub(crate) fn slot(&self) -> Option<usize> {
        (self.slot as usize).checked_sub(1)
    }

    pub(crate) const fn new() -> Self {
        Self { seen: 0, slot: 0 }
    }

    /// Notes that the key was met in this slot with this peak.
    #[inline]
    pub(crate) fn see_peak(&mut self, slot: usize, peak: Word) {
        *self = Self { seen: peak, slot: slot as u32 + 1 };
    }

    /// Notes that the floor is at least this high.
    #[inline]
    pub(crate) fn see_floor(&mut self, floor: Word) {
        *self = Self { seen: floor, slot: 0 };
    }
}
