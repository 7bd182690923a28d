//! The sums over a Store's memories and tables, and the growth that may still fail.

use crate::meter::{attribution::Attribution, denial::Denial};

/// The sums over a Store.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Held {
    /// Bytes over all memories.
    pub(super) memory: usize,
    /// Elements over all tables.
    pub(super) table_elements: usize,
    /// Bytes of the largest memory that the current lease has grown.
    pub(super) largest_memory: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Memory,
    Table,
}

/// An approved growth that nothing has confirmed yet: what it takes to undo it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Pending {
    pub(super) kind: Kind,
    /// Bytes over all memories, or elements over all tables, without it.
    pub(super) before: usize,
    pub(super) largest_memory_before: usize,
}

/// How many growths, creations included, were approved in the life of a Store.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Approved {
    pub(super) memories: u64,
    pub(super) tables: u64,
}

/// The account of one Store: what its memories and tables hold, and what the current lease added.
///
/// It knows no engine and no ledger and allocates nothing: an engine's callbacks go in, sizes come
/// out. An engine *asks* before it grows and reports only a growth that *failed*; success is
/// silent. So an approved growth stays *pending* until something proves that it happened: the next
/// event, the beginning of another lease, or [`settle`](Self::settle). Then it is *settled*. The
/// proof is sound because the engine has to finish a growth before the guest or the host can cause
/// another event.
///
/// Every method takes constant time, allocates nothing, takes no lock and never panics.
///
/// # Invariants
///
/// 1. At most one growth is pending.
/// 2. The settled usage equals what the engine holds, except that the pending growth may have
///    happened already. Failed and denied growths never count. The account learns what the Store
///    held before its first question only as far as a single memory shows it, and takes that for
///    inherited.
/// 3. Inherited bytes are part of the settled usage, so a lease's own growth is never negative.
/// 4. A denial adds nothing: it settles the growth before it and is counted.
/// 5. No sum wraps. A growth whose total cannot be represented could not succeed and is denied. The
///    exception are limits that sum nothing ([`per_memory`](crate::MeterLimits::per_memory)): under
///    those the sum saturates until the failure is reported.
///
/// An engine never reports three things, which only the host can supply:
///
/// - an instantiation failed after its memories were approved ([`mark`](Self::mark),
///   [`withdraw_unless_created`](Self::withdraw_unless_created));
/// - a Store held memories before its limiter was installed ([`reconcile`](Self::reconcile));
/// - a shared memory has grown ([`reconcile`](Self::reconcile)).
///
/// ```
/// use highwater::{Account, Denial, MeterLimits};
///
/// let limits = MeterLimits::total(200_000);
/// let mut account = Account::new();
/// assert_eq!(account.approve_memory(&limits, 0, 65_536, None), Ok(())); // a memory is created
/// assert_eq!(account.approve_memory(&limits, 0, 131_072, None), Ok(())); // and another
/// account.memory_failed(&"out of memory"); // the engine could not create that one
/// let denial = account.approve_memory(&limits, 65_536, 262_144, None);
/// assert_eq!(denial, Err(Denial::OverCeiling));
/// assert_eq!(account.total(), 65_536);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Account {
    /// As if the pending growth had happened, which it nearly always has.
    pub(super) held: Held,
    pub(super) pending: Option<Pending>,
    pub(super) inherited: usize,
    /// By how many bytes the lease had grown the Store when it was resumed, or 0, and its charge by
    /// [`Attribution::StoreTotal`] at that moment.
    pub(super) resumed: (usize, usize),
    pub(super) denied: u64,
    pub(super) last_denial: Option<Denial>,
    pub(super) approved: Approved,
}

impl Account {
    /// The account of a Store that holds nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            held: Held { memory: 0, table_elements: 0, largest_memory: 0 },
            pending: None,
            inherited: 0,
            resumed: (0, 0),
            denied: 0,
            last_denial: None,
            approved: Approved { memories: 0, tables: 0 },
        }
    }

    /// No growth is in flight: the pending one has happened. Says whether there was one.
    #[inline]
    pub fn settle(&mut self) -> bool {
        self.pending.take().is_some()
    }

    /// The host has counted: the Store's memories hold `memory` bytes. The current lease is charged
    /// with the bytes that were not known. The count does not say which memory grew, so
    /// [`Attribution::LargestMemory`] takes all of them for one: that is exact with one memory, and
    /// too high with several.
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

    /// Why the last of them did not take place.
    #[must_use]
    pub fn last_denial(&self) -> Option<Denial> {
        self.last_denial
    }

    /// The bytes that the lease's principal is charged with, the pending growth left out. They
    /// never fall within a lease, save by [`withdraw`](Self::withdraw) and
    /// [`reconcile`](Self::reconcile).
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
    fn charge(&self, held: &Held, attribution: Attribution) -> usize {
        match attribution {
            Attribution::LargestMemory => held.largest_memory,
            // Bytes that others left or added do not count before the lease has grown the Store
            // itself.
            Attribution::StoreTotal if held.memory - self.inherited <= self.resumed.0 => self.resumed.1,
            Attribution::StoreTotal => held.memory,
            Attribution::OwnGrowth => held.memory - self.inherited,
        }
    }

    /// The sums without the pending growth.
    #[inline]
    pub(super) fn settled(&self) -> Held {
        let Some(Pending { kind, before, largest_memory_before }) = self.pending else { return self.held };
        let largest_memory = largest_memory_before;
        match kind {
            Kind::Memory => Held { memory: before, largest_memory, ..self.held },
            Kind::Table => Held { table_elements: before, largest_memory, ..self.held },
        }
    }
}
