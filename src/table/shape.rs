//! The sizes of a table: places, slots, groups, the levels of its bounds.

use super::{group::GROUP, word::GateShape};
use crate::sync::{MODELLED, Word};

/// Slots below a leaf of the bounds. Few under loom, so that small models have inner nodes.
pub(crate) const LEAF: usize = if MODELLED { 2 } else { 4 };
/// Children of an inner node.
pub(crate) const FANOUT: usize = if MODELLED { 2 } else { 8 };
/// The least number of slots beyond the capacity. With at most half as many other threads in an
/// admission at once, each newcomer finds a slot: such a thread holds one, and a scan can meet it
/// in two while it gives one up for another.
#[cfg(any(feature = "alloc", test))]
const SPARE: usize = if MODELLED { 3 } else { 64 };
/// A table with more levels than this fits into few caches.
pub(crate) const CACHED_LEVELS: usize = 4;
/// Enough levels for the largest table.
const MAX_LEVELS: usize = if MODELLED { 4 } else { 12 };

/// Everything about a table that follows from its capacity.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) capacity: usize,
    pub(crate) slots: usize,
    pub(crate) groups: usize,
    pub(crate) gate: GateShape,
    /// Where the nodes of each level begin in the array of all nodes, leaves first, and where the
    /// last level ends.
    starts: [u32; MAX_LEVELS + 1],
    pub(crate) levels: usize,
}

impl Shape {
    /// The largest capacity, in principals.
    pub(crate) const MAX_CAPACITY: usize = GateShape::MAX_SLOTS / 2;

    /// The shape of a table on the heap: twice as many slots as places, and at least [`SPARE`]
    /// more.
    #[cfg(any(feature = "alloc", test))]
    pub(crate) const fn with_capacity(capacity: usize) -> Self {
        let spare = if capacity < SPARE { SPARE } else { capacity };
        Self::new(capacity, capacity + spare)
    }

    /// The shape of a table with exactly twice as many slots as places.
    #[cfg(not(highwater_loom))]
    pub(crate) const fn doubled(capacity: usize) -> Self {
        Self::new(capacity, capacity * 2)
    }

    pub(crate) const fn new(capacity: usize, slots: usize) -> Self {
        let mut shape = Self {
            capacity,
            slots,
            groups: slots.div_ceil(GROUP),
            gate: GateShape::new(capacity, slots),
            starts: [0; MAX_LEVELS + 1],
            levels: 0,
        };
        // With narrow words, tables are small, and a search looks at all slots.
        if Word::BITS == 64 {
            let mut nodes = slots.div_ceil(LEAF);
            loop {
                shape.starts[shape.levels + 1] = shape.starts[shape.levels] + nodes as u32;
                shape.levels += 1;
                if nodes <= FANOUT {
                    break;
                }
                nodes = nodes.div_ceil(FANOUT);
            }
        }
        shape
    }

    /// The same shape with a gate that can name no slot, as that of a closing does: the number
    /// after the last one.
    #[cfg_attr(highwater_narrow, allow(dead_code))] // There, only tables in place name it.
    pub(crate) const fn windowed(mut self) -> Self {
        self.gate = GateShape::new(self.capacity, self.slots + 1);
        self
    }

    /// The same shape with a short round of `seq`, so that tests see it wrap.
    #[cfg(any(test, highwater_loom))]
    #[cfg_attr(mutants, mutants::skip)] // For tests alone.
    pub(crate) fn with_seq_bits(mut self, seq_bits: u32) -> Self {
        // Enough for the gate of a closing as well.
        let slot_bits = usize::BITS - self.slots.leading_zeros();
        self.gate = GateShape::with_seq_bits(self.capacity, slot_bits.max(2), seq_bits);
        self
    }

    /// The number of nodes of all levels.
    pub(crate) const fn nodes(&self) -> usize {
        self.starts[self.levels] as usize
    }

    /// The number of nodes of one level.
    #[inline]
    pub(crate) fn nodes_at(&self, level: usize) -> usize {
        (self.starts[level + 1] - self.starts[level]) as usize
    }

    /// Where node `index` of `level` stands in the array of all.
    #[inline]
    pub(crate) fn node(&self, level: usize, index: usize) -> usize {
        self.starts[level] as usize + index
    }

    /// The indices right below a node: the slots of a leaf, or the nodes of the level below.
    #[inline]
    pub(crate) fn below(&self, level: usize, index: usize) -> core::ops::Range<usize> {
        let (width, end) = if level == 0 { (LEAF, self.slots) } else { (FANOUT, self.nodes_at(level - 1)) };
        index * width..(index * width + width).min(end)
    }

