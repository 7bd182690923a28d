//! The search for the lowest resident: branch and bound over the tournament of lower bounds.

use super::{
    Found, Storage, Table,
    admit::Ticket,
    bounds::{Bounds, NOTHING, bound_of},
    shape::{FANOUT, LEAF},
};
use crate::sync::Ordering;
use crate::sync::Word;

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
                search.look_at_slots(0, shape.slots);
            }
            levels => {
                search.descend(levels - 1, 0, shape.nodes_at(levels - 1));
            }
        }
        if search.moved { None } else { search.best }
    }
}

impl<St: Storage> Search<'_, St> {
    /// Visits those of the nodes `first..end` of a level that may have something lower than the best
    /// below them, the most promising first. Returns a lower bound of them all.
    fn descend(&mut self, level: usize, first: usize, end: usize) -> Word {
        let mut bounds = [NOTHING; FANOUT];
        for (bound, node) in bounds.iter_mut().zip(first..end) {
            *bound = self.bounds.look(level, node).bound();
        }
        let mut known = NOTHING;
        loop {
            let (child, bound) = lowest_of(&bounds);
            if !self.may_be_lower(bound) || self.moved {
                return known.min(bound);
            }
            known = known.min(self.visit(level, first + child));
            bounds[child] = NOTHING;
        }
    }

    /// Looks below one node, tightens its bound to what was found there and returns it.
    fn visit(&mut self, level: usize, node: usize) -> Word {
        let shape = self.table.storage.shape();
        // Read before anything below it, so that tightening fails if a newcomer came in between.
        let seen = self.bounds.look(level, node);
        let bound = if level == 0 {
            // Saves the rest of a search that has become useless; nothing depends on it.
            self.moved |= !self.table.is_current(self.ticket);
            let first = node * LEAF;
            self.look_at_slots(first, (first + LEAF).min(shape.slots))
        } else {
            let first = node * FANOUT;
            self.descend(level - 1, first, (first + FANOUT).min(shape.nodes_at(level - 1)))
        };
        if !self.moved {
            self.bounds.tighten(level, node, seen, bound);
        }
        bound
    }

    /// Looks at slots one by one. Newcomers in preparation count for the bound, but not as victims.
    fn look_at_slots(&mut self, first: usize, end: usize) -> Word {
        let table = self.table;
        let mut bound = NOTHING;
        for slot in first..end {
            let seen = table.slot(slot).look();
            if let Some(peak) = seen.as_live() {
                bound = bound.min(bound_of(peak));
                if self.best.is_none_or(|best| peak < best.peak) {
                    self.best = Some(Found { slot, peak });
                }
            } else if seen.as_pending().is_some() {
                // Relaxed: if the newcomer's stamp was in the node, reading that made its intent
                // visible; if not, the newcomer has yet to lower the node, or has made tightening
                // it fail.
                let bytes = table.storage.intents()[slot].bytes.load(Ordering::Relaxed);
                bound = bound.min(bound_of(bytes));
            }
        }
        bound
    }

    fn may_be_lower(&self, bound: Word) -> bool {
        bound != NOTHING && self.best.is_none_or(|best| bound < best.peak)
    }
}

/// The first of the smallest bounds.
fn lowest_of(bounds: &[Word; FANOUT]) -> (usize, Word) {
    let mut lowest = (0, bounds[0]);
    for (child, &bound) in bounds.iter().enumerate().skip(1) {
        if bound < lowest.1 {
            lowest = (child, bound);
        }
    }
    lowest
}
