//! Whose turn it is on a Store: leases inside leases, and what they put aside.
//!
//! A guard keeps what it displaced, so that turns nest to any depth without an allocation.
//! [`set`](StoreMemoryMeter::set), [`start_lease`](StoreMemoryMeter::start_lease) and
//! [`end_lease`](StoreMemoryMeter::end_lease) have no guard: they end all turns that are on.

use core::mem;

use super::{Charged, LeaseReport, MeterLimits, StoreMemoryMeter, account::Used};
use crate::{LedgerHandle, tracker::Hint};

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
}

/// What a guard has put aside, to be restored when its own turn ends.
pub(super) struct Displaced<P> {
    /// The guard's own turn.
    turn: u64,
    before: u64,
    principal: Option<P>,
    limits: MeterLimits,
    used: Used,
    ended: (u64, Used),
}

impl<L: LedgerHandle> StoreMemoryMeter<L> {
    /// Begins a turn inside the present one.
    pub(super) fn begin_turn(
        &mut self,
        principal: L::Principal,
        limits: MeterLimits,
    ) -> Displaced<L::Principal> {
        self.settle();
        let used = self.account.used();
        self.account.start_lease();
        let charged = self.charged.replace(Charged { principal, hint: Hint::new() });
        self.turns.last += 1;
        Displaced {
            turn: self.turns.last,
            before: mem::replace(&mut self.turns.current, self.turns.last),
            principal: charged.map(|charged| charged.principal),
            limits: mem::replace(&mut self.limits, limits),
            used,
            ended: self.turns.ended,
        }
    }

    /// Ends a guard's turn, and with it those of guards inside it that were leaked. The turn before
    /// goes on.
    pub(super) fn end_turn(&mut self, displaced: &mut Displaced<L::Principal>) {
        self.settle();
        let Displaced { turn, before, limits, used, ended, .. } = *displaced;
        if turn <= self.turns.over {
            // A guard that was leaked inside this one ends nothing any more.
            self.turns.current = BY_HAND;
            // The next guard outwards finds what its own turn had used.
            self.turns.ended = if before == BY_HAND { ended } else { (before, used) };
            return;
        }
        self.turns.current = before;
        self.limits = limits;
        self.charged = displaced.principal.take().map(|principal| Charged { principal, hint: Hint::new() });
        if self.charged.is_some() {
            self.account.resume(used);
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

    /// What a guard's turn has used. While a turn is on that was begun inside it by a guard that has
    /// been leaked, that one's report.
    pub(super) fn report_of(&self, displaced: &Displaced<L::Principal>) -> LeaseReport {
        let report = self.report();
        let (ended, used) = self.turns.ended;
        if displaced.turn != ended { report } else { used.report(report.total, report.table_elements) }
    }
}
