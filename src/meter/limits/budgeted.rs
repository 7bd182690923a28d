//! Limits together with a budget.

use super::MeterLimits;
use crate::Budget;

/// [`MeterLimits`], and the [`Budget`] that growth under them is drawn on.
///
/// Made by [`MeterLimits::with_budget`], or from limits alone: those draw on the budget of the
/// Store, if it has one. All that begins a turn or makes a meter takes either.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BudgetedLimits {
    pub(in crate::meter) limits: MeterLimits,
    pub(in crate::meter) budget: Option<Budget>,
}

impl MeterLimits {
    /// These limits for growth that is also drawn on `budget`: of a tenant, of the host, or of a
    /// tenant below the host.
    ///
    /// - The limits that a meter is [made](crate::StoreMemoryMeter::idle) with carry the budget of
    ///   the *Store*. In it are the bytes that no lease has to answer for, and those that leases
    ///   grow whose limits carry no budget.
    /// - The limits of a lease carry the budget of its *tenant*. In it are the bytes that the lease
    ///   adds, until it ends. What the Store keeps then moves to the Store's budget.
    ///
    /// A meter made without a budget gets one when the first lease with a budget begins: the parent
    /// of that lease's budget, or that budget itself if it has none.
    ///
    /// [Budgets](crate::budgets) has the details.
    ///
    /// ```
    /// # #[cfg(feature = "std-ledger")] {
    /// use highwater::{Budget, Denial, MemoryLedger, MeterLimits, PrincipalId, StoreMemoryMeter};
    ///
    /// let host = Budget::new(512 << 20); // for all Stores
    /// let tenant = host.child(64 << 20); // for all Stores of one tenant
    /// let limits = MeterLimits::total(48 << 20); // for one Store
    ///
    /// let mut meter = StoreMemoryMeter::idle(limits.with_budget(&host), MemoryLedger::default());
    /// let mut lease = meter.lease(PrincipalId::new("alice")?, limits.with_budget(&tenant));
    /// tenant.reserve(30 << 20)?; // another Store of the tenant's
    /// assert_eq!(lease.approve_memory(0, 40 << 20, None), Ok(false)); // the engine's part
    /// assert_eq!(lease.report().last_denial, Some(Denial::OverBudget { level: 0 }));
    /// assert_eq!(lease.approve_memory(0, 32 << 20, None), Ok(true));
    /// assert_eq!((tenant.used(), host.used()), (62 << 20, 62 << 20));
    ///
    /// drop(lease); // the Store keeps its memory
    /// assert_eq!((tenant.used(), host.used()), (30 << 20, 62 << 20));
    /// drop(meter); // the Store goes away
    /// assert_eq!((tenant.used(), host.used()), (30 << 20, 30 << 20));
    /// # }
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_budget(self, budget: &Budget) -> BudgetedLimits {
        BudgetedLimits { limits: self, budget: Some(budget.clone()) }
    }
}

impl From<MeterLimits> for BudgetedLimits {
    #[inline]
    fn from(limits: MeterLimits) -> Self {
        Self { limits, budget: None }
    }
}
