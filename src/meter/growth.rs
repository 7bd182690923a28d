//! What an engine and its host tell the meter about growth, and when that reaches the ledger.

use super::{Charged, Denial, Mark, StoreMemoryMeter};
use crate::LedgerHandle;

impl<L: LedgerHandle> StoreMemoryMeter<L> {
    /// Records the growth that was approved last, if any: the host says that none is in flight,
    /// because the call into the guest has returned. Cheap enough to follow every call.
    #[inline]
    pub fn settle(&mut self) {
        let created = core::mem::take(&mut self.instantiating);
        if self.account.settle() || created {
            self.record_settled();
        }
    }

    /// What the Store holds, to go back to if the instantiation that follows fails. Until it is
    /// [settled](Self::settle) or [withdrawn](Self::withdraw), growth is recorded only on approval.
    pub fn mark(&mut self) -> Mark {
        self.settle();
        self.instantiating = true;
        self.account.mark()
    }

    /// The instantiation since `mark` failed and the engine has taken back the memories and tables
    /// that it had asked for.
    pub fn withdraw(&mut self, mark: Mark) {
        self.instantiating = false;
        self.account.withdraw(mark);
    }

    /// The host has counted: the memories of the Store hold `bytes`. For growth that no engine
    /// reports, that of shared memories above all. The principal is charged with what was not
    /// known.
    pub fn reconcile(&mut self, bytes: usize) {
        self.settle();
        self.account.reconcile(bytes);
        self.record(self.account.settled_charge(self.limits.attribution()));
    }

    /// A memory asks to grow from `current` to `desired` bytes, or to be created with `desired`:
    /// `Ok(true)` lets it, `Ok(false)` makes the guest see -1.
    ///
    /// # Errors
    /// The denial, if the limits say to trap.
    #[inline]
    pub fn approve_memory(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, Denial> {
        self.commit();
        let verdict = self.account.growing(&self.limits, current, desired, maximum);
        if verdict.is_ok() && self.limits.records_on_approval() {
            self.record(self.account.approved_charge(self.limits.attribution()));
        }
        self.conclude(verdict)
    }

    /// A table asks to grow from `current` to `desired` elements, or to be created with `desired`.
    ///
    /// # Errors
    /// The denial, if the limits say to trap.
    #[inline]
    pub fn approve_table(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, Denial> {
        self.commit();
        let verdict = self.account.table_growing(&self.limits, current, desired, maximum);
        self.conclude(verdict)
    }

    #[inline]
    fn conclude(&self, verdict: Result<(), Denial>) -> Result<bool, Denial> {
        let counters = self.ledger.meter_counters();
        match verdict {
            Ok(()) => {
                counters.count_allowed();
                Ok(true)
            }
            Err(denial) => {
                counters.count_denied(denial);
                if self.limits.traps_on_grow_failure() { Err(denial) } else { Ok(false) }
            }
        }
    }

    /// The memory growth that was approved last failed in the engine.
    ///
    /// # Errors
    /// The failure, if the limits say to trap.
    pub fn memory_failed(&mut self) -> Result<(), Denial> {
        self.account.grow_failed();
        self.fail(Denial::FailedByEngine)
    }

    /// The table growth that was approved last failed in the engine.
    ///
    /// # Errors
    /// The failure, if the limits say to trap.
    pub fn table_failed(&mut self) -> Result<(), Denial> {
        self.account.table_grow_failed();
        self.fail(Denial::FailedByEngine)
    }

    /// A growth failed of which the engine had not asked: past what the type of the memory or table
    /// can represent.
    ///
    /// # Errors
    /// The failure, if the limits say to trap.
    pub fn refused_unasked(&mut self) -> Result<(), Denial> {
        self.account.refused_unasked();
        self.fail(Denial::OverTypeMaximum)
    }

    fn fail(&mut self, denial: Denial) -> Result<(), Denial> {
        self.ledger.meter_counters().count_denied(denial);
        self.record_settled();
        if self.limits.traps_on_grow_failure() { Err(denial) } else { Ok(()) }
    }

    /// An event follows the growth that was approved last: it has happened.
    #[inline]
    fn commit(&mut self) {
        if self.account.settle() {
            self.record_settled();
        }
    }

    #[inline]
    fn record_settled(&mut self) {
        if !self.instantiating && !self.limits.records_on_approval() {
            self.record(self.account.settled_charge(self.limits.attribution()));
        }
    }

    #[inline]
    fn record(&mut self, bytes: usize) {
        if let Some(Charged { principal, hint }) = &mut self.charged {
            self.ledger.record_hinted(principal, bytes as u64, hint);
        }
    }
}
