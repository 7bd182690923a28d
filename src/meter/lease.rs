//! A principal's turn on a Store, as a guard.

use core::fmt;
use core::ops::{Deref, DerefMut};

use super::{
    account::Mark, limits::BudgetedLimits, report::LeaseReport, store_meter::StoreMemoryMeter, turn::Outer,
};
use crate::LedgerHandle;

/// A principal's turn on a Store. It ends when the guard is dropped, by a panic as well. From then
/// on nothing that the Store does is charged to the principal.
///
/// Leases nest, to any depth and without allocation: a host function of one principal's guest may
/// begin a lease for another on the same Store. When the inner lease ends, the turn before it goes
/// on, with its principal, limits, own growth and denials. A guard that is leaked leaves its turn
/// on until the guard around it ends, and the bytes of that turn in its own
/// [budget](crate::MeterLimits::with_budget), if it has one, for ever.
///
/// The guard stands in front of the value that *holds* the meter and dereferences to it, so a lease
/// over a Store is used like the Store. [`StoreMemoryMeter::lease`] makes one in front of the meter
/// itself.
///
/// ```
/// use highwater::{Lease, MemoryLedger, MeterLimits, PrincipalId, StoreMemoryMeter};
///
/// // In a host this is a `wasmtime::Store<Host>`, and `|store| &mut store.data_mut().meter` is the
/// // way to the meter.
/// struct Pooled { meter: StoreMemoryMeter }
///
/// let ledger = MemoryLedger::default();
/// let meter = StoreMemoryMeter::idle(MeterLimits::total(0), ledger.clone());
/// let mut pooled = Pooled { meter };
/// let (alice, limits) = (PrincipalId::new("alice")?, MeterLimits::total(1 << 20));
/// {
///     let mut lease = Lease::start(&mut pooled, |pooled| &mut pooled.meter, alice, limits);
///     assert_eq!(lease.meter.approve_memory(0, 65_536, None), Ok(true)); // the engine's part
/// }
/// assert_eq!(ledger.peak(&alice), 65_536);
/// # Ok::<(), highwater::PrincipalIdError>(())
/// ```
pub struct Lease<H, L, F>
where
    H: DerefMut,
    L: LedgerHandle,
    F: Fn(&mut H::Target) -> &mut StoreMemoryMeter<L>,
{
    pub(super) holder: H,
    meter: F,
    turn: u64,
    /// The turn that was on before. `None` if the Store was idle and there was no other guard.
    outer: Option<Outer<L::Principal>>,
}

impl<L: LedgerHandle> StoreMemoryMeter<L> {
    /// Lends the meter to `principal` under `limits`, until the guard is dropped. Then the turn
    /// goes on that was on before.
    ///
    /// For a meter that lives inside a Store use [`Lease::start`] with the Store.
    pub fn lease(
        &mut self,
        principal: L::Principal,
        limits: impl Into<BudgetedLimits>,
    ) -> Lease<&mut Self, L, fn(&mut Self) -> &mut Self> {
        Lease::start(self, |meter| meter, principal, limits)
    }
}

