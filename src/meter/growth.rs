//! Growth, as an engine and its host report it to the meter, and when it reaches the ledger.

use core::fmt::Display;

use super::{
    account::{Account, Mark},
    denial::Denial,
    draw::Draw,
    limits::MeterLimits,
    store_meter::StoreMemoryMeter,
};
use crate::{LedgerHandle, OverBudget, table::Hint};

impl<L: LedgerHandle> StoreMemoryMeter<L> {
    /// Records the growth that was approved last, if it has not been recorded yet. The host calls
    /// this when no growth is in flight, because the call into the guest has returned. It is cheap
    /// enough to follow every call.
    ///
    /// In a ledger [by windows](crate::windows), the first event of a window, or this call, records
    /// what the lease holds once more. A host with long leases calls this once in each window.
    #[inline]
    pub fn settle(&mut self) {
        let created = core::mem::take(&mut self.instantiating);
        if self.account.settle() || created {
            self.record_settled();
        }
        self.carry_over();
    }

    /// Marks what the Store holds, to go back to if the instantiation that follows fails. Until
    /// [`settle`](Self::settle), [`withdraw`](Self::withdraw) or
    /// [`withdraw_unless_created`](Self::withdraw_unless_created), only limits that record on
    /// approval record a growth.
    pub fn mark(&mut self) -> Mark {
        self.settle();
        self.instantiating = true;
        self.account.mark()
    }

    /// The one instantiation since `mark` failed: gives back what was approved for it if its
    /// instance cannot have been created, and says whether it did. [`Lease::instantiate_pre`] does
    /// the same. Use this with an engine of another version or kind, and for a Store without a
    /// [`Lease`] in front of it.
    ///
    /// `memories` and `tables` are how many the module defines (wasmtime's
    /// `Module::resources_required`). `heap` is the number of bytes by which the Store's GC heap
    /// has grown since `mark` (`Store::gc_heap_capacity`). See
    /// [`Account::withdraw_unless_created`](crate::Account::withdraw_unless_created) for the rule.
    ///
    /// [`Lease`]: crate::Lease
    /// [`Lease::instantiate_pre`]: crate::Lease::instantiate_pre
    pub fn withdraw_unless_created(&mut self, mark: Mark, memories: u32, tables: u32, heap: usize) -> bool {
        let withdrawn = self.account.withdraw_unless_created(mark, memories, tables, heap);
        self.follow();
        self.settle();
        withdrawn
    }

    /// Gives back everything approved since `mark`, because the host knows that nothing is left of
    /// it. No error of an instantiation tells so much: see
    /// [`withdraw_unless_created`](Self::withdraw_unless_created).
    pub fn withdraw(&mut self, mark: Mark) {
        self.instantiating = false;
        self.account.withdraw(mark);
        self.follow();
    }

    /// The host has counted: the memories of the Store hold `bytes`. This covers what no engine
    /// reports: the growth of shared memories, and what a Store held before its limiter was
    /// installed. The principal that holds the Store is charged with the bytes that were not known,
    /// or, under [`LargestMemory`](crate::Attribution::LargestMemory), with `bytes` as if they were
    /// one memory. Before the first lease no principal is charged.
    ///
    /// A budget counts them as well, those that were not known in the lease's own, even above its
    /// limit: they are in use.
    pub fn reconcile(&mut self, bytes: usize) {
        self.settle();
        self.account.reconcile(bytes);
        if let Some(draw) = &mut self.draw {
            draw.charge(held(&self.account, &self.idle_limits));
        }
        self.record(self.account.settled_charge(self.limits.attribution()));
    }

