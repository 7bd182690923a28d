//! Values in windows: words divided into `[window | bytes | frozen]`.
//!
//! All values of a window are below all of the next, so that a peak still only grows. The lowest
//! bit says that the window's value in this slot is final. Records write it as 0. So freezing is
//! itself a raise, by half a byte: it makes the compare-and-swap of a late record fail, and no word
//! ever comes back.
//!
//! Windows are numbered from 1. The words of window 0 are vacancies: places that no key holds yet.

use super::{
    recorded::Recorded,
    tally::Tally,
    values::Values,
    word::{Peak, saturate},
};
use crate::sync::{AtomicWord, Ordering, Word, widen};

/// A word with `BYTE_BITS` bits for the bytes: a resident's peak, the *present* (the current window
/// with its floor), or the largest value refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Value<const BYTE_BITS: u32>(Word);

impl<const BYTE_BITS: u32> Value<BYTE_BITS> {
    const SHIFT: u32 = {
        assert!(BYTE_BITS >= 1 && BYTE_BITS < Word::BITS - 3, "no bits are left for the windows");
        BYTE_BITS + 1
    };
    const FROZEN: Word = 1;
    pub(crate) const MAX_BYTES: Word = (1 << BYTE_BITS) - 1;
    pub(crate) const LAST_WINDOW: Word = Peak::MAX >> Self::SHIFT;

    #[inline]
    pub(crate) const fn from_word(word: Word) -> Self {
        Self(word)
    }

    #[inline]
    pub(crate) const fn word(self) -> Word {
        self.0
    }

    /// The value of 0 bytes in a window: the least of the window.
    #[inline]
    pub(crate) const fn least_of(window: Word) -> Self {
        Self(window << Self::SHIFT)
    }

    #[inline]
    pub(crate) const fn window(self) -> Word {
        self.0 >> Self::SHIFT
    }

    #[inline]
    pub(crate) fn bytes(self) -> u64 {
        widen((self.0 >> 1) & Self::MAX_BYTES)
    }

    /// The same window, with these bytes. Bytes beyond the most that fit count as those.
    #[inline]
    pub(crate) fn with_bytes(self, bytes: u64) -> Self {
        Self(self.least().0 | saturate(bytes).min(Self::MAX_BYTES) << 1)
    }

    /// The least value of the same window.
    #[inline]
    fn least(self) -> Self {
        Self(self.0 & !(Self::MAX_BYTES << 1 | Self::FROZEN))
    }

    /// The largest word of the same window.
    #[inline]
    fn largest(self) -> Self {
        Self(self.0 | Self::MAX_BYTES << 1 | Self::FROZEN)
    }

    #[inline]
    fn shares_window(self, other: Self) -> bool {
        (self.0 ^ other.0) >> Self::SHIFT == 0
    }

    #[inline]
    fn is_frozen(self) -> bool {
        self.0 & Self::FROZEN != 0
    }

    #[inline]
    fn frozen(self) -> Self {
        Self(self.0 | Self::FROZEN)
    }
}

/// The window of one call has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended;

/// One window, for the calls that record into it or read it.
#[derive(Clone, Copy)]
pub(crate) struct Span<'a, const BYTE_BITS: u32> {
    /// The current window, with its floor. Every access is SeqCst: it is in the one order of
    /// raises, kills, publications, closings, and reads.
    present: &'a AtomicWord,
    /// The least value of the window.
    least: Value<BYTE_BITS>,
}

impl<'a, const BYTE_BITS: u32> Span<'a, BYTE_BITS> {
    #[inline]
    pub(crate) fn new(present: &'a AtomicWord, window: Value<BYTE_BITS>) -> Self {
        Self { present, least: window.least() }
    }

    #[inline]
    pub(crate) fn window(self) -> Word {
        self.least.window()
    }

    /// Whether a word is a value of this window.
    #[inline]
    fn has(self, word: Value<BYTE_BITS>) -> bool {
        word.shares_window(self.least)
    }

    /// How many windows have ended since this one was current, this one included.
    pub(crate) fn age(self) -> Word {
        look::<BYTE_BITS>(self.present).window() - self.window()
    }

    /// The largest word of this window: in the floor of a table, it says that the window is closed.
    pub(super) fn largest(self) -> Word {
        self.least.largest().word()
    }

