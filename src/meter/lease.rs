//! A principal's turn on a Store, as a guard.

use core::fmt;
use core::ops::{Deref, DerefMut};

use super::{Denial, Mark, MeterLimits, StoreMemoryMeter, turn::Displaced};
use crate::LedgerHandle;

/// What a lease has used so far, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct LeaseReport {
    /// By how much the lease has grown the Store's memories.
    pub own: usize,
    /// What the Store's memories held when the lease began, and what leases inside it have added.
    pub inherited: usize,
    /// What the Store's memories hold: `own + inherited`.
    pub total: usize,
    /// Elements (not bytes) over all tables of the Store.
    pub table_elements: usize,
    /// Growths of this lease that did not take place.
    pub denied: u64,
    /// Why the last of them did not.
    pub last_denial: Option<Denial>,
}

/// A principal's turn on a Store. It ends when the guard is dropped, by a panic as well: from then
/// on nothing is charged to the principal, whatever the Store still does.
///
/// Leases nest, to any depth and without allocation: a host function of one principal's guest may
/// begin a lease for another on the same Store. When that ends, the turn before it goes on, with its
/// principal, limits, own growth and denials. A guard that is leaked leaves its turn on until the
/// guard around it ends.
///
/// The guard stands in front of whatever *holds* the meter and dereferences to it, so a lease over
/// a Store is used like the Store. [`StoreMemoryMeter::lease`] makes one in front of the meter
/// itself.
///
/// ```
/// use highwater::{Lease, MemoryLedger, MeterLimits, PrincipalId, StoreMemoryMeter};
///
/// // In a host this is a `wasmtime::Store<Host>`, and the way to the meter `|store| &mut store.data_mut().meter`.
/// struct Pooled { meter: StoreMemoryMeter }
///
/// let ledger = MemoryLedger::default();
/// let mut pooled = Pooled { meter: StoreMemoryMeter::idle(MeterLimits::total(0), ledger.clone()) };
/// let alice = PrincipalId::new("alice")?;
/// {
///     let mut lease = Lease::start(&mut pooled, |pooled| &mut pooled.meter, alice, MeterLimits::total(1 << 20));
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
    displaced: Displaced<L::Principal>,
}

impl<H, L, F> Lease<H, L, F>
where
    H: DerefMut,
    L: LedgerHandle,
    F: Fn(&mut H::Target) -> &mut StoreMemoryMeter<L>,
{
    /// Begins the turn of `principal` under `limits` on what `holder` points to; `meter` is the way
    /// from there to its meter. A turn that is on goes on when this one ends.
    #[inline]
    pub fn start(mut holder: H, meter: F, principal: L::Principal, limits: MeterLimits) -> Self {
        let displaced = meter(&mut holder).begin_turn(principal, limits);
        Self { holder, meter, displaced }
    }

    /// What the lease has used so far; if it was ended by [`set`](StoreMemoryMeter::set), until then.
    /// Takes it that no growth is in flight, as [`StoreMemoryMeter::settle`] does.
    pub fn report(&mut self) -> LeaseReport {
        let meter = (self.meter)(&mut self.holder);
        meter.settle();
        meter.report_of(&self.displaced)
    }

    /// Instantiates through `instantiate`; if that fails and nothing of it remains, takes what it grew
    /// out of the account again.
    ///
    /// That nothing `remains` of what the closure made is for the host to know: what is withdrawn but
    /// still there is a way round the ceiling. No error says so. `|_| true` is always safe, and right
    /// for wasmi, which gives nothing back, and for components. For a module in wasmtime use
    /// [`instantiate_pre`](Self::instantiate_pre), which knows it of itself.
    ///
    /// # Errors
    /// What `instantiate` returns.
    pub fn instantiate<R, E>(
        &mut self,
        instantiate: impl FnOnce(&mut H::Target) -> Result<R, E>,
        remains: impl FnOnce(&E) -> bool,
    ) -> Result<R, E> {
        let mark = self.meter().mark();
        let result = instantiate(&mut self.holder);
        self.conclude(mark, result, remains)
    }

    /// As [`instantiate`](Self::instantiate), for an engine that instantiates asynchronously. If the
    /// future is dropped before it is done, all that was approved stays in the account.
    ///
    /// # Errors
    /// What `instantiate` returns.
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

    /// Ends the lease and says what it used.
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
        (self.meter)(&mut self.holder).end_turn(&mut self.displaced);
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
