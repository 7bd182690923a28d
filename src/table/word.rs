//! Packed words, each a type of its own: the peak word of a slot and the gate word of a table.

use crate::sync::{Word, widen};

const LIVE_BITS: u32 = Word::BITS - 1;
const STAMP_BITS: u32 = Word::BITS - 2;
const NOT_LIVE: Word = 1 << LIVE_BITS;
const KILLED: Word = 1 << STAMP_BITS;
const STAMP_MASK: Word = KILLED - 1;

/// Clamps a number of bytes to the largest peak.
#[inline]
pub(crate) fn saturate(bytes: u64) -> Word {
    // The clamp makes the narrowing exact.
    bytes.min(widen(Peak::MAX)) as Word
}

/// The number of an admission: the era and, below it, the `seq` of the gate. It is wide enough that
/// it does not come back while a call is suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp(Word);

impl Stamp {
    #[inline]
    pub(crate) fn new(era: Word, seq: Word, shape: &GateShape) -> Self {
        Self(((era << shape.seq_bits) | seq) & STAMP_MASK)
    }

    /// The `seq` that the gate shows for this admission.
    #[inline]
    pub(crate) fn seq(self, shape: &GateShape) -> Word {
        self.0 & ((1 << shape.seq_bits) - 1)
    }
}

/// The peak word of a slot.
///
/// | bits | meaning |
/// | --- | --- |
/// | `0` | never used |
/// | `0`, then `b > 0` | resident with peak `b` |
/// | `10`, then a stamp | claimed by an admission that is being prepared |
/// | `11`, then a stamp | free: the resident was evicted by that admission, or the claim was given up |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peak(Word);

impl Peak {
    pub(crate) const EMPTY: Self = Self(0);
    /// Under windows: a place that no key holds. A final value of 0 bytes in window 0, which nothing
    /// raises.
    #[cfg_attr(highwater_narrow, allow(dead_code))] // There, only tables in place name it.
    pub(crate) const VACANCY: Self = Self(1);
    /// The largest peak of a resident, in bytes. Larger values are recorded as this one.
    pub(crate) const MAX: Word = NOT_LIVE - 1;

    /// A resident with this peak, which is at least 1 and at most [`Peak::MAX`].
    #[inline]
    pub(crate) fn live(bytes: Word) -> Self {
        debug_assert!(bytes != 0 && bytes <= Self::MAX);
        Self(bytes)
    }

    #[inline]
    pub(crate) fn pending(stamp: Stamp) -> Self {
        Self(NOT_LIVE | stamp.0)
    }

    #[inline]
    pub(crate) fn killed(stamp: Stamp) -> Self {
        Self(NOT_LIVE | KILLED | stamp.0)
    }

    #[inline]
    pub(crate) fn from_word(word: Word) -> Self {
        Self(word)
    }

    #[inline]
    pub(crate) const fn word(self) -> Word {
        self.0
    }

    /// The resident's peak in bytes, if there is a resident.
    #[inline]
    pub(crate) fn as_live(self) -> Option<Word> {
        // 0 wraps to the largest word, and a word with its top bit set stays above: one comparison
        // decides.
        (self.0.wrapping_sub(1) < Self::MAX).then_some(self.0)
    }

    /// The stamp of the admission that holds this slot claimed.
    #[inline]
    pub(crate) fn as_pending(self) -> Option<Stamp> {
        (self.0 & (NOT_LIVE | KILLED) == NOT_LIVE).then_some(Stamp(self.0 & STAMP_MASK))
    }

    /// Whether an admission may claim the slot.
    #[inline]
    pub(crate) fn is_free(self) -> bool {
        self == Self::EMPTY || self.0 & (NOT_LIVE | KILLED) == NOT_LIVE | KILLED
    }
}

/// How a table of a given size divides its gate word into `[seq | slot]`, and how `seq` runs: up to
/// `capacity` while the table fills, then in rounds from `capacity` to the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GateShape {
    capacity: Word,
    slot_bits: u32,
    seq_bits: u32,
    /// One more than the largest `seq`.
    end: Word,
}

impl GateShape {
    /// The most slots that leave `seq` rounds of at least twice as many admissions.
    pub(crate) const MAX_SLOTS: usize = 1 << (Word::BITS / 2 - 1);

