//! The search for the lowest resident: branch and bound over the tournament of lower bounds.

use super::{
    Found, Storage, Table,
    bounds::{Bounds, NOTHING, bound_of},
    gate::Ticket,
    shape::{FANOUT, LEAF},
};
use crate::sync::{AtomicWord, Ordering, Word};

/// One search, with the lowest resident met so far.
struct Search<'a, St> {
    table: &'a Table<St>,
    bounds: Bounds<'a>,
    ticket: Ticket,
    best: Option<Found>,
    /// Another admission was installed: the search is of no use any more.
    moved: bool,
}

impl<St: Storage> Table<St> {
    /// The lowest resident, as it was at some instant since the ticket was taken; `None` if the
    /// ticket went out of date meanwhile. The caller has settled the admission of the ticket, and
    /// looks whether it is current afterwards.
    ///
    /// While it is current nobody comes or goes and residents only grow: a resident that was not
    /// below the best found when it was looked at is not below it later.
    pub(super) fn lowest(&self, ticket: Ticket) -> Option<Found> {
        let mut search = Search { table: self, bounds: self.bounds(), ticket, best: None, moved: false };
        let shape = self.storage.shape();
        match shape.levels {
            0 => {
                self.look_at_slots(0, shape.slots, &mut search.best);
            }
            levels => {
                search.descend(levels - 1, 0, shape.nodes_at(levels - 1));
            }
        }
        if search.moved { None } else { search.best }
    }

    /// Tightens the bounds above a slot that a victim has left: they were its peak, all the way up, and
    /// the next search would have to visit them for nothing.
    pub(super) fn tighten_above(&self, slot: usize) {
        let (bounds, shape) = (self.bounds(), self.storage.shape());
        let (mut below, mut index) = (shape.slots, slot / LEAF);
        for level in 0..shape.levels {
            let node = &bounds.nodes(level, index, index + 1)[0];
            let seen = Bounds::look(node);
            let bound = if level == 0 {
                let first = index * LEAF;
                self.look_at_slots(first, (first + LEAF).min(below), &mut None)
            } else {
                let first = index * FANOUT;
                bounds.lowest(level - 1, first, (first + FANOUT).min(below))
            };
            Bounds::tighten(node, seen, bound);
            below = shape.nodes_at(level);
            index /= FANOUT;
        }
    }

    /// Looks at slots one by one: lowers `best` if one is below it, and returns a lower bound of all.
    /// Newcomers in preparation count for the bound, but not as victims.
    #[inline]
    fn look_at_slots(&self, first: usize, end: usize, best: &mut Option<Found>) -> Word {
        let mut bound = NOTHING;
        for (slot, place) in self.storage.slots()[first..end].iter().zip(first..) {
            let seen = slot.look();
            if let Some(peak) = seen.as_live() {
                bound = bound.min(bound_of(peak));
                if best.is_none_or(|best| peak < best.peak) {
                    *best = Some(Found { slot: place, peak });
                }
            } else if seen.as_pending().is_some() {
                // Relaxed: if the newcomer's stamp was in the node, reading that made its intent
                // visible; if not, the newcomer has yet to lower the node, or has made tightening
                // it fail.
                let bytes = self.storage.intents()[place].bytes.load(Ordering::Relaxed);
                bound = bound.min(bound_of(bytes));
            }
        }
        bound
    }
}

impl<St: Storage> Search<'_, St> {
    /// Visits those of the nodes `first..end` of a level that may have something lower than the best
    /// below them, the most promising first. Returns a lower bound of them all.
    fn descend(&mut self, level: usize, first: usize, end: usize) -> Word {
        let nodes = self.bounds.nodes(level, first, end);
        let mut children = [Child::NONE; FANOUT];
        for ((child, node), place) in children.iter_mut().zip(nodes).zip(0..) {
            *child = Child::new(Bounds::look(node).bound(), place);
        }
        let mut known = NOTHING;
        loop {
            // Not `min` of the iterator: that compares with branches.
            let lowest = children.iter().fold(Child::NONE, |lowest, &child| Child(lowest.0.min(child.0)));
            if !self.may_be_lower(lowest.bound()) || self.moved {
                return known.min(lowest.bound());
            }
            let place = lowest.place();
            known = known.min(self.visit(level, first + place, &nodes[place]));
            children[place] = Child::NONE;
        }
    }

    /// Looks below one node, tightens its bound to what was found there and returns it.
    fn visit(&mut self, level: usize, index: usize, node: &AtomicWord) -> Word {
        let shape = self.table.storage.shape();
        // Read before anything below it, so that tightening fails if a newcomer came in between.
        let seen = Bounds::look(node);
        let bound = if level == 0 {
            // Saves the rest of a search that has become useless; nothing depends on it.
            self.moved |= !self.table.is_current(self.ticket);
            let first = index * LEAF;
            self.table.look_at_slots(first, (first + LEAF).min(shape.slots), &mut self.best)
        } else {
            let first = index * FANOUT;
            self.descend(level - 1, first, (first + FANOUT).min(shape.nodes_at(level - 1)))
        };
        if !self.moved {
            Bounds::tighten(node, seen, bound);
        }
        bound
    }

    fn may_be_lower(&self, bound: Word) -> bool {
        bound != NOTHING && self.best.is_none_or(|best| bound < best.peak)
    }
}

/// A node among its siblings: `[bound | place]`, so that the smallest word is the lowest bound.
#[derive(Clone, Copy)]
struct Child(Word);

impl Child {
    const NONE: Self = Self::new(NOTHING, 0);

    const fn new(bound: Word, place: Word) -> Self {
        Self(bound * FANOUT as Word + place)
    }

    fn bound(self) -> Word {
        self.0 / FANOUT as Word
    }

    fn place(self) -> usize {
        (self.0 % FANOUT as Word) as usize
    }
}

#[cfg(all(test, feature = "alloc", not(highwater_loom)))]
mod tests {
    use core::hash::BuildHasher;
    use std::vec::Vec;

    use super::*;
    use crate::{key::inline::InlineCell, ledger::FixedState, table::Heap};

    #[test]
    fn an_eviction_leaves_no_slack_behind() {
        /// Whether each node's bound is the lowest peak below it, not only at most that.
        fn is_tight(table: &Table<Heap<InlineCell<u64>>>) -> bool {
            let shape = table.storage.shape();
            let peaks: Vec<_> = table.storage.slots().iter().map(|slot| slot.look().as_live()).collect();
            let mut width = LEAF;
            (0..shape.levels).all(|level| {
                let lowest = peaks.chunks(width).map(|below| below.iter().flatten().min());
                width *= FANOUT;
                let nodes = table.bounds().nodes(level, 0, shape.nodes_at(level));
                let bounds = nodes.iter().map(|node| Bounds::look(node).bound());
                bounds.eq(lowest.map(|lowest| lowest.map_or(NOTHING, |&peak| bound_of(peak))))
            })
        }
        const CAPACITY: u64 = 301;
        let table = Table::new(Heap::<InlineCell<u64>>::new(CAPACITY as usize, ()));
        for key in 1..CAPACITY * 4 {
            table.record_above_floor(FixedState.hash_one(key), &key, key as Word, None, ());
            assert!(key <= CAPACITY || is_tight(&table), "after {key}");
        }
    }
}
