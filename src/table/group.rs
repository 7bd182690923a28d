//! Groups of slots. Each has a word with a tag of every slot's key, so that a look-up goes straight
//! to the slot with the key.

use crate::sync::{AtomicWord, MODELLED, Ordering, Word};

/// Slots of a group: one for each byte of a word but the highest, which holds the reach. Few under
/// loom, so that small models have several groups.
pub(crate) const GROUP: usize = if MODELLED { 2 } else { size_of::<Word>() - 1 };

const REACH_SHIFT: u32 = Word::BITS - u8::BITS;
/// The lowest bit of each tag.
const LANES: Word = {
    let mut lanes = 0;
    let mut lane = 0;
    while lane < GROUP {
        lanes |= 1 << (lane * 8);
        lane += 1;
    }
    lanes
};

/// A group's word: `[reach | tag of the last slot | .. | tag of the first]`, 8 bits each.
///
/// Each slot takes its tag from another byte of the key's tags, so that one exclusive or compares
/// them all. A match means only that the key *may* be there: the tag may be stale, early, or zero
/// because the slot was never used. A false match costs one comparison. The reach is the number of
/// groups after this one in which a key with its home here was ever placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Group(Word);

impl Group {
    /// A saturated reach stands for all groups.
    #[inline]
    fn reach(self) -> usize {
        match (self.0 >> REACH_SHIFT) as usize {
            255 => usize::MAX,
            reach => reach,
        }
    }

    fn with_reach(self, reach: usize) -> Self {
        Self(self.0 & (Word::MAX >> 8) | (reach.min(255) as Word) << REACH_SHIFT)
    }

    /// The bits of a slot's tag that differ from its tag out of these.
    fn retagged(self, lane: usize, tags: Word) -> Word {
        (self.0 ^ tags) & 0xFF << (lane * 8)
    }

    /// The slots whose tag matches. A slot above a true match may be reported as well, because the
    /// zero-byte test borrows; the key comparison rejects it.
    #[inline]
    fn match_tags(self, tags: Word) -> Lanes {
        // A zero byte borrows: its own top bit is set, and perhaps that of the byte above it.
        let differing = self.0 ^ tags;
        Lanes(differing.wrapping_sub(LANES) & !differing & LANES << 7)
    }
}

/// A set of slots of a group: the top bit of the byte of each.
#[derive(Clone, Copy)]
pub(super) struct Lanes(Word);

impl Iterator for Lanes {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let lane = (self.0 != 0).then(|| self.0.trailing_zeros() as usize / 8)?;
        self.0 &= self.0 - 1;
        Some(lane)
    }
}

/// All groups of a table.
///
/// An admission writes here before it is installed by the gate (release). A call that concludes
/// that a key is absent has read that gate (acquire) before it looks here. If it misses the key
/// because a later claim has replaced the tag, the new tag shows it everything before that claim,
/// and so shows that its ticket is not current.
#[derive(Clone, Copy)]
pub(super) struct Groups<'a>(pub(super) &'a [AtomicWord]);

impl Groups<'_> {
    /// Acquire: pairs with [`tag`](Groups::tag), also through later updates of the word.
    #[inline]
    fn look(self, group: usize) -> Group {
        Group(self.0[group].load(Ordering::Acquire))
    }

    #[inline]
    pub(super) fn match_tags(self, group: usize, tags: Word) -> Lanes {
        self.look(group).match_tags(tags)
    }

    /// How many groups after this one a key with its home here can be in.
    pub(super) fn reach(self, group: usize) -> usize {
        self.look(group).reach().min(self.0.len() - 1)
    }

    /// Makes look-ups from `home` go as far as `reach` groups on.
    ///
    /// If another thread made it so large, a thread that sees this call's gate reads it no smaller
    /// than this call did (read-read coherence).
    pub(super) fn extend_reach(self, home: usize, reach: usize) {
        let mut seen = self.look(home);
        while seen.reach() < reach {
            let extended = seen.with_reach(reach);
            // Relaxed: the gate publishes it, and an update carries on the release of a tag before
            // it. Repeats only if another thread has changed the group: that is progress.
            match self.0[home].compare_exchange(seen.0, extended.0, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => seen = Group(now),
            }
        }
    }

    /// Gives a slot its tag out of those of its next key. Only the owner of a claim on the slot
    /// calls this. The claim has shown it the tag of the owner before. Release: pairs with `look`.
    pub(super) fn tag(self, group: usize, lane: usize, tags: Word) {
        match self.look(group).retagged(lane, tags) {
            0 => {}
            change => _ = self.0[group].fetch_xor(change, Ordering::Release),
        }
    }
}

#[cfg(test)]
#[cfg(not(highwater_loom))]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// The same byte for all slots.
    fn tags(byte: u8) -> Word {
        Word::from_ne_bytes([byte; size_of::<Word>()])
    }

    #[test]
    fn a_tag_is_found_where_it_was_put_whatever_its_neighbours() {
        for byte in 0..=u8::MAX {
            for lane in 0..GROUP {
                let words = [AtomicWord::new(0)];
                let groups = Groups(&words);
                for other in 0..GROUP {
                    groups.tag(0, other, tags(byte.wrapping_add(3)));
                }
                groups.extend_reach(0, 9);
                groups.tag(0, lane, tags(byte));
                groups.tag(0, lane, tags(byte));
                let found: Vec<_> = groups.match_tags(0, tags(byte)).collect();
                assert_eq!(found.first(), Some(&lane), "{byte}");
                assert_eq!(groups.look(0).reach(), 9);
            }
        }
    }

    #[test]
    fn each_slot_has_a_byte_of_the_hash_to_itself() {
        let words = [AtomicWord::new(0)];
        let groups = Groups(&words);
        let hash = Word::from_le_bytes(core::array::from_fn(|byte| byte as u8 + 1));
        // The reach does not count as a tag, even if the top byte of the hash equals it.
        let reach = (hash >> REACH_SHIFT) as usize;
        groups.extend_reach(0, reach);
        for lane in 0..GROUP {
            groups.tag(0, lane, hash);
            assert_eq!(groups.match_tags(0, hash).count(), lane + 1);
            assert_eq!(groups.match_tags(0, !hash).count(), 0);
        }
        assert_eq!(groups.look(0).reach(), reach);
    }

    #[test]
    fn reach_only_grows_and_saturates_at_the_whole_table() {
        let words: Vec<_> = (0..1000).map(|_| AtomicWord::new(0)).collect();
        let groups = Groups(&words);
        for (reach, expected) in [(0, 0), (7, 7), (3, 7), (254, 254), (255, 999), (600, 999), (8, 999)] {
            groups.extend_reach(5, reach);
            assert_eq!(groups.reach(5), expected);
        }
        assert_eq!(groups.reach(4), 0);
    }
}