    pub(crate) const fn new(capacity: usize, slots: usize) -> Self {
        let slot_bits = usize::BITS - (slots - 1).leading_zeros();
        let slot_bits = if slot_bits < 2 { 2 } else { slot_bits };
        Self::with_seq_bits(capacity, slot_bits, Word::BITS - slot_bits)
    }

    /// A shape with `seq` of this width: tests make rounds short.
    pub(crate) const fn with_seq_bits(capacity: usize, slot_bits: u32, seq_bits: u32) -> Self {
        let end = if seq_bits >= STAMP_BITS { 1 << STAMP_BITS } else { 1 << seq_bits };
        let seq_bits = if seq_bits >= STAMP_BITS { STAMP_BITS } else { seq_bits };
        Self { capacity: capacity as Word, slot_bits, seq_bits, end }
    }

    /// Whether the table was full once admission `seq` was installed.
    #[inline]
    pub(crate) fn is_full(&self, seq: Word) -> bool {
        seq >= self.capacity
    }

    /// The number of the admission after `seq`.
    #[inline]
    pub(crate) fn next(&self, seq: Word) -> Word {
        if seq + 1 == self.end { self.capacity } else { seq + 1 }
    }

    /// The era of the admission `seq` that follows a gate read in this era: the same era, or the
    /// next one if `seq` begins half a round and no claim for it has moved the era yet.
    ///
    /// The era moves twice a round, so that a whole half lies between two appearances of one gate
    /// word. The admission that ends that half read the gate after the first appearance, and moved
    /// the era after that.
    #[inline]
    pub(crate) fn era_of_next(&self, era: Word, seq: Word) -> Word {
        if self.is_of_era(era, seq) { era } else { era.wrapping_add(1) }
    }

    /// The stamp of the admission `seq` that a gate read in this era shows: of this era, or of the
    /// one before if the next admission begins half a round. `None` if neither era is possible.
    #[inline]
    pub(crate) fn stamp_of(&self, era: Word, seq: Word) -> Option<Stamp> {
        if self.is_of_era(era, seq) {
            Some(Stamp::new(era, seq, self))
        } else {
            self.is_of_era(era, self.next(seq)).then(|| Stamp::new(era.wrapping_sub(1), seq, self))
        }
    }

    /// Whether `seq` can be of this era. Odd eras are first halves of a round. Even eras are second
    /// halves, and the time while the table fills.
    #[inline]
    fn is_of_era(&self, era: Word, seq: Word) -> bool {
        let half = (self.end - self.capacity) / 2;
        let in_first_half = (self.capacity..self.capacity + half).contains(&seq);
        in_first_half == (era % 2 == 1)
    }
}

/// The gate word: the number of the last admission that was installed, and the slot of its
/// newcomer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gate(Word);

impl Gate {
    #[inline]
    pub(crate) const fn new(seq: Word, slot: usize, shape: &GateShape) -> Self {
        Self(seq << shape.slot_bits | slot as Word)
    }

    #[inline]
    pub(crate) fn from_word(word: Word) -> Self {
        Self(word)
    }

    #[inline]
    pub(crate) const fn word(self) -> Word {
        self.0
    }

    #[inline]
    pub(crate) fn seq(self, shape: &GateShape) -> Word {
        self.0 >> shape.slot_bits
    }

    #[inline]
    pub(crate) fn slot(self, shape: &GateShape) -> usize {
        (self.0 & ((1 << shape.slot_bits) - 1)) as usize
    }
}

