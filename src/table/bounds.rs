//! The nodes of the tournament. Each holds a lower bound of all peaks below it.

use core::ops::Range;

use super::shape::{FANOUT, LEAF, Shape};
use crate::{
    sync::{AtomicWord, Ordering, Word},
    table::word::Peak,
};

/// The bound of a node without residents below it: above every peak.
pub(crate) const NOTHING: Word = Peak::MAX + 1;

/// A node's word.
///
/// | word | meaning |
/// | --- | --- |
/// | up to [`Peak::MAX`] | no resident below has a lower peak; 0, as at the start, bounds anything |
/// | [`NOTHING`] | there is no resident below |
/// | above, a *mark* | a call is raising the bound; meanwhile the word bounds anything |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Node(Word);

impl Node {
    #[inline]
    fn bound(self) -> Word {
        if self.0 > NOTHING { 0 } else { self.0 }
    }

    /// The word that also bounds a newcomer with this peak, unless this one does. A mark is always
    /// replaced, and by 0, since the bound that it replaced is not known.
    #[inline]
    fn lowered(self, peak: Word) -> Option<Self> {
        let lowered = Self(self.bound().min(peak));
        (lowered != self).then_some(lowered)
    }
}

/// The word that a call writes into a node before it raises the node's bound. No other call writes
/// this word, and a call uses it at most once for a node.
#[derive(Clone, Copy)]
pub(crate) struct Mark(Node);

impl Mark {
    /// The mark of the call that made the eviction with this number.
    #[inline]
    pub(crate) fn of_eviction(number: Word) -> Self {
        Self(Node(NOTHING | number << 1 | 1))
    }

    /// The mark of a search that raises bounds. These have numbers of their own.
    #[inline]
    pub(crate) fn of_search(number: Word) -> Self {
        Self(Node(NOTHING | (number + 1) << 1))
    }
}

/// All nodes of a table.
///
/// All accesses from which something is concluded are SeqCst. They are in one order with the claims
/// of slots and the looks at slots: see [`raise`](Bounds::raise).
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

    /// Makes the bounds above `slot` true for a newcomer with this peak, leaf first, then upward.
    /// The caller has claimed the slot and not installed the admission yet.
    #[inline]
    pub(crate) fn lower(&self, slot: usize, peak: Word) {
        let mut index = slot / LEAF;
        for level in 0..self.shape.levels {
            let node = &self.nodes[self.shape.node(level, index)];
            let mut seen = look(node);
            // Repeats only if another thread has changed the node in between: that is progress.
            while let Some(lowered) = seen.lowered(peak)
                && let Err(now) = replace(node, seen, lowered)
            {
                seen = now;
            }
            index /= FANOUT;
        }
    }

    /// Raises a node's bound to that of everything `below`, which is evaluated after the node has
    /// been marked. Returns whether the bound may have changed.
    ///
    /// A newcomer claims its slot and then looks at the node. This call marks the node and then
    /// looks below. So the newcomer looks at the node
    ///
    /// - before the mark: then this call sees its claim, or the child that it has lowered.
    /// - while the mark is there: then it replaces the mark, and the second `replace` fails, since
    ///   no other call makes this mark.
    /// - later: then it lowers the bound that it finds.
    ///
    /// After a failure the bound is still true, only slack.
    #[inline]
    pub(crate) fn raise(&self, level: usize, index: usize, mark: Mark, below: impl FnOnce() -> Word) -> bool {
        let node = &self.nodes[self.shape.node(level, index)];
        let seen = look(node);
        if replace(node, seen, mark.0).is_err() {
            return true;
        }
        let bound = seen.bound().max(below());
        let _ = replace(node, mark.0, Node(bound));
        bound != seen.bound()
    }

    /// Touches the two lowest nodes above a slot: in a large table, caches do not hold these.
    /// Relaxed: pairs with nothing, since nothing is concluded from the values.
    pub(crate) fn prefetch(&self, slot: usize) {
        self.nodes[self.shape.node(0, slot / LEAF)].load(Ordering::Relaxed);
        self.nodes[self.shape.node(1, slot / LEAF / FANOUT)].load(Ordering::Relaxed);
    }

    /// The bounds of some nodes of a level.
    #[inline]
    pub(crate) fn of(&self, level: usize, nodes: Range<usize>) -> impl Iterator<Item = Word> + use<'a> {
        let nodes = self.shape.node(level, nodes.start)..self.shape.node(level, nodes.end);
        self.nodes[nodes].iter().map(|node| look(node).bound())
    }

    /// A lower bound of everything below some nodes of a level.
    #[inline]
    pub(crate) fn minimum(&self, level: usize, nodes: Range<usize>) -> Word {
        self.of(level, nodes).fold(NOTHING, Word::min)
    }
}