    /// Records into another ledger from now on, and returns the one before. This serves a Store
    /// that outlives a ledger, as where each window of time has its own.
    ///
    /// The account stays: what the Store holds, how much of it the lease has grown, and its
    /// denials. The growth that was approved last is taken to have happened, and recorded in the
    /// ledger before. The present charge of the lease, under the [attribution](crate::Attribution)
    /// of its limits, is recorded in the new ledger at once. [`MeterStats`](crate::MeterStats) go
    /// on: they belong to the meter, or to the counters that it shares, and to no ledger.
    ///
    /// ```
    /// # #[cfg(feature = "std")] {
    /// use highwater::{MemoryLedger, MeterLimits, PrincipalId, StoreMemoryMeter};
    ///
    /// let (today, tomorrow) = (MemoryLedger::default(), MemoryLedger::default());
    /// let alice = PrincipalId::default();
    /// let mut meter = StoreMemoryMeter::with_limits(MeterLimits::total(1 << 20), alice, today.clone());
    /// assert_eq!(meter.approve_memory(0, 65_536, None), Ok(true)); // the engine's part
    /// meter.replace_ledger(tomorrow.clone());
    /// assert_eq!((today.peak(&alice), tomorrow.peak(&alice)), (65_536, 65_536));
    /// # }
    /// ```
    pub fn replace_ledger(&mut self, ledger: L) -> L {
        self.settle_pending();
        let before = core::mem::replace(&mut self.ledger, ledger);
        self.hint = Hint::new();
        self.record_held();
        before
    }