    /// The home of a hash: its highest bits, scaled to the number of groups.
    #[inline]
    pub(crate) fn home(&self, hash: u64) -> Home {
        let wide = cfg!(target_pointer_width = "64");
        let group = if wide { self.scaled(hash) } else { self.scaled_upper_half(hash) };
        Home { group, tags: tags(hash) }
    }

    /// A hash scaled to the groups. A product of two words is one instruction on 64-bit processors.
    #[inline]
    fn scaled(&self, hash: u64) -> usize {
        ((u128::from(hash) * self.groups as u128) >> 64) as usize
    }

    /// The upper half of a hash scaled to the groups, which is enough. It costs less on 32-bit processors.
    #[inline]
    #[cfg_attr(mutants, mutants::skip)] // Runs on 32-bit processors alone (ci/cpus i686).
    fn scaled_upper_half(&self, hash: u64) -> usize {
        (((hash >> 32) * self.groups as u64) >> 32) as usize
    }

    /// The group `displacement` groups after `home`. The first group follows the last.
    #[inline]
    pub(crate) fn group_at(&self, home: Home, displacement: usize) -> usize {
        let group = home.group + displacement;
        if group < self.groups { group } else { group - self.groups }
    }

    /// The slots of a group. The last group may have fewer than the others.
    #[inline]
    pub(crate) fn slots_of(&self, group: usize) -> core::ops::Range<usize> {
        let first = group * GROUP;
        first..(first + GROUP).min(self.slots)
    }
}

/// The tags of a hash: a byte for each slot of a group. The home takes the highest bits of the hash,
/// so that in a large table the keys of one home would share the tags made of these. Its lower half
/// is added to them.
#[inline]
fn tags(hash: u64) -> Word {
    if Word::BITS == 64 { hash.wrapping_add(hash << 32) as Word } else { hash as Word }
}

/// Where a key belongs: its home group, and its tags there and in the groups after it, by slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Home {
    pub(crate) group: usize,
    pub(crate) tags: Word,
}

#[cfg(test)]
#[cfg(not(highwater_loom))]
mod tests {
    use super::*;

    #[test]
    fn every_slot_is_below_one_node_of_each_level_and_the_top_fits_in_one_look() {
        for capacity in [1, 2, 63, 64, 65, 1000, 4096, Shape::MAX_CAPACITY.min(1 << 20)] {
            let shape = Shape::with_capacity(capacity);
            assert!(shape.slots >= capacity + capacity.max(64));
            let mut below = shape.slots;
            let mut width = LEAF;
            for level in 0..shape.levels {
                assert_eq!(shape.nodes_at(level), below.div_ceil(width));
                below = shape.nodes_at(level);
                width = FANOUT;
            }
            assert!(shape.levels == 0 || below <= FANOUT);
        }
    }

    #[test]
    fn a_table_in_place_has_two_slots_for_each_of_its_places() {
        assert_eq!([1, 3, 100].map(|capacity| Shape::doubled(capacity).slots), [2, 6, 200]);
    }

    /// Of two keys with one home, each slot has the same tag as seldom as chance would have it.
    #[test]
    fn a_home_says_nothing_of_the_tags() {
        const KEYS: u64 = 1 << 18;
        let shape = Shape::with_capacity(Shape::MAX_CAPACITY.min(1 << 20));
        let mut rng = fastrand::Rng::with_seed(7);
        let mut same = [0_u32; GROUP];
        for _ in 0..KEYS {
            // The highest bits are the same, so the home is, too.
            let (high, low) = (rng.u64(..) & !(u64::MAX >> 24), [rng.u64(..), rng.u64(..)]);
            let [one, other] = low.map(|low| shape.home(high | low >> 24));
            let differing = one.tags ^ other.tags;
            for (lane, same) in same.iter_mut().enumerate() {
                *same += u32::from(differing >> (lane * 8) & 0xFF == 0);
            }
        }
        let expected = KEYS as u32 / 256;
        assert!(same.iter().all(|same| same.abs_diff(expected) < expected / 5), "{same:?}");
    }

    #[test]
    fn homes_cover_the_groups_and_displacements_go_round() {
        let shape = Shape::with_capacity(100);
        assert_eq!(shape.home(0).group, 0);
        let last = shape.home(u64::MAX);
        assert_eq!(last.group, shape.groups - 1);
        assert_eq!(shape.group_at(last, 1), 0);
        assert_eq!(shape.group_at(shape.home(0), shape.groups - 1), last.group);
        assert_eq!(shape.slots_of(last.group).end, shape.slots);
    }
}