#[cfg(test)]
#[cfg(not(highwater_loom))]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn shape() -> GateShape {
        GateShape::new(4, 8)
    }

    #[test]
    fn every_state_of_a_peak_word_is_told_from_the_others() {
        let stamp = Stamp::new(3, 5, &shape());
        let words =
            [Peak::EMPTY, Peak::live(1), Peak::live(Peak::MAX), Peak::pending(stamp), Peak::killed(stamp)];
        let live: Vec<_> = words.iter().map(|word| word.as_live()).collect();
        assert_eq!(live, [None, Some(1), Some(Peak::MAX), None, None]);
        let pending: Vec<_> = words.iter().map(|word| word.as_pending()).collect();
        assert_eq!(pending, [None, None, None, Some(stamp), None]);
        let free: Vec<_> = words.iter().map(|word| word.is_free()).collect();
        assert_eq!(free, [true, false, false, false, true]);
        assert!(words.iter().all(|&word| Peak::from_word(word.word()) == word));
    }

    #[test]
    fn a_stamp_has_all_bits_but_the_two_that_tell_its_meaning() {
        for (era, bits) in [(0, 0), (Word::MAX, STAMP_MASK)] {
            let stamp = Stamp::new(era, bits, &shape());
            assert_eq!(Peak::pending(stamp).word(), NOT_LIVE | bits);
            assert_eq!(Peak::killed(stamp).word(), !STAMP_MASK | bits);
            assert_eq!(Peak::pending(stamp).as_live(), None);
        }
        assert_eq!(NOT_LIVE | STAMP_MASK, !(1 << (Word::BITS - 2)));
    }

    #[test]
    fn bytes_saturate_just_below_the_top_bit() {
        assert_eq!(saturate(0), 0);
        assert_eq!(saturate(u64::from(u16::MAX)), Word::from(u16::MAX));
        assert_eq!(saturate(widen(Peak::MAX)), Peak::MAX);
        assert_eq!(saturate(widen(Peak::MAX) + 1), Peak::MAX);
        assert_eq!(saturate(u64::MAX), Peak::MAX);
    }

    #[test]
    fn a_gate_word_returns_what_it_was_made_of() {
        for (capacity, slots) in [(1, 2), (4, 8), (4096, 8192), (5000, 10_001)] {
            let shape = GateShape::new(capacity, slots);
            for seq in [0, 1, shape.capacity, shape.end - 1] {
                for slot in [0, 1, slots - 1] {
                    let gate = Gate::new(seq, slot, &shape);
                    assert_eq!((gate.seq(&shape), gate.slot(&shape)), (seq, slot));
                    assert_eq!(Gate::from_word(gate.word()), gate);
                }
                assert_eq!(Stamp::new(7, seq, &shape).seq(&shape), seq);
            }
        }
    }

    #[test]
    fn a_stamp_tells_eras_apart_where_a_round_leaves_room_for_them() {
        let shape = GateShape::with_seq_bits(3, 3, 4);
        assert_ne!(Stamp::new(7, 5, &shape), Stamp::new(8, 5, &shape));
    }

    #[test]
    fn seq_runs_round_without_passing_below_the_capacity() {
        let shape = GateShape::with_seq_bits(3, 3, 4);
        let (mut seq, mut era) = (0, 0);
        let mut halves = Vec::new();
        for step in 1..100 {
            // A claim before the era has moved and one after that make the same stamp.
            let before = era;
            seq = shape.next(seq);
            era = shape.era_of_next(before, seq);
            assert_eq!(shape.era_of_next(era, seq), era);
            assert_eq!(shape.is_full(seq), step >= 3);
            if era != before {
                assert_eq!(era, before + 1);
                halves.push(step);
            }
        }
        // Rounds of 13 admissions, from the first of a full table on.
        assert_eq!(halves[..5], [3, 3 + 6, 3 + 13, 3 + 13 + 6, 3 + 26]);
        assert_eq!(halves.len(), 97 / 13 * 2 + 1);
    }

    #[test]
    fn the_stamp_of_a_gate_is_that_of_its_claim_and_no_other() {
        let shape = GateShape::with_seq_bits(3, 3, 4);
        let (mut seq, mut era) = (0, 0);
        for _ in 1..100 {
            seq = shape.next(seq);
            era = shape.era_of_next(era, seq);
            let stamp = Stamp::new(era, seq, &shape);
            let ahead = shape.era_of_next(era, shape.next(seq));
            assert_eq!([shape.stamp_of(era, seq), shape.stamp_of(ahead, seq)], [Some(stamp); 2]);
            // The eras that other tickets can have found with this `seq`: whole rounds later, and
            // before and after the era of a half has moved.
            for later in [era + 1, era + 2, era + 3, ahead + 1, ahead + 2] {
                assert!(later == ahead || shape.stamp_of(later, seq) != Some(stamp), "{era} {later} {seq}");
            }
        }
    }
}
