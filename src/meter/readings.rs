//! The readings of a meter.

use super::{
    account::Account, counters::MeterStats, draw::Draw, limits::MeterLimits, report::LeaseReport,
    store_meter::StoreMemoryMeter,
};
use crate::{Budget, LedgerHandle};

impl<L: LedgerHandle> StoreMemoryMeter<L> {
    /// The principal that holds the Store, if one does.
    pub fn principal(&self) -> Option<&L::Principal> {
        self.principal.as_ref()
    }

    /// The limits in force.
    pub fn limits(&self) -> &MeterLimits {
        &self.limits
    }

    /// The budget that growth is drawn on now: that of the lease, or else that of the Store.
    pub fn budget(&self) -> Option<&Budget> {
        self.draw.as_ref().map(Draw::budget)
    }

    /// The ledger that is recorded into.
    pub fn ledger(&self) -> &L {
        &self.ledger
    }

    /// The Store's account.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The growths that this meter has allowed and denied, or those of all meters that count [in
    /// the same counters](Self::counted_in).
    #[must_use]
    pub fn stats(&self) -> MeterStats {
        self.counting.stats()
    }

    /// Reports what the lease has used, a growth that may still fail included.
    pub fn report(&self) -> LeaseReport {
        LeaseReport {
            own: self.account.own(),
            inherited: self.account.inherited(),
            total: self.account.total(),
            table_elements: self.account.table_elements(),
            denied: self.account.denied(),
            last_denial: self.account.last_denial(),
        }
    }
}
