//! The Store passes from one principal to the next: by hand, or by guards, one turn inside another.
//!
//! A guard keeps the turn that was on before, so that turns nest to any depth without an
//! allocation. [`set`](StoreMemoryMeter::set), [`start_lease`](StoreMemoryMeter::start_lease) and
//! [`end_lease`](StoreMemoryMeter::end_lease) have no guard: they end all turns that are on.

use super::{
    draw::Draw,
    limits::BudgetedLimits,
    report::LeaseReport,
    store_meter::StoreMemoryMeter,
    turn::{BY_HAND, Outer},
};
use crate::{Budget, LedgerHandle, table::Hint};

impl<L: LedgerHandle> StoreMemoryMeter<L> {
    /// From now on `principal` holds the Store, under the limits in force with another ceiling:
    /// `ceiling` bytes for each memory, and for the total unless the limits sum nothing
    /// ([`with_ceiling`](crate::MeterLimits::with_ceiling)). They draw on the Store's budget, if it has one.
    ///
    /// All turns that were on end, those of leases included: `principal` goes on holding the Store
    /// when their guards are dropped. Only the next `set`, [`start_lease`](Self::start_lease) or
    /// [`end_lease`](Self::end_lease) ends this turn; a [`lease`](Self::lease) ends itself.
    pub fn set(&mut self, ceiling: usize, principal: L::Principal) {
        self.start_lease(principal, self.limits.with_ceiling(ceiling));
    }

    /// Begins the turn of `principal`; ends all that were on, those of guards included.
    pub fn start_lease(&mut self, principal: L::Principal, limits: impl Into<BudgetedLimits>) {
        self.end_turns();
        self.hand_to(principal, limits.into());
    }

    /// No principal holds the Store any more. The lease can still be read with
    /// [`report`](Self::report) until the Store grows again or the next lease begins.
    pub fn end_lease(&mut self) {
        self.end_turns();
        self.set_idle();
    }

    /// Whether there is a turn or a guard for the next guard to put aside.
    #[inline]
    pub(super) fn is_taken(&self) -> bool {
        self.principal.is_some() || self.turns.guards > 0
    }

    /// The turn that is on, for a guard to keep.
    pub(super) fn put_aside(&mut self) -> Outer<L::Principal> {
        self.settle();
        Outer {
            turn: self.turns.current,
            principal: self.principal.take(),
            limits: self.limits,
            used: self.account.used(),
            reserved: self.draw.as_mut().and_then(Draw::put_aside),
            ended: self.turns.ended,
        }
    }

    /// Begins a guard's turn, after the one that was on has been put aside. Returns its number.
    #[inline]
    pub(super) fn begin_turn(&mut self, principal: L::Principal, limits: BudgetedLimits) -> u64 {
        self.settle();
        self.turns.guards += 1;
        self.turns.last += 1;
        self.turns.current = self.turns.last;
        self.hand_to(principal, limits);
        self.turns.last
    }

    /// A new turn of `principal` begins.
    #[inline]
    fn hand_to(&mut self, principal: L::Principal, BudgetedLimits { limits, budget }: BudgetedLimits) {
        self.account.start_lease();
        self.limits = limits;
        self.hint = Hint::new();
        self.principal = Some(principal);
        if let Some(budget) = budget {
            self.draw_on(budget);
        }
    }

    /// The turn that begins draws on a budget of its own.
    fn draw_on(&mut self, budget: Budget) {
        if self.draw.is_none() {
            self.draw = Some(Draw::new(budget.parent().unwrap_or(&budget).clone()));
            self.follow();
        }
        if let Some(draw) = &mut self.draw {
            draw.begin_turn(budget);
        }
    }

    /// Ends a guard's turn, and with it those of guards inside it that were leaked. The turn that
    /// was put aside goes on, if there was one.
    #[inline]
    pub(super) fn end_turn(&mut self, turn: u64, outer: &mut Option<Outer<L::Principal>>) {
        let goes_on = outer.is_some() && turn > self.turns.over;
        Ending { meter: self, turn, outer }.meter.settle();
        if goes_on && self.principal.is_some() {
            // The ledger need not be the one that it was recorded in before.
            self.record(self.account.settled_charge(self.limits.attribution()));
        }
    }

    /// The rest of [`end_turn`](Self::end_turn), when its last growth has been recorded.
    #[inline]
    fn leave_turn(&mut self, turn: u64, outer: &mut Option<Outer<L::Principal>>) {
        // The host may have put another meter in this one's place, which knows of fewer guards.
        self.turns.guards = self.turns.guards.saturating_sub(1);
        let over = turn <= self.turns.over;
        match outer {
            Some(outer) => self.restore(outer, over),
            None if over => {}
            None => {
                self.turns.current = BY_HAND;
                self.set_idle();
            }
        }
    }

    #[cold]
    fn restore(&mut self, outer: &mut Outer<L::Principal>, over: bool) {
        if let Some(draw) = &mut self.draw {
            if !over {
                draw.end_turn();
            }
            draw.restore(outer.reserved.take(), over);
        }
        self.follow();
        if over {
            // A guard that was leaked inside this one ends nothing any more.
            self.turns.current = BY_HAND;
            // The next guard outwards reports what its own turn had used.
            self.turns.ended = if outer.turn == BY_HAND { outer.ended } else { (outer.turn, outer.used) };
            return;
        }
        self.turns.current = outer.turn;
        self.limits = outer.limits;
        self.hint = Hint::new();
        self.principal = outer.principal.take();
        if self.principal.is_some() {
            self.account.resume(outer.used);
        }
    }

    /// Ends all turns that are on.
    fn end_turns(&mut self) {
        self.settle();
        if self.turns.current != BY_HAND {
            self.turns.ended = (self.turns.current, self.account.used());
            self.turns.current = BY_HAND;
            self.turns.over = self.turns.last;
        }
        if let Some(draw) = &mut self.draw {
            draw.end_turn();
        }
    }

    /// No principal holds the Store.
    #[inline]
    fn set_idle(&mut self) {
        self.principal = None;
        self.limits = self.idle_limits;
        if let Some(draw) = &mut self.draw {
            draw.end_turn();
        }
    }

    /// The report of a guard's turn. While a turn is on that a leaked guard began inside it, the
    /// report is that turn's.
    pub(super) fn report_of(&self, turn: u64) -> LeaseReport {
        let report = self.report();
        let (ended, used) = self.turns.ended;
        if turn == ended { used.report(report.total, report.table_elements) } else { report }
    }
}

/// A guard's turn that ends, even if the key's code panics when the last growth is recorded.
struct Ending<'a, L: LedgerHandle> {
    meter: &'a mut StoreMemoryMeter<L>,
    turn: u64,
    outer: &'a mut Option<Outer<L::Principal>>,
}

impl<L: LedgerHandle> Drop for Ending<'_, L> {
    #[inline]
    fn drop(&mut self) {
        self.meter.leave_turn(self.turn, self.outer);
    }
}