    /// The word to which a word is frozen in this window: its value in the window, or 0 bytes.
    /// `None` if it is frozen already, or of a later window.
    pub(super) fn freeze(self, word: Word) -> Option<Word> {
        let frozen = Value::from_word(word).max(self.least).frozen();
        (word < frozen.word() && self.has(frozen)).then_some(frozen.word())
    }

    /// Makes a count or a value that goes with it final.
    pub(super) fn freeze_word(self, word: &AtomicWord) {
        let mut seen = look::<BYTE_BITS>(word);
        while let Some(frozen) = self.freeze(seen.word())
            && let Err(now) = replace(word, seen, Value(frozen))
        {
            seen = now;
        }
    }

    /// The count in a word, or the bytes, if it is of this window; otherwise 0.
    pub(super) fn read_word(self, word: &AtomicWord) -> u64 {
        let seen = look(word);
        if self.has(seen) { seen.bytes() } else { 0 }
    }

    /// Changes a word that is not yet final in this window. `change` is given the value that the
    /// word has in this window, or that of 0 bytes.
    fn update(
        self,
        word: &AtomicWord,
        change: impl Fn(Value<BYTE_BITS>) -> Value<BYTE_BITS>,
    ) -> Result<(), Ended> {
        let mut seen = look(word);
        loop {
            let before = seen.max(self.least);
            if before.is_frozen() || !self.has(before) {
                return Err(Ended);
            }
            match replace(word, seen, change(before)) {
                Ok(()) => return Ok(()),
                Err(now) => seen = now,
            }
        }
    }
}

/// Reads the present, or a word of the tally. SeqCst: it is in the one order of raises, kills,
/// publications, rotations, closings, and reads. Pairs with `replace`, with the rotation, and with
/// `raise_floor`.
#[inline]
fn look<const BYTE_BITS: u32>(word: &AtomicWord) -> Value<BYTE_BITS> {
    Value(word.load(Ordering::SeqCst))
}

/// Replaces a word of the tally, if it is still `seen`. SeqCst, as in [`look`].
fn replace<const BYTE_BITS: u32>(
    word: &AtomicWord,
    seen: Value<BYTE_BITS>,
    new: Value<BYTE_BITS>,
) -> Result<(), Value<BYTE_BITS>> {
    word.compare_exchange(seen.0, new.0, Ordering::SeqCst, Ordering::SeqCst)
        .map_or_else(|now| Err(Value(now)), |_| Ok(()))
}

impl<const BYTE_BITS: u32> Values for Span<'_, BYTE_BITS> {
    type Ended = Ended;

    #[inline]
    fn resident(self, seen: Peak) -> Option<Word> {
        seen.as_live().filter(|&word| Value::<BYTE_BITS>::from_word(word).window() != 0)
    }

    #[inline]
    fn bytes(self, peak: Word) -> Result<u64, Ended> {
        let peak = Value::from_word(peak);
        match self.has(peak) {
            true => Ok(peak.bytes()),
            false if peak < self.least => Ok(0),
            false => Err(Ended),
        }
    }

    #[inline]
    fn effect(self, value: Word, peak: Word) -> Result<Recorded, Ended> {
        let met = Value::from_word(peak);
        if value <= peak {
            return if self.has(met) { Ok(Recorded::Unchanged) } else { Err(Ended) };
        }
        if met < self.least {
            return Ok(Recorded::Admitted);
        }
        if met.is_frozen() { Err(Ended) } else { Ok(Recorded::Raised) }
    }

    #[inline]
    fn go_on(self) -> Result<(), Ended> {
        if self.has(look(self.present)) { Ok(()) } else { Err(Ended) }
    }

    #[inline]
    fn is_stale(self, peak: Word) -> bool {
        peak < self.least.word()
    }

    #[inline]
    fn floor<'f>(self, _of_table: &'f AtomicWord) -> &'f AtomicWord
    where
        Self: 'f,
    {
        self.present
    }

    /// The count first: a value that ends up in the next window may be counted in this one as well,
    /// but the largest value refused is exact.
    fn refuse(self, value: Word, tally: &Tally) -> Result<Recorded, Ended> {
        self.update(&tally.refused, |count| count.with_bytes(count.bytes() + 1))?;
        self.update(&tally.lost, |lost| lost.max(Value::from_word(value)))?;
        Ok(Recorded::Refused)
    }
}
