//! The search for the lowest resident: branch and bound over the tournament of lower bounds.

use core::{hint::select_unpredictable, ops::Range};

use super::{
    Found, Storage, Table, Values,
    bounds::{Bounds, Mark, NOTHING},
    gate::Ticket,
    shape::{FANOUT, LEAF},
};
use crate::sync::{Ordering, Word};

/// A search, with the lowest resident met so far.
struct Search<'a, St, V> {
    table: &'a Table<St>,
    values: V,
    bounds: Bounds<'a>,
    ticket: Ticket,
    best: Option<Found>,
    /// Made when the search raises its first bound.
    mark: Option<Mark>,
    /// Another admission was installed, so the search has become useless.
    moved: bool,
}

impl<St: Storage> Table<St> {
    /// The lowest resident, as it was at some instant since the ticket was taken, or `None` if the
    /// ticket went out of date. The caller has finished the admission of the ticket, and checks the
    /// ticket afterwards.
    ///
    /// While the ticket is current, no key is admitted or evicted, and residents only grow. So a
    /// resident that was not below the best found when it was looked at is not below it later.
    ///
    /// Under windows, the first one found that has no value in this window will do.
    pub(super) fn lowest_resident(&self, ticket: Ticket, values: impl Values) -> Option<Found> {
        let (bounds, best, mark) = (self.bounds(), None, None);
        let mut search = Search { table: self, values, bounds, ticket, best, mark, moved: false };
        let shape = self.storage.shape();
        match shape.levels {
            0 => {
                self.look_at_slots(0..shape.slots, &mut search.best);
            }
            levels => {
                search.descend(levels - 1, 0..shape.nodes_at(levels - 1));
            }
        }
        if search.moved { None } else { search.best }
    }

    /// Raises the bounds above a slot that a victim has left. They were its peak all the way up,
    /// and the next search would visit them in vain.
    pub(super) fn tighten_above(&self, slot: usize, mark: Mark) {
        let mut index = slot / LEAF;
        for level in 0..self.storage.shape().levels {
            if !self.tighten(level, index, mark) {
                break; // The bounds further up do not change either.
            }
            index /= FANOUT;
        }
    }

    /// Raises the bound of a node to that of its slots or children, unless a newcomer lowers it
    /// meanwhile. Returns whether the bound may have changed.
    fn tighten(&self, level: usize, index: usize, mark: Mark) -> bool {
        let bounds = self.bounds();
        let below = self.storage.shape().below(level, index);
        bounds.raise(level, index, mark, || match level {
            0 => self.look_at_slots(below, &mut None),
            _ => bounds.minimum(level - 1, below),
        })
    }

    /// Looks at slots one by one. Replaces `best` by a resident that is lower, and returns a lower
    /// bound of all of them. A newcomer in preparation may have any peak, but is no victim.
    #[inline]
    fn look_at_slots(&self, slots: Range<usize>, best: &mut Option<Found>) -> Word {
        let mut bound = NOTHING;
        for (slot, place) in self.storage.slots()[slots.clone()].iter().zip(slots) {
            let seen = slot.look();
            if let Some(peak) = seen.as_live() {
                bound = bound.min(peak);
                if best.is_none_or(|best| peak < best.peak) {
                    *best = Some(Found { slot: place, peak });
                }
            } else if seen.as_pending().is_some() {
                bound = 0;
            }
        }
        bound
    }
}

impl<St: Storage, V: Values> Search<'_, St, V> {
    /// Visits those nodes of a level that may have a resident lower than the best below them, the
    /// least bound first. Returns a lower bound of all nodes given.
    fn descend(&mut self, level: usize, nodes: Range<usize>) -> Word {
        let first = nodes.start;
        let mut bounds = [NOTHING; FANOUT];
        for (bound, seen) in bounds.iter_mut().zip(self.bounds.of(level, nodes)) {
            *bound = seen;
        }
        let mut known = NOTHING;
        loop {
            let (bound, place) = least(&bounds);
            if !self.may_be_lower(bound) || self.moved {
                return known.min(bound);
            }
            known = known.min(self.visit(level, first + place, bound));
            bounds[place] = NOTHING;
        }
    }

    /// Looks below a node with this bound and returns a lower bound of everything there. Raises the
    /// node's bound if it is slack.
    fn visit(&mut self, level: usize, index: usize, bound: Word) -> Word {
        let below = self.table.storage.shape().below(level, index);
        let found = if level == 0 {
            // Only saves the rest of a useless search: the caller checks the ticket anyway.
            self.moved |= !self.table.is_current(self.ticket);
            self.table.look_at_slots(below, &mut self.best)
        } else {
            self.descend(level - 1, below)
        };
        if found > bound && !self.moved {
            // Relaxed: only that no two searches get the same number matters.
            let number = || self.table.tally.raising_searches.fetch_add(1, Ordering::Relaxed);
            let mark = *self.mark.get_or_insert_with(|| Mark::of_search(number()));
            self.table.tighten(level, index, mark);
        }
        found
    }

    fn may_be_lower(&self, bound: Word) -> bool {
        bound != NOTHING && self.best.is_none_or(|best| !self.values.is_stale(best.peak) && bound < best.peak)
    }
}

/// The least of some bounds, and the first place with it.
#[inline]
fn least(bounds: &[Word; FANOUT]) -> (Word, usize) {
    let mut least = (bounds[0], 0);
    for (place, &bound) in bounds.iter().enumerate().skip(1) {
        // Without a branch: which bound is the least cannot be predicted.
        least = select_unpredictable(bound < least.0, (bound, place), least);
    }
    least
}

#[cfg(all(test, feature = "alloc", not(highwater_loom)))]
mod tests {
    use core::hash::BuildHasher;
    use std::vec::Vec;

    use super::*;
    use crate::{
        key::inline::InlineCell,
        ledger::FixedState,
        table::{AllTime, Heap},
    };

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
                let bounds = table.bounds().of(level, 0..shape.nodes_at(level));
                bounds.eq(lowest.map(|lowest| lowest.copied().unwrap_or(NOTHING)))
            })
        }
        const CAPACITY: u64 = 301;
        let table = Table::new(Heap::<InlineCell<u64>>::new(CAPACITY as usize, ()));
        for key in 1..CAPACITY * 4 {
            let Ok(_) =
                table.record_above_floor(FixedState.hash_one(key), &key, key as Word, None, AllTime, &());
            assert!(key <= CAPACITY || is_tight(&table), "after {key}");
        }
    }
}