/// Reads a node. SeqCst: if a newcomer's look at a node comes before the mark of a call that raises
/// it, the call's looks below come after the claim and the looks of that newcomer. It is also an
/// acquire load, which pairs with `replace`: a search that passes a node by because of its bound
/// sees the evictions before that bound was computed, and so sees at the gate that its ticket is
/// outdated.
#[inline]
fn look(node: &AtomicWord) -> Node {
    Node(node.load(Ordering::SeqCst))
}

/// Replaces a node's word, if it is still `seen`. SeqCst, as in [`look`]. So is a failure, which
/// serves a newcomer as a look.
#[inline]
fn replace(node: &AtomicWord, seen: Node, new: Node) -> Result<(), Node> {
    node.compare_exchange(seen.0, new.0, Ordering::SeqCst, Ordering::SeqCst)
        .map_or_else(|now| Err(Node(now)), |_| Ok(()))
}

#[cfg(test)]
#[cfg(not(highwater_loom))]
mod tests {
    use std::{collections::BTreeSet, vec::Vec};

    use super::*;

    const MARK: Mark = Mark(Node(NOTHING | 7));

    #[test]
    fn a_bound_has_all_peaks_and_a_mark_bounds_anything() {
        let words = [0, 1, Peak::MAX, NOTHING, NOTHING + 1, Word::MAX];
        assert_eq!(words.map(|word| Node(word).bound()), [0, 1, Peak::MAX, NOTHING, 0, 0]);
    }

    #[test]
    fn a_newcomer_changes_a_node_that_is_marked_or_does_not_bound_it() {
        let words = [0, 6, 7, 8, Peak::MAX, NOTHING, MARK.0.0];
        let lowered = words.map(|word| Node(word).lowered(7).map(|node| node.0));
        assert_eq!(lowered, [None, None, None, Some(7), Some(7), Some(7), Some(0)]);
        assert_eq!(Node(NOTHING).lowered(Peak::MAX), Some(Node(Peak::MAX)));
    }

    #[test]
    fn no_two_calls_make_the_same_mark() {
        // One number for each bit, so that a mark that cuts its number shows.
        let numbers = || (0..Word::BITS - 2).map(|bit| 1 << bit).chain([0]);
        let evictions = numbers().map(|number| Mark::of_eviction(number).0.0);
        let marks: BTreeSet<_> =
            evictions.chain(numbers().map(|number| Mark::of_search(number).0.0)).collect();
        assert_eq!(marks.len(), 2 * numbers().count());
        assert!(marks.iter().all(|&mark| mark > NOTHING));
    }

    /// One node, over four slots.
    fn with_node(word: Word, test: impl FnOnce(Bounds, &AtomicWord)) {
        let shape = Shape::doubled(2);
        let nodes = [AtomicWord::new(word)];
        if shape.levels > 0 {
            test(Bounds::new(&nodes, &shape), &nodes[0]);
        }
    }

    #[test]
    fn a_bound_is_raised_to_what_is_below_or_stays() {
        for (before, below, after) in
            [(3, 5, 5), (3, 3, 3), (3, 2, 3), (3, NOTHING, NOTHING), (Word::MAX, 5, 5)]
        {
            with_node(before, |bounds, node| {
                let changed = bounds.raise(0, 0, MARK, || {
                    assert_eq!(look(node), MARK.0);
                    below
                });
                assert_eq!((look(node).0, changed), (after, before != after));
            });
        }
    }

    #[test]
    fn a_bound_is_not_raised_if_a_newcomer_comes_after_the_mark() {
        for peak in [2, 5, 9] {
            with_node(3, |bounds, node| {
                assert!(bounds.raise(0, 0, MARK, || {
                    bounds.lower(1, peak);
                    9
                }));
                assert_eq!(look(node).0, 0);
            });
        }
    }

    #[test]
    fn the_later_of_two_marks_counts() {
        with_node(3, |bounds, node| {
            bounds.raise(0, 0, MARK, || {
                bounds.raise(0, 0, Mark::of_eviction(100), || 5);
                9
            });
            assert_eq!(look(node).0, 5);
        });
    }

    #[test]
    fn a_newcomer_lowers_what_is_above_its_slot_and_nothing_else() {
        let shape = Shape::with_capacity(1000);
        let nodes: Vec<_> = (0..shape.nodes()).map(|_| AtomicWord::new(NOTHING)).collect();
        let bounds = Bounds::new(&nodes, &shape);
        bounds.lower(777, 5);
        let mut index = 777 / LEAF;
        for level in 0..shape.levels {
            assert_eq!(bounds.minimum(level, 0..index), NOTHING);
            assert_eq!(bounds.minimum(level, index..index + 1), 5);
            assert_eq!(bounds.minimum(level, index + 1..shape.nodes_at(level)), NOTHING);
            index /= FANOUT;
        }
    }
}
