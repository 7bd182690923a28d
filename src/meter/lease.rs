//! A principal's turn on a Store, as a guard.

use core::fmt;
use core::ops::{Deref, DerefMut};

use super::{Denial, MeterLimits, StoreMemoryMeter};
use crate::LedgerHandle;

/// What a lease has used so far, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct LeaseReport {
    /// By how much the lease has grown the Store's memories.
    pub own: usize,
    /// What the Store's memories held when the lease began.
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
    holder: H,
    meter: F,
}

impl<H, L, F> Lease<H, L, F>
where
    H: DerefMut,
    L: LedgerHandle,
    F: Fn(&mut H::Target) -> &mut StoreMemoryMeter<L>,
{
    /// Begins the turn of `principal` under `limits` on what `holder` points to; `meter` is the way
    /// from there to its meter.
    ///
    /// A lease that was still on is ended first.
    pub fn start(mut holder: H, meter: F, principal: L::Principal, limits: MeterLimits) -> Self {
        meter(&mut holder).start_lease(principal, limits);
        Self { holder, meter }
    }

    /// What the lease has used so far. Takes it that no growth is in flight, as
    /// [`StoreMemoryMeter::settle`] does.
    pub fn report(&mut self) -> LeaseReport {
        let meter = (self.meter)(&mut self.holder);
        meter.settle();
        meter.report()
    }

    /// Instantiates through `instantiate`, and takes what it grew out of the account again if
    /// nothing of it remains.
    ///
    /// An engine that fails to create an instance gives back the memories it had already asked for,
    /// without a word to the limiter. `remains` tells such an error (`false`) from one after which
    /// the instance is still in the Store, as when its start function trapped (`true`): with wasmtime,
    /// `instance_remains`. With wasmi, which gives nothing back, and for components, of which parts may
    /// remain, say `|_| true`. A future is instantiated between
    /// [`mark`](StoreMemoryMeter::mark) and [`withdraw`](StoreMemoryMeter::withdraw) or
    /// [`settle`](StoreMemoryMeter::settle).
    ///
    /// # Errors
    /// What `instantiate` returns.
    pub fn instantiate<R, E>(
        &mut self,
        instantiate: impl FnOnce(&mut H::Target) -> Result<R, E>,
        remains: impl FnOnce(&E) -> bool,
    ) -> Result<R, E> {
        let mark = (self.meter)(&mut self.holder).mark();
        let result = instantiate(&mut self.holder);
        let meter = (self.meter)(&mut self.holder);
        match &result {
            Err(error) if !remains(error) => meter.withdraw(mark),
            _ => meter.settle(),
        }
        result
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
    fn drop(&mut self) {
        (self.meter)(&mut self.holder).end_lease();
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
