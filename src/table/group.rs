//! Groups of slots: for each a word with a tag of every slot's key, so that a look-up goes straight to
//! the slot that has the key.

use crate::{
    sync::{AtomicWord, Ordering, Word},
    word::Tag,
};

/// Slots of a group: as many as a word has bytes beside the one for the reach. Few under loom, so that
/// small models have several groups.
pub(crate) const GROUP: usize = if cfg!(loom) { 2 } else { size_of::<Word>() - 1 };

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
/// Tags tell where a key can be, never where it is: one that belongs to a key that is gone, or that is
/// only about to come, costs a comparison. The reach is the number of groups after this one in which
/// a key with its home here was ever placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Group(Word);

impl Group {
    /// Saturated, the reach stands for all groups.
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

    /// The difference that a new tag of a slot makes.
    fn retagged(self, lane: usize, tag: Tag) -> Word {
        (self.0 >> (lane * 8) & 0xFF ^ tag.word()) << (lane * 8)
    }

    /// The slots that have this tag, and sometimes one more behind these.
    #[inline]
    fn lanes_with(self, tag: Tag) -> Lanes {
        // A byte that is zero borrows: its own top bit comes up, and perhaps that of the byte above it.
        let tags = LANES.wrapping_mul(tag.word());
        Lanes((self.0 ^ tags).wrapping_sub(LANES) & ((self.0 ^ !tags) & LANES << 7))
    }
}

/// Slots of a group, each by the top bit of its byte.
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
/// Every access is relaxed. What an admission writes here comes before the gate that installs it
/// (release), and who concludes that a key is absent has read that gate (acquire) before it looks here.
#[derive(Clone, Copy)]
pub(super) struct Groups<'a>(pub(super) &'a [AtomicWord]);

impl Groups<'_> {
    #[inline]
    fn look(self, group: usize) -> Group {
        Group(self.0[group].load(Ordering::Relaxed))
    }

    #[inline]
    pub(super) fn lanes_with(self, group: usize, tag: Tag) -> Lanes {
        self.look(group).lanes_with(tag)
    }

    /// How many groups after this one a key with its home here can be in.
    pub(super) fn reach(self, group: usize) -> usize {
        self.look(group).reach().min(self.0.len() - 1)
    }

    /// Lets searches from `home` go as far as `reach` groups on.
    ///
    /// If another thread made it so large, whoever sees our gate reads it no smaller than we did
    /// (read-read coherence).
    pub(super) fn extend_reach(self, home: usize, reach: usize) {
        let mut seen = self.look(home);
        while seen.reach() < reach {
            let extended = seen.with_reach(reach);
            // Again only if somebody else has changed the group, which is progress of theirs.
            match self.0[home].compare_exchange(seen.0, extended.0, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => seen = Group(now),
            }
        }
    }

    /// Gives a slot the tag of its next key. Only the owner of a claim on the slot calls this, and the
    /// claim has shown it the tag that the owner before it left.
    pub(super) fn tag(self, group: usize, lane: usize, tag: Tag) {
        match self.look(group).retagged(lane, tag) {
            0 => {}
            change => _ = self.0[group].fetch_xor(change, Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn tag(hash_byte: u8) -> Tag {
        Tag::of(u64::from(hash_byte) << 32)
    }

    #[test]
    fn a_tag_is_found_where_it_was_put_whatever_its_neighbours() {
        for byte in 0..=u8::MAX {
            for lane in 0..GROUP {
                let words = [AtomicWord::new(0)];
                let groups = Groups(&words);
                for other in 0..GROUP {
                    groups.tag(0, other, tag(byte.wrapping_add(3)));
                }
                groups.extend_reach(0, 9);
                groups.tag(0, lane, tag(byte));
                groups.tag(0, lane, tag(byte));
                let found: Vec<_> = groups.lanes_with(0, tag(byte)).collect();
                assert_eq!(found.first(), Some(&lane), "{byte}");
                assert_eq!(groups.look(0).reach(), 9);
            }
        }
    }

    #[test]
    fn a_slot_never_used_has_no_key() {
        for byte in 0..=u8::MAX {
            let words = [AtomicWord::new(0)];
            let groups = Groups(&words);
            groups.extend_reach(0, usize::from(byte));
            assert_eq!(groups.lanes_with(0, tag(byte)).next(), None);
        }
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
