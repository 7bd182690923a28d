//! The account of one Store: what its memories and tables hold, and what of it the current lease added.

use super::{attribution::Attribution, denial::Denial, lease::LeaseReport, policy::MeterLimits};

/// What a Store holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Usage {
    /// Bytes over all memories.
    memory: usize,
    /// Elements over all tables.
    table_elements: usize,
    /// Bytes of the largest memory that the current lease has grown.
    largest_memory: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Memory,
    Table,
}

/// An approved growth that nothing has confirmed yet: what it takes to undo it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Pending {
    kind: Kind,
    /// Bytes over all memories, or elements over all tables, without it.
    before: usize,
    largest_memory_before: usize,
}

/// What a Store held at one instant, to return to with [`Account::withdraw`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "a mark does nothing until it is given to `withdraw`"]
pub struct Mark {
    held: Usage,
    approved: Approved,
}

/// How many growths, creations included, were approved in the life of a Store.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Approved {
    memories: u64,
    tables: u64,
}

/// What one lease has used: put aside while another runs inside it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Used {
    own: usize,
    largest_memory: usize,
    /// What it answers for by [`Attribution::StoreTotal`].
    store_total: usize,
    denied: u64,
    last_denial: Option<Denial>,
}

impl Used {
    const NOTHING: Self = Self { own: 0, largest_memory: 0, store_total: 0, denied: 0, last_denial: None };

    /// The report of a lease that is not on, of a Store that now holds `total` bytes.
    pub(super) fn report(&self, total: usize, table_elements: usize) -> LeaseReport {
        let own = self.own.min(total);
        let Self { denied, last_denial, .. } = *self;
        LeaseReport { own, inherited: total - own, total, table_elements, denied, last_denial }
    }
}

/// The account of one Store: what its memories and tables hold, and what of it the current lease added.
///
/// No engine, no ledger, no allocation: an engine's callbacks go in, sizes come out. An engine *asks*
/// before it grows and only speaks up again if the growth *failed*; success is silent. So an approved
/// growth stays *pending* until something proves that it happened: the next event, the beginning of
/// another lease, or [`settle`](Self::settle). That proof is sound because the engine has to finish a
/// growth before the guest or the host can cause another event.
///
/// Every method takes constant time, allocates nothing, takes no lock and never panics.
///
/// # Invariants
///
/// 1. At most one growth is pending.
/// 2. What is settled is what the engine holds, or that less the pending growth; nothing that failed
///    or was denied is ever part of it. What the Store held before anybody was asked is learnt as far
///    as a single memory shows it, and is inherited.
/// 3. What is inherited is part of what is settled, so a lease's own growth is never negative.
/// 4. A denial adds nothing: it settles what was pending before it and is counted.
/// 5. No sum wraps. A growth whose total cannot be represented is denied, as it could not succeed,
///    unless the limits sum nothing ([`MeterLimits::per_memory`]): then the sum saturates until the
///    failure is reported.
///
/// Three things an engine never reports, and only the host can supply them: that an instantiation
/// failed after its memories were approved ([`mark`](Self::mark),
/// [`withdraw_unless_created`](Self::withdraw_unless_created)),
/// what a Store holds that was made before its limiter, and how far a shared memory has grown (both
/// [`reconcile`](Self::reconcile)).
///
/// ```
/// use highwater::{Account, Denial, MeterLimits};
///
/// let limits = MeterLimits::total(200_000);
/// let mut account = Account::new();
/// assert_eq!(account.growing(&limits, 0, 65_536, None), Ok(())); // a memory is created
/// assert_eq!(account.growing(&limits, 0, 131_072, None), Ok(())); // and another
/// account.grow_failed(); // which the engine could not do
/// assert_eq!(account.growing(&limits, 65_536, 262_144, None), Err(Denial::OverCeiling));
/// assert_eq!(account.total(), 65_536);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Account {
    /// As if the pending growth had happened, which it nearly always has.
    held: Usage,
    pending: Option<Pending>,
    inherited: usize,
    /// By how much the lease had grown the Store when it was resumed, or 0, and what it then answered for by
    /// [`Attribution::StoreTotal`].
    resumed: (usize, usize),
    denied: u64,
    last_denial: Option<Denial>,
    approved: Approved,
}

