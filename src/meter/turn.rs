//! Whose turn it is on a Store: leases inside leases, and what they put aside.
//!
//! A guard keeps what it displaced, so that turns nest to any depth without an allocation.
//! [`set`](StoreMemoryMeter::set), [`start_lease`](StoreMemoryMeter::start_lease) and
//! [`end_lease`](StoreMemoryMeter::end_lease) have no guard: they end all turns that are on.

use super::{LeaseReport, MeterLimits, StoreMemoryMeter, account::Used};
use crate::{LedgerHandle, table::Hint};

/// The number of a turn that no guard ends; those of guards begin at 1.
const BY_HAND: u64 = 0;

/// The turns of one meter.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// The one that is on.
    current: u64,
    /// The one that a guard began last.
    last: u64,
    /// Turns up to this one were ended by hand: their guards have nothing left to end.
    over: u64,
    /// What the innermost of those had used whose guard is still there.
    ended: (u64, Used),
    /// Guards that are there, those that have been leaked included.
    guards: u64,
}

/// A guard's own turn, and what it has put aside, to be restored when that ends.
pub(super) struct Displaced<P> {
    turn: u64,
    /// Nothing, if the Store was idle and there was no other guard.
    outer: Option<Outer<P>>,
}

struct Outer<P> {
    turn: u64,
    principal: Option<P>,
    limits: MeterLimits,
    used: Used,
    ended: (u64, Used),
}

impl<L: LedgerHandle> StoreMemoryMeter<L> {
    /// Begins a turn inside the present one, which is put aside in `displaced`.
    #[inline]
    pub(super) fn begin_turn(
        &mut self,
        principal: L::Principal,
        limits: MeterLimits,
    ) -> Displaced<L::Principal> {
        self.settle();
        let within = self.principal.is_some() || self.turns.guards > 0;
        let outer = if within { Some(self.put_aside()) } else { None };
        self.turns.guards += 1;
        self.turns.last += 1;
        self.turns.current = self.turns.last;
        self.hand_to(principal, limits);
        Displaced { turn: self.turns.last, outer }
    }

    #[cold]
    fn put_aside(&mut self) -> Outer<L::Principal> {
        Outer {
            turn: self.turns.current,
            principal: self.principal.take(),
            limits: self.limits,
            used: self.account.used(),
            ended: self.turns.ended,
        }
    }

    /// A new turn of `principal` begins.
    #[inline]
    pub(super) fn hand_to(&mut self, principal: L::Principal, limits: MeterLimits) {
        self.account.start_lease();
        self.limits = limits;
        self.hint = Hint::new();
        self.principal = Some(principal);
    }

    /// Ends a guard's turn, and with it those of guards inside it that were leaked. The turn before
    /// goes on.
    #[inline]
    pub(super) fn end_turn(&mut self, displaced: &mut Displaced<L::Principal>) {
        self.settle();
        // Not below the guards that there are, should the host have put another meter in this one's place.
        self.turns.guards = self.turns.guards.saturating_sub(1);
        let over = displaced.turn <= self.turns.over;
        match &mut displaced.outer {
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
        if over {
            // A guard that was leaked inside this one ends nothing any more.
            self.turns.current = BY_HAND;
            // The next guard outwards finds what its own turn had used.
            self.turns.ended = if outer.turn == BY_HAND { outer.ended } else { (outer.turn, outer.used) };
            return;
        }
        self.turns.current = outer.turn;
        self.limits = outer.limits;
        self.hint = Hint::new();
        self.principal = outer.principal.take();
        if self.principal.is_some() {
            self.account.resume(outer.used);
            // The ledger need not be the one that it was recorded in before.
            self.record(self.account.settled_charge(self.limits.attribution()));
        }
    }

    /// Ends all turns that are on.
    pub(super) fn end_turns(&mut self) {
        self.settle();
        if self.turns.current != BY_HAND {
            self.turns.ended = (self.turns.current, self.account.used());
            self.turns.current = BY_HAND;
            self.turns.over = self.turns.last;
        }
    }

    /// Nobody holds the Store.
    #[inline]
    pub(super) fn set_idle(&mut self) {
        self.principal = None;
        self.limits = self.idle_limits;
    }

    /// What a guard's turn has used. While a turn is on that was begun inside it by a guard that has
    /// been leaked, that one's report.
    pub(super) fn report_of(&self, displaced: &Displaced<L::Principal>) -> LeaseReport {
        let report = self.report();
        let (ended, used) = self.turns.ended;
        if displaced.turn != ended { report } else { used.report(report.total, report.table_elements) }
    }
}
