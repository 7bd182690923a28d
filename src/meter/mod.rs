//! Metering linear memory: what a Store holds, who is charged with it, and what it may grow to.
//!
//! [`account`] is the engine-free arithmetic, [`unasked`] how it tells failures apart, [`policy`] the
//! limits, [`attribution`] what is charged, [`denial`] why a growth did not take place, [`lease`] a
//! principal's turn, [`counters`] the numbers for an exporter.
//! [`StoreMemoryMeter`] puts them in front of a ledger; [`growth`] is what an engine tells it, and the
//! adapters only pass that on. `docs/metering.md` says why it is so.

mod account;
mod attribution;
mod counters;
mod denial;
mod growth;
mod lease;
mod limiter_macro;
mod policy;
mod turn;
mod unasked;
#[cfg(feature = "wasmi")]
mod wasmi;
#[cfg(feature = "wasmtime")]
mod wasmtime;
#[cfg(feature = "wasmtime-async")]
mod wasmtime_async;

use core::fmt;

pub use account::{Account, Mark};
pub use attribution::Attribution;
use counters::Counting;
pub use counters::{MeterCounters, MeterStats, SharedCounters};
pub use denial::Denial;
pub use lease::{Lease, LeaseReport};
pub use policy::{MeterLimits, MeterLimitsBuilder};
use turn::Turns;
#[cfg(feature = "wasmtime")]
pub use wasmtime::instance_remains;

#[cfg(feature = "alloc")]
use crate::MemoryLedger;
use crate::{LedgerHandle, table::Hint};

/// Meters the memories of one Store into a ledger, and limits them.
///
/// One per Store, kept in the Store's data. The principal that holds the Store is named by
/// [`lease`](Self::lease) (or [`Lease::start`], in front of the Store), which ends its turn by
/// itself, or by [`set`](Self::set), after which the next `set` ends it.
/// [Metering](crate::metering) tells the whole story.
///
/// # When a growth is recorded
///
/// An engine asks before it grows and says nothing when it has grown. Under limits built with
/// [`MeterLimits::builder`] a growth is recorded once it is *known* to have happened: at the next
/// event of this Store, at the end of the lease, when the meter is dropped, or at
/// [`settle`](Self::settle). A growth that fails is never recorded.
///
/// A meter made by [`new`](Self::new) records at the moment of approval
/// ([`MeterLimits::per_memory`]): the ledger shows the growth as soon as `memory.grow` returns,
/// without another call, at the price that an approved growth which then fails stays recorded. Both
/// cannot be had at once: success has no callback, and a ledger cannot lower a maximum.
///
/// # Cost
///
/// A growth costs a few comparisons, one counter, and one hinted record: no hash, no allocation, no
/// lock.
pub struct StoreMemoryMeter<
    #[cfg(feature = "alloc")] L: LedgerHandle = MemoryLedger,
    #[cfg(not(feature = "alloc"))] L: LedgerHandle,
> {
    ledger: L,
    account: Account,
    limits: MeterLimits,
    /// What holds while nobody has the lease.
    idle_limits: MeterLimits,
    principal: Option<L::Principal>,
    /// Where the ledger last saw the principal.
    hint: Hint,
    counting: Counting,
    turns: Turns,
    /// Between a mark and what becomes of it: what an instantiation gets and gives back is nobody's
    /// use.
    instantiating: bool,
}

impl<L: LedgerHandle> StoreMemoryMeter<L> {
    /// A meter that bounds *each memory* of its Store, not the Store: `max_memory_bytes` for each,
    /// under [`MeterLimits::per_memory`]. The Store is held by `principal` from the start, memories
    /// that an instantiation creates included.
    ///
    /// A growth past that, or past the memory's own maximum, is denied and not recorded; an allowed
    /// one records the desired size at once. A table may have `max(max_memory_bytes / 32, 1)`
    /// elements. Nothing is summed: to bound what a Store holds in all use
    /// [`with_limits`](Self::with_limits) and [`MeterLimits::total`].
    ///
    /// An allowed growth that the engine then fails stays recorded. With a ceiling near `usize::MAX`
    /// a guest with a 64-bit memory leaves a peak of 2<sup>63</sup> - 1 by one `memory.grow`.
    pub fn new(max_memory_bytes: usize, principal: L::Principal, ledger: L) -> Self {
        Self::with_limits(MeterLimits::per_memory(max_memory_bytes), principal, ledger)
    }