impl<H, L, F> Lease<H, L, F>
where
    H: DerefMut,
    L: LedgerHandle,
    F: Fn(&mut H::Target) -> &mut StoreMemoryMeter<L>,
{
    /// Begins the turn of `principal` under `limits` on the Store or meter that `holder` points to;
    /// `meter` is the way from there to the meter. A turn that is on goes on when this one ends.
    #[inline]
    pub fn start(
        mut holder: H,
        meter: F,
        principal: L::Principal,
        limits: impl Into<BudgetedLimits>,
    ) -> Self {
        let limits = limits.into();
        let of_store = meter(&mut holder);
        if of_store.is_taken() {
            return Self::start_inside(holder, meter, principal, limits);
        }
        let turn = of_store.begin_turn(principal, limits);
        Self { holder, meter, turn, outer: None }
    }

    // Apart from `start`, so that a lease on an idle Store copies no outer turn.
    #[cold]
    fn start_inside(mut holder: H, meter: F, principal: L::Principal, limits: BudgetedLimits) -> Self {
        let of_store = meter(&mut holder);
        let outer = Some(of_store.put_aside());
        let turn = of_store.begin_turn(principal, limits);
        Self { holder, meter, turn, outer }
    }

    /// Reports what the lease has used so far; if [`set`](StoreMemoryMeter::set) has ended it, until
    /// then. No growth may be in flight, as for [`StoreMemoryMeter::settle`].
    pub fn report(&mut self) -> LeaseReport {
        let meter = (self.meter)(&mut self.holder);
        meter.settle();
        meter.report_of(self.turn)
    }

    /// Instantiates through `instantiate`. If that fails and nothing `remains` of it, its growth is
    /// taken out of the account again.
    ///
    /// The host has to *know* that nothing remains of all that the closure made, which no error
    /// says: memory that is withdrawn but still there is a way round the ceiling. `|_| true` is
    /// always safe, and right for wasmi, which gives nothing back, and for components. For a module
    /// in wasmtime use [`instantiate_pre`](Self::instantiate_pre), which finds it out by itself.
    ///
    /// # Errors
    /// The error that `instantiate` returns.
    pub fn instantiate<R, E>(
        &mut self,
        instantiate: impl FnOnce(&mut H::Target) -> Result<R, E>,
        remains: impl FnOnce(&E) -> bool,
    ) -> Result<R, E> {
        let mark = self.meter().mark();
        let result = instantiate(&mut self.holder);
        self.conclude(mark, result, remains)
    }

    /// As [`instantiate`](Self::instantiate), for an engine that instantiates asynchronously. If
    /// the future is dropped before it is done, all that was approved stays in the account.
    ///
    /// # Errors
    /// The error that `instantiate` returns.
    pub async fn instantiate_async<R, E>(
        &mut self,
        instantiate: impl AsyncFnOnce(&mut H::Target) -> Result<R, E>,
        remains: impl FnOnce(&E) -> bool,
    ) -> Result<R, E> {
        let mark = self.meter().mark();
        let result = instantiate(&mut self.holder).await;
        self.conclude(mark, result, remains)
    }

    fn conclude<R, E>(
        &mut self,
        mark: Mark,
        result: Result<R, E>,
        remains: impl FnOnce(&E) -> bool,
    ) -> Result<R, E> {
        match &result {
            Err(error) if !remains(error) => self.meter().withdraw(mark),
            _ => self.meter().settle(),
        }
        result
    }

    pub(super) fn meter(&mut self) -> &mut StoreMemoryMeter<L> {
        (self.meter)(&mut self.holder)
    }

    /// Ends the lease and reports what it has used.
    pub fn end(mut self) -> LeaseReport {
        self.report()
    }
}

impl<H, L, F> Drop for Lease<H, L, F>
where
    H: DerefMut,
    L: LedgerHandle,
    F: Fn(&mut H::Target) -> &mut StoreMemoryMeter<L>,
{
    #[inline]
    fn drop(&mut self) {
        (self.meter)(&mut self.holder).end_turn(self.turn, &mut self.outer);
    }
}

impl<H, L, F> Deref for Lease<H, L, F>
where
    H: DerefMut,
    L: LedgerHandle,
    F: Fn(&mut H::Target) -> &mut StoreMemoryMeter<L>,
{
    type Target = H::Target;

    fn deref(&self) -> &H::Target {
        &self.holder
    }
}

impl<H, L, F> DerefMut for Lease<H, L, F>
where
    H: DerefMut,
    L: LedgerHandle,
    F: Fn(&mut H::Target) -> &mut StoreMemoryMeter<L>,
{
    fn deref_mut(&mut self) -> &mut H::Target {
        &mut self.holder
    }
}

impl<H, L, F> fmt::Debug for Lease<H, L, F>
where
    H: DerefMut + fmt::Debug,
    L: LedgerHandle,
    F: Fn(&mut H::Target) -> &mut StoreMemoryMeter<L>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lease").field(&self.holder).finish()
    }
}
