//! The use of one lease, apart from that of others.

use super::Account;
use crate::meter::{attribution::Attribution, denial::Denial, report::LeaseReport};

/// The use that one lease has made of its Store, put aside while another runs inside it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::meter) struct Used {
    own: usize,
    largest_memory: usize,
    /// Its charge by [`Attribution::StoreTotal`].
    store_total: usize,
    denied: u64,
    last_denial: Option<Denial>,
}

impl Used {
    const NOTHING: Self = Self { own: 0, largest_memory: 0, store_total: 0, denied: 0, last_denial: None };

    /// The report of a lease that is over, on a Store that now holds `total` bytes.
    pub(in crate::meter) fn report(&self, total: usize, table_elements: usize) -> LeaseReport {
        let own = self.own.min(total);
        let Self { denied, last_denial, .. } = *self;
        LeaseReport { own, inherited: total - own, total, table_elements, denied, last_denial }
    }
}

impl Account {
    /// A lease begins: all that the Store holds now is inherited.
    #[inline]
    pub fn start_lease(&mut self) {
        self.settle();
        self.resume(Used::NOTHING);
    }

    /// The use that the lease has made so far. Nothing may be pending.
    pub(in crate::meter) fn used(&self) -> Used {
        Used {
            own: self.own(),
            largest_memory: self.held.largest_memory,
            store_total: self.settled_charge(Attribution::StoreTotal),
            denied: self.denied,
            last_denial: self.last_denial,
        }
    }

    /// A lease goes on that had used so much. Bytes that others have added since are inherited.
    #[inline]
    pub(in crate::meter) fn resume(&mut self, used: Used) {
        self.settle();
        self.inherited = self.held.memory.saturating_sub(used.own);
        self.held.largest_memory = used.largest_memory;
        self.denied = used.denied;
        self.last_denial = used.last_denial;
        self.resumed = (used.own, used.store_total);
    }
}
