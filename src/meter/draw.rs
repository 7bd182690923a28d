//! The bytes that one Store has in budgets.

use crate::budget::{Budget, OverBudget, Reservation};

/// The bytes of one Store in the Store's budget and in those of its turns.
///
/// # Invariant
///
/// Outside the meter's calls their sum is what the account says that the Store holds, the pending
/// growth included, except for bytes that no budget can count.
#[derive(Debug)]
pub(super) struct Draw {
    /// What no turn has to answer for, and what turns without a budget of their own have grown.
    store: Reservation,
    /// What the turn that is on has grown, if it has a budget of its own.
    turn: Option<Reservation>,
    /// Bytes of turns that guards have put aside. They are in the guards.
    aside: u64,
}

impl Draw {
    pub(super) const fn new(budget: Budget) -> Self {
        Self { store: Reservation::new(budget), turn: None, aside: 0 }
    }

    /// The budget that growth is drawn on now.
    pub(super) fn budget(&self) -> &Budget {
        self.turn.as_ref().unwrap_or(&self.store).budget()
    }

    #[inline]
    fn reserved(&self) -> u64 {
        let turn = self.turn.as_ref().map_or(0, Reservation::bytes);
        self.store.bytes() + turn + self.aside
    }

    #[inline]
    fn in_force(&mut self) -> &mut Reservation {
        self.turn.as_mut().unwrap_or(&mut self.store)
    }

    /// The Store may grow until it holds `bytes`, if there is room.
    #[inline]
    pub(super) fn grow_to(&mut self, bytes: u64) -> Result<(), OverBudget> {
        let more = bytes.saturating_sub(self.reserved());
        self.in_force().grow(more)
    }

    /// The Store holds `bytes`, whichever turn has grown it: more is the Store's, less is given
    /// back by the turn first.
    #[inline]
    pub(super) fn follow(&mut self, bytes: u64) {
        let reserved = self.reserved();
        if bytes > reserved {
            self.store.charge(bytes - reserved);
        } else if bytes < reserved {
            self.give_back(reserved - bytes);
        }
    }

    /// The Store holds `bytes`: more is the turn's that is on.
    pub(super) fn charge(&mut self, bytes: u64) {
        let more = bytes.saturating_sub(self.reserved());
        self.in_force().charge(more);
        self.follow(bytes);
    }

    fn give_back(&mut self, mut less: u64) {
        for held in self.turn.iter_mut().chain([&mut self.store]) {
            let bytes = less.min(held.bytes());
            held.shrink(bytes);
            less -= bytes;
        }
    }

    /// A turn begins; the one before has ended or was put aside.
    pub(super) fn begin_turn(&mut self, budget: Budget) {
        self.turn = Some(Reservation::new(budget));
    }

    /// The turn that is on ends: what it has grown is the Store's.
    #[inline]
    pub(super) fn end_turn(&mut self) {
        if let Some(turn) = self.turn.take() {
            self.store.absorb(turn);
        }
    }

    /// The bytes of the turn that is on, for a guard to keep.
    pub(super) fn put_aside(&mut self) -> Option<Reservation> {
        let turn = self.turn.take();
        self.aside += turn.as_ref().map_or(0, Reservation::bytes);
        turn
    }

    /// The turn that was put aside goes on, or, if it has ended meanwhile, leaves its bytes to the
    /// Store.
    pub(super) fn restore(&mut self, turn: Option<Reservation>, ended: bool) {
        // A guard may end on another meter than the one that it began on.
        self.aside = self.aside.saturating_sub(turn.as_ref().map_or(0, Reservation::bytes));
        match turn {
            Some(turn) if ended => self.store.absorb(turn),
            _ if ended => {}
            turn => self.turn = turn,
        }
    }
}