impl Account {
    /// The account of a Store that holds nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            held: Usage { memory: 0, table_elements: 0, largest_memory: 0 },
            pending: None,
            inherited: 0,
            resumed: (0, 0),
            denied: 0,
            last_denial: None,
            approved: Approved { memories: 0, tables: 0 },
        }
    }

    /// One memory asks to grow from `current` to `desired` bytes; a creation asks from 0.
    ///
    /// # Errors
    /// Why the growth has to be denied. The account then holds what it held.
    #[inline]
    pub fn growing(
        &mut self,
        limits: &MeterLimits,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<(), Denial> {
        self.settle();
        self.learn(Usage { memory: current, ..Usage::default() });
        let grown = desired.saturating_sub(current);
        let before = self.held.memory;
        let memory = before.saturating_add(grown);
        if !limits.admits_memory(desired, grown, memory, self.held.table_elements) {
            return Err(self.deny(Denial::OverCeiling));
        }
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Err(self.deny(Denial::OverTypeMaximum));
        }
        let largest_memory_before = self.held.largest_memory;
        self.pending = Some(Pending { kind: Kind::Memory, before, largest_memory_before });
        self.approved.memories += 1;
        self.held.memory = memory;
        self.held.largest_memory = largest_memory_before.max(desired);
        Ok(())
    }

    /// One table asks to grow from `current` to `desired` elements; a creation asks from 0.
    ///
    /// # Errors
    /// Why the growth has to be denied. The account then holds what it held.
    #[inline]
    pub fn table_growing(
        &mut self,
        limits: &MeterLimits,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<(), Denial> {
        self.settle();
        self.learn(Usage { table_elements: current, ..Usage::default() });
        let grown = desired.saturating_sub(current);
        let before = self.held.table_elements;
        let elements = before.saturating_add(grown);
        if !limits.admits_table(desired, grown, elements, self.held.memory) {
            return Err(self.deny(Denial::Table));
        }
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Err(self.deny(Denial::OverTypeMaximum));
        }
        let largest_memory_before = self.held.largest_memory;
        self.pending = Some(Pending { kind: Kind::Table, before, largest_memory_before });
        self.approved.tables += 1;
        self.held.table_elements = elements;
        Ok(())
    }

    /// The memory growth that was approved last did not happen.
    pub fn grow_failed(&mut self) {
        self.fail(Kind::Memory);
    }

    /// The table growth that was approved last did not happen.
    pub fn table_grow_failed(&mut self) {
        self.fail(Kind::Table);
    }

    /// What asks to grow is part of what the Store holds. More of it than is known was there before
    /// anybody was asked, so it is nobody's own growth.
    #[inline]
    fn learn(&mut self, part: Usage) {
        if part.memory > self.held.memory {
            self.inherited += part.memory - self.held.memory;
            self.held.memory = part.memory;
        }
        self.held.table_elements = self.held.table_elements.max(part.table_elements);
    }

    /// A growth failed for which no approval had been asked: what is pending belongs to an earlier
    /// one, which stands. [`memory_failed`](Self::memory_failed) and
    /// [`table_failed`](Self::table_failed) tell such a failure by the engine's words.
    pub fn refused_unasked(&mut self) {
        self.settle();
        self.deny(Denial::OverTypeMaximum);
    }

    /// A failure ends the pending growth of its kind; a growth of the other kind was followed by
    /// this event, so it stands.
    fn fail(&mut self, kind: Kind) {
        if self.pending.is_some_and(|pending| pending.kind == kind) {
            self.held = self.settled();
        }
        self.settle();
        self.deny(Denial::FailedByEngine);
    }

    fn deny(&mut self, denial: Denial) -> Denial {
        self.denied += 1;
        self.last_denial = Some(denial);
        denial
    }

    /// No growth is in flight: what was pending has happened. Says whether anything was.
    #[inline]
    pub fn settle(&mut self) -> bool {
        self.pending.take().is_some()
    }

    /// A lease begins: all that the Store holds now is inherited.
    #[inline]
    pub fn start_lease(&mut self) {
        self.settle();
        self.resume(Used::NOTHING);
    }

    /// What the lease has used. Takes it that nothing is pending.
    pub(super) fn used(&self) -> Used {
        Used {
            own: self.own(),
            largest_memory: self.held.largest_memory,
            store_total: self.settled_charge(Attribution::StoreTotal),
            denied: self.denied,
            last_denial: self.last_denial,
        }
    }

    /// A lease goes on that had used so much: what others have added since is inherited.
    #[inline]
    pub(super) fn resume(&mut self, used: Used) {
        self.settle();
        self.inherited = self.held.memory.saturating_sub(used.own);
        self.held.largest_memory = used.largest_memory;
        self.denied = used.denied;
        self.last_denial = used.last_denial;
        self.resumed = (used.own, used.store_total);
    }

    /// What the Store holds now, before an instantiation that may fail.
    pub fn mark(&mut self) -> Mark {
        self.settle();
        Mark { held: self.held, approved: self.approved }
    }

    /// Everything approved since `mark` is gone: the instantiation failed and the engine took its
    /// memories and tables back.
    pub fn withdraw(&mut self, mark: Mark) {
        // Of a lease that began after the mark it knows nothing.
        let largest_memory = mark.held.largest_memory.min(self.settled().largest_memory);
        self.pending = None;
        self.held = Usage { largest_memory, ..mark.held };
        self.inherited = self.inherited.min(mark.held.memory);
    }

    /// The one instantiation since `mark` failed: gives back what was approved for it if its instance
    /// cannot have been created, and says whether it did.
    ///
    /// An engine creates an instance after it has asked for each of its memories and tables, and only
    /// then runs anything. So with fewer approvals than the module defines `memories` and `tables`
    /// there was no instance, and the engine has taken everything back except the GC heap, which it
    /// makes first: `heap` are the bytes by which that has grown since `mark`. With as many approvals
    /// there may be an instance, and all of them stand, whatever the error says: it may be that of
    /// something that the instance called.
    ///
    /// It is too high, not wrong, to keep what is gone: if the engine cannot do the last thing
    /// that was approved, or if `heap` is 0 for a heap that was made then and is still empty.
    pub fn withdraw_unless_created(&mut self, mark: Mark, memories: u32, tables: u32, heap: usize) -> bool {
        let for_memories = self.approved.memories.wrapping_sub(mark.approved.memories);
        let for_tables = self.approved.tables.wrapping_sub(mark.approved.tables);
        let for_memories = for_memories.saturating_sub(u64::from(heap > 0));
        if for_memories >= u64::from(memories) && for_tables >= u64::from(tables) {
            return false;
        }
        self.withdraw(mark);
        self.held.memory = self.held.memory.saturating_add(heap);
        self.held.largest_memory = self.held.largest_memory.max(heap);
        true
    }

    /// The host has counted: the Store's memories hold `memory` bytes. The current lease is charged
    /// with what is more than known. Which memory grew is not said, so that
    /// [`Attribution::LargestMemory`] takes all of them for one: exact with one memory, too high with
    /// several.
    pub fn reconcile(&mut self, memory: usize) {
        self.settle();
        if memory > self.held.memory {
            self.held.largest_memory = self.held.largest_memory.max(memory);
        }
        self.held.memory = memory;
        self.inherited = self.inherited.min(memory);
    }

    /// Bytes over all memories of the Store, a pending growth included.
    #[must_use]
    pub fn total(&self) -> usize {
        self.held.memory
    }

    /// Elements over all tables of the Store, a pending growth included.
    #[must_use]
    pub fn table_elements(&self) -> usize {
        self.held.table_elements
    }

    /// Bytes that the Store's memories held when the lease began.
    #[must_use]
    pub fn inherited(&self) -> usize {
        self.inherited
    }

    /// Bytes by which the lease has grown the Store's memories, a pending growth included.
    #[must_use]
    pub fn own(&self) -> usize {
        self.total() - self.inherited
    }

    /// Growths denied or failed in this lease.
    #[must_use]
    pub fn denied(&self) -> u64 {
        self.denied
    }

    /// Why the last growth of this lease that did not take place did not.
    #[must_use]
    pub fn last_denial(&self) -> Option<Denial> {
        self.last_denial
    }

    /// The bytes that the lease's principal answers for, the pending growth left out. Never falls
    /// within a lease, save by [`withdraw`](Self::withdraw) and [`reconcile`](Self::reconcile).
    #[must_use]
    #[inline]
    pub fn settled_charge(&self, attribution: Attribution) -> usize {
        self.charge(&self.settled(), attribution)
    }

    /// As [`settled_charge`](Self::settled_charge), as if the pending growth had happened.
    #[must_use]
    #[inline]
    pub fn approved_charge(&self, attribution: Attribution) -> usize {
        self.charge(&self.held, attribution)
    }

    #[inline]
    fn charge(&self, usage: &Usage, attribution: Attribution) -> usize {
        match attribution {
            Attribution::LargestMemory => usage.largest_memory,
            // Not for what others left or added, before it has grown the Store itself.
            Attribution::StoreTotal if usage.memory - self.inherited <= self.resumed.0 => self.resumed.1,
            Attribution::StoreTotal => usage.memory,
            Attribution::OwnGrowth => usage.memory - self.inherited,
        }
    }

    /// What the Store holds without the pending growth.
    #[inline]
    fn settled(&self) -> Usage {
        let Some(Pending { kind, before, largest_memory_before }) = self.pending else { return self.held };
        let largest_memory = largest_memory_before;
        match kind {
            Kind::Memory => Usage { memory: before, largest_memory, ..self.held },
            Kind::Table => Usage { table_elements: before, largest_memory, ..self.held },
        }
    }
}
