//! The nodes of the tournament: a lower bound of every peak below, and a stamp.

use super::shape::{FANOUT, LEAF, Shape};
use crate::sync::{AtomicWord, Ordering, Word};

const STAMP_BITS: u32 = Word::BITS / 4;
const STAMP_MASK: Word = (1 << STAMP_BITS) - 1;

/// The bound of a node below which nothing is.
pub(crate) const NOTHING: Word = Word::MAX >> STAMP_BITS;

/// The bound that stands for a peak: itself, or the largest that a node can hold. Never
/// [`NOTHING`], so that what saturates is still found.
#[inline]
pub(crate) fn bound_of(peak: Word) -> Word {
    peak.min(NOTHING - 1)
}

/// A node's word: `[bound | stamp]`. All zero, as at the start, it bounds anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node(Word);

impl Node {
    #[inline]
    pub(crate) fn bound(self) -> Word {
        self.0 >> STAMP_BITS
    }

    /// The same stamp with another bound.
    #[inline]
    fn with_bound(self, bound: Word) -> Self {
        Self(bound << STAMP_BITS | self.0 & STAMP_MASK)
    }

    /// A newcomer with this bound has come below: at most its bound, and a new stamp in any case, so
    /// that a search that looked before cannot tighten the node without knowing of it.
    #[inline]
    fn lowered(self, bound: Word) -> Self {
        let stamp = self.0.wrapping_add(1) & STAMP_MASK;
        Self(self.bound().min(bound) << STAMP_BITS | stamp)
    }
}

/// All nodes of a table.
#[derive(Clone, Copy)]
pub(crate) struct Bounds<'a> {
    nodes: &'a [AtomicWord],
    shape: &'a Shape,
}

impl<'a> Bounds<'a> {
    #[inline]
    pub(crate) fn new(nodes: &'a [AtomicWord], shape: &'a Shape) -> Self {
        Self { nodes, shape }
    }

    /// Reads a node. Acquire: pairs with [`lower`](Bounds::lower), so that who sees the stamp of a
    /// newcomer also sees its claim, its intent and the nodes below this one.
    #[inline]
    pub(crate) fn look(node: &AtomicWord) -> Node {
        Node(node.load(Ordering::Acquire))
    }

    /// Makes the bounds above `slot` true for a newcomer with this peak, leaf first, then upward.
    #[inline]
    pub(crate) fn lower(&self, slot: usize, peak: Word) {
        let bound = bound_of(peak);
        let mut index = slot / LEAF;
        for level in 0..self.shape.levels {
            let node = &self.nodes[self.shape.node(level, index)];
            let mut seen = node.load(Ordering::Relaxed);
            // Release: pairs with `look`. The loop ends when nobody else changes the node in
            // between, which each time is somebody's progress.
            while let Err(now) =
                node.compare_exchange(seen, Node(seen).lowered(bound).0, Ordering::AcqRel, Ordering::Relaxed)
            {
                seen = now;
            }
            index /= FANOUT;
        }
    }

    /// Touches the two lowest nodes above a slot, which are those that caches do not hold. Relaxed: pairs with
    /// nothing, since nothing is concluded.
    pub(crate) fn approach(&self, slot: usize) {
        self.nodes[self.shape.node(0, slot / LEAF)].load(Ordering::Relaxed);
        self.nodes[self.shape.node(1, slot / LEAF / FANOUT)].load(Ordering::Relaxed);
    }

    /// The nodes `first..end` of a level.
    #[inline]
    pub(crate) fn nodes(&self, level: usize, first: usize, end: usize) -> &'a [AtomicWord] {
        &self.nodes[self.shape.node(level, first)..self.shape.node(level, end)]
    }

    /// A lower bound of everything below the nodes `first..end` of a level.
    #[inline]
    pub(crate) fn lowest(&self, level: usize, first: usize, end: usize) -> Word {
        self.nodes(level, first, end)
            .iter()
            .fold(NOTHING, |lowest, node| lowest.min(Self::look(node).bound()))
    }

    /// Raises a node's bound, if nobody has touched the node since `seen` was read.
    #[inline]
    pub(crate) fn tighten(node: &AtomicWord, seen: Node, bound: Word) {
        if bound > seen.bound() {
            // Release: who reads the new bound must see what it was computed from, or older nodes
            // would be tightened with less. A failure leaves a bound that is only slack.
            let _ =
                node.compare_exchange(seen.0, seen.with_bound(bound).0, Ordering::AcqRel, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
#[cfg(not(highwater_loom))]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn lowering_always_changes_the_stamp_and_only_ever_lowers() {
        let node = Node(0).with_bound(100);
        assert_eq!(node.bound(), 100);
        assert_eq!(node.lowered(150).bound(), 100);
        assert_ne!(node.lowered(150), node);
        assert_eq!(node.lowered(50).bound(), 50);
        assert_eq!(node.lowered(50).with_bound(100), node.lowered(150));
    }

    #[test]
    fn a_saturated_bound_is_not_nothing() {
        assert_eq!([bound_of(7), bound_of(Word::MAX >> 1)], [7, NOTHING - 1]);
        assert_eq!(Node(Word::MAX).with_bound(0).bound(), 0);
        assert_eq!(Node(0).with_bound(NOTHING).bound(), NOTHING);
        assert_eq!(Node(Word::MAX).lowered(7).bound(), 7);
    }

    #[test]
    fn a_bound_is_tightened_unless_somebody_has_touched_it() {
        let node = AtomicWord::new(Node(0).with_bound(3).0);
        let seen = Bounds::look(&node);
        Bounds::tighten(&node, seen, 2);
        assert_eq!(Bounds::look(&node), seen);
        Bounds::tighten(&node, seen, 5);
        assert_eq!(Bounds::look(&node), seen.with_bound(5));
        Bounds::tighten(&node, seen, 9);
        assert_eq!(Bounds::look(&node), seen.with_bound(5));
    }

    #[test]
    fn a_newcomer_lowers_what_is_above_its_slot_and_nothing_else() {
        let shape = Shape::with_capacity(1000);
        let nodes: Vec<_> = (0..shape.nodes()).map(|_| AtomicWord::new(Word::MAX)).collect();
        let bounds = Bounds::new(&nodes, &shape);
        bounds.lower(777, 5);
        let mut index = 777 / LEAF;
        for level in 0..shape.levels {
            assert_eq!(bounds.lowest(level, 0, index), NOTHING);
            assert_eq!(bounds.lowest(level, index, index + 1), 5);
            assert_eq!(bounds.lowest(level, index + 1, shape.nodes_at(level)), NOTHING);
            index /= FANOUT;
        }
    }

    #[test]
    fn the_stamp_wraps_without_touching_the_bound() {
        let mut node = Node(0).with_bound(9);
        for _ in 0..=STAMP_MASK {
            node = node.lowered(12);
            assert_eq!(node.bound(), 9);
        }
        assert_eq!(node, Node(0).with_bound(9));
    }
}