    /// A memory asks to grow from `current` to `desired` bytes, or to be created with `desired`:
    /// `Ok(true)` lets it, `Ok(false)` makes the guest see -1.
    ///
    /// A limiter with rules of its own beside the meter's looks at those first and asks the meter
    /// last: an approval is taken for a growth, and only [`memory_failed`](Self::memory_failed)
    /// takes it back. A limiter that denies *after* the meter has approved has to call that, with
    /// any error of its own:
    ///
    /// ```
    /// # #[cfg(feature = "std")] {
    /// # use highwater::{MemoryLedger, MeterLimits, PrincipalId, StoreMemoryMeter};
    /// # let limits = MeterLimits::total(1 << 20);
    /// # let mut meter = StoreMemoryMeter::with_limits(limits, PrincipalId::default(), MemoryLedger::default());
    /// # let host_allows = false;
    /// let mut allowed = meter.approve_memory(0, 65_536, None)?;
    /// if allowed && !host_allows {
    ///     meter.memory_failed(&"denied by the host")?;
    ///     allowed = false;
    /// }
    /// # assert_eq!((allowed, meter.report().total), (false, 0));
    /// # }
    /// # Ok::<(), highwater::Denial>(())
    /// ```
    ///
    /// # Errors
    /// The denial, if the limits say to [trap](crate::MeterLimitsBuilder::trap_on_denied_memory).
    #[inline]
    pub fn approve_memory(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, Denial> {
        self.settle_pending();
        if self.draw.is_some() {
            self.account.learn_memory(current);
            self.follow();
        }
        let Self { draw, limits, idle_limits, .. } = self;
        let reserve = |memory, elements| reserve(draw, bytes(memory, elements, idle_limits));
        let verdict = self.account.approve_memory_if(limits, current, desired, maximum, reserve);
        if verdict.is_ok() && self.limits.records_on_approval() {
            self.record_approved();
        }
        self.conclude(verdict, self.limits.traps_on_denied_memory())
    }

    /// A table asks to grow from `current` to `desired` elements, or to be created with `desired`.
    /// A limiter that denies it after this has approved calls [`table_failed`](Self::table_failed).
    ///
    /// # Errors
    /// The denial, if the limits say to [trap](crate::MeterLimitsBuilder::trap_on_denied_table).
    #[inline]
    pub fn approve_table(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, Denial> {
        self.settle_pending();
        if self.draw.is_some() {
            self.account.learn_table(current);
            self.follow();
        }
        let Self { draw, limits, idle_limits, .. } = self;
        let reserve = |memory, elements| reserve(draw, bytes(memory, elements, idle_limits));
        let verdict = self.account.approve_table_if(limits, current, desired, maximum, reserve);
        self.conclude(verdict, self.limits.traps_on_denied_table())
    }

    #[inline]
    fn conclude(&mut self, verdict: Result<(), Denial>, traps: bool) -> Result<bool, Denial> {
        self.counting.count(verdict);
        match verdict {
            Ok(()) => Ok(true),
            Err(denial) if traps => Err(denial),
            Err(_) => Ok(false),
        }
    }

    /// A memory growth failed in the engine, or a limiter around the meter denied it after
    /// [`approve_memory`](Self::approve_memory). It is the growth that was approved last, unless
    /// the error's words say that the engine had not asked about it (see
    /// [`Account::memory_failed`](crate::Account::memory_failed)).
    ///
    /// # Errors
    /// The failure, if the limits say to [trap](crate::MeterLimitsBuilder::trap_on_failed_growth).
    pub fn memory_failed(&mut self, error: &dyn Display) -> Result<(), Denial> {
        let failure = self.account.memory_failed(error);
        self.fail(failure)
    }

    /// A table growth failed in the engine; as [`memory_failed`](Self::memory_failed).
    ///
    /// # Errors
    /// The failure, if the limits say to [trap](crate::MeterLimitsBuilder::trap_on_failed_growth).
    pub fn table_failed(&mut self, error: &dyn Display) -> Result<(), Denial> {
        let failure = self.account.table_failed(error);
        self.fail(failure)
    }

    fn fail(&mut self, failure: Denial) -> Result<(), Denial> {
        self.follow();
        self.counting.count(Err(failure));
        self.record_settled();
        if self.limits.traps_on_failed_growth() { Err(failure) } else { Ok(()) }
    }

    /// An event follows the growth that was approved last: it has happened.
    #[inline]
    fn settle_pending(&mut self) {
        if self.account.settle() {
            self.record_settled();
        }
        self.carry_over();
    }

    /// In the first event of a window, what the lease holds counts once more.
    #[inline]
    fn carry_over(&mut self) {
        if self.ledger.is_over(&self.hint) {
            self.record_held();
        }
    }

    /// Records what the lease holds. An instantiation under way is recorded when it is over, or was
    /// recorded on approval.
    fn record_held(&mut self) {
        if !self.instantiating || self.limits.records_on_approval() {
            self.record(self.account.settled_charge(self.limits.attribution()));
        }
    }

    #[inline]
    fn record_settled(&mut self) {
        if !self.instantiating && !self.limits.records_on_approval() {
            self.record(self.account.settled_charge(self.limits.attribution()));
        }
    }

    /// Records a growth that the engine has not begun. It will not, if the key's code panics now.
    #[inline]
    fn record_approved(&mut self) {
        struct TakeBack<'a, L: LedgerHandle>(&'a mut StoreMemoryMeter<L>);
        impl<L: LedgerHandle> Drop for TakeBack<'_, L> {
            fn drop(&mut self) {
                self.0.account.forget_pending();
                self.0.follow();
            }
        }
        let charge = self.account.approved_charge(self.limits.attribution());
        let on_panic = TakeBack(self);
        on_panic.0.record(charge);
        core::mem::forget(on_panic);
    }

    /// The budgets count what the account says that the Store holds.
    #[inline]
    pub(super) fn follow(&mut self) {
        if let Some(draw) = &mut self.draw {
            draw.follow(held(&self.account, &self.idle_limits));
        }
    }

    #[inline]
    pub(super) fn record(&mut self, bytes: usize) {
        if let Some(principal) = &self.principal {
            self.ledger.record_hinted(principal, bytes as u64, &mut self.hint);
        }
    }
}

/// What a Store holds, as its budgets count it. A table element always counts as under the limits
/// that the meter was made with, so that it gives back what it took.
fn held(account: &Account, idle: &MeterLimits) -> u64 {
    bytes(account.total(), account.table_elements(), idle)
}

#[inline]
fn bytes(memory: usize, elements: usize, idle: &MeterLimits) -> u64 {
    let tables = (elements as u64).saturating_mul(idle.table_element_bytes() as u64);
    (memory as u64).saturating_add(tables)
}

#[inline]
fn reserve(draw: &mut Option<Draw>, bytes: u64) -> Result<(), Denial> {
    let Some(draw) = draw else { return Ok(()) };
    draw.grow_to(bytes).map_err(|OverBudget { level, .. }| Denial::OverBudget { level })
}