    /// A meter whose Store is held by `principal` from the start, under `limits`.
    pub fn with_limits(limits: MeterLimits, principal: L::Principal, ledger: L) -> Self {
        let mut meter = Self::idle(limits, ledger);
        meter.start_lease(principal, limits);
        meter
    }

    /// A meter for a Store that nobody holds yet, as in a pool. What it grows before its first
    /// lease, and between leases, is limited by `limits` and charged to nobody.
    pub fn idle(limits: MeterLimits, ledger: L) -> Self {
        Self {
            ledger,
            account: Account::new(),
            limits,
            idle_limits: limits,
            principal: None,
            hint: Hint::new(),
            counting: Counting::Alone(MeterStats::default()),
            turns: Turns::default(),
            instantiating: false,
        }
    }

    /// The same meter, which counts what it allows and denies in `counters` from now on, together with
    /// all others that do: a `&'static MeterCounters` or an `Arc<MeterCounters>`. A meter counts for
    /// itself otherwise, at no allocation.
    #[must_use]
    pub fn counted_in(mut self, counters: impl Into<SharedCounters>) -> Self {
        self.counting = Counting::Together(counters.into());
        self
    }

    /// From now on `principal` holds the Store, with `max_memory_bytes` for each memory, for their
    /// total if the limits have one, and otherwise the limits as they were
    /// ([`MeterLimits::with_ceiling`]).
    ///
    /// Ends the turn of whoever held it before, leases included: where their guards are dropped
    /// later, `principal` holds the Store on. There is nothing that ends this turn but the next `set`;
    /// [`lease`](Self::lease) ends itself.
    pub fn set(&mut self, max_memory_bytes: usize, principal: L::Principal) {
        self.start_lease(principal, self.limits.with_ceiling(max_memory_bytes));
    }

    /// Lends the meter to `principal` under `limits`, until the guard is dropped. Then the turn goes
    /// on that was on before.
    ///
    /// For a meter that lives inside a Store use [`Lease::start`] with the Store.
    pub fn lease(
        &mut self,
        principal: L::Principal,
        limits: MeterLimits,
    ) -> Lease<&mut Self, L, fn(&mut Self) -> &mut Self> {
        Lease::start(self, |meter| meter, principal, limits)
    }

    /// Begins the turn of `principal`; ends all that were on, those of guards included.
    pub fn start_lease(&mut self, principal: L::Principal, limits: MeterLimits) {
        self.end_turns();
        self.hand_to(principal, limits);
    }

    /// Nobody holds the Store any more. What the lease used stays readable with
    /// [`report`](Self::report) until the Store grows again or the next lease begins.
    pub fn end_lease(&mut self) {
        self.end_turns();
        self.set_idle();
    }

    /// Who holds the Store.
    pub fn principal(&self) -> Option<&L::Principal> {
        self.principal.as_ref()
    }

    /// The limits in force.
    pub fn limits(&self) -> &MeterLimits {
        &self.limits
    }

    /// The ledger that is recorded into.
    pub fn ledger(&self) -> &L {
        &self.ledger
    }

    /// The Store's account.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// What the meter has allowed and denied, or all meters that count [where it
    /// counts](Self::counted_in).
    #[must_use]
    pub fn stats(&self) -> MeterStats {
        self.counting.stats()
    }

    /// What the lease has used, a growth that may still fail included.
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

/// A Store that goes away has finished its last growth.
impl<L: LedgerHandle> Drop for StoreMemoryMeter<L> {
    fn drop(&mut self) {
        self.settle();
    }
}

impl<L: LedgerHandle<Principal: fmt::Debug>> fmt::Debug for StoreMemoryMeter<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreMemoryMeter")
            .field("principal", &self.principal())
            .field("report", &self.report())
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
