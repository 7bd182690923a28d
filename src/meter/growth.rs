//! What an engine and its host tell the meter about growth, and when that reaches the ledger.

use core::fmt::Display;

use super::{Account, Charged, Denial, Mark, StoreMemoryMeter, unasked::is_type_limit};
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
    /// [settled](Self::settle) or [withdrawn](Self::withdraw_unless_created), growth is recorded only
    /// on approval.
    pub fn mark(&mut self) -> Mark {
        self.settle();
        self.instantiating = true;
        self.account.mark()
    }

    /// The one instantiation since `mark` failed: gives back what was approved for it if its instance
    /// cannot have been created, and says whether it did. [`Lease::instantiate_pre`] does the same;
    /// this is for an engine of another version or kind, and for a Store that no [`Lease`] is in front
    /// of.
    ///
    /// `memories` and `tables` are how many the module defines (wasmtime's
    /// `Module::resources_required`), `heap` the bytes by which the Store's GC heap has grown since
    /// `mark` (`Store::gc_heap_capacity`). See
    /// [`Account::withdraw_unless_created`](crate::Account::withdraw_unless_created) for the rule.
    ///
    /// [`Lease`]: crate::Lease
    /// [`Lease::instantiate_pre`]: crate::Lease::instantiate_pre
    pub fn withdraw_unless_created(&mut self, mark: Mark, memories: u32, tables: u32, heap: usize) -> bool {
        let withdrawn = self.account.withdraw_unless_created(mark, memories, tables, heap);
        self.settle();
        withdrawn
    }

    /// The host knows that nothing is left of what was approved since `mark`. No error of an
    /// instantiation tells so much: see [`withdraw_unless_created`](Self::withdraw_unless_created).
    pub fn withdraw(&mut self, mark: Mark) {
        self.instantiating = false;
        self.account.withdraw(mark);
    }

    /// The host has counted: the memories of the Store hold `bytes`. For what no engine reports: the
    /// growth of shared memories, and what a Store held before its limiter was installed. Whoever
    /// holds the Store is charged with what was not known; before the first lease, nobody.
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

    /// A memory growth failed in the engine: the one that was approved last, unless the error's words
    /// say that the engine had not asked about it.
    ///
    /// # Errors
    /// The failure, if the limits say to trap.
    pub fn memory_failed(&mut self, error: &dyn Display) -> Result<(), Denial> {
        self.failed(error, Account::grow_failed)
    }

    /// A table growth failed in the engine, likewise.
    ///
    /// # Errors
    /// The failure, if the limits say to trap.
    pub fn table_failed(&mut self, error: &dyn Display) -> Result<(), Denial> {
        self.failed(error, Account::table_grow_failed)
    }

    fn failed(&mut self, error: &dyn Display, take_back: fn(&mut Account)) -> Result<(), Denial> {
        if is_type_limit(error) {
            self.account.refused_unasked();
            self.fail(Denial::OverTypeMaximum)
        } else {
            take_back(&mut self.account);
            self.fail(Denial::FailedByEngine)
        }
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
    pub(super) fn record(&mut self, bytes: usize) {
        if let Some(Charged { principal, hint }) = &mut self.charged {
            self.ledger.record_hinted(principal, bytes as u64, hint);
        }
    }
}
