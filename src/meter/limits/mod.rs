//! How far the memories and tables of a Store may grow under one lease, and how it is charged.

mod budgeted;
mod builder;
mod rule;

use super::attribution::Attribution;
pub use budgeted::BudgetedLimits;
pub use builder::MeterLimitsBuilder;

/// The largest number of instances, of tables and of memories of a Store unless a limit says
/// otherwise.
const DEFAULT_COUNT: usize = 10_000;

/// The bytes that a table element counts as by default: twice as many as any engine needs today, so
/// that tables cannot be a way round the memory ceiling.
const TABLE_ELEMENT_BYTES: usize = 32;

/// Whether the ceiling is for the Store or for its parts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Scope {
    /// All memories of the Store together, and its tables unless they are kept apart.
    Store,
    /// Each memory by itself, and each table. There may be totals beside it.
    Each,
}

/// Which growths trap the guest when they do not take place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Traps {
    denied_memory: bool,
    denied_table: bool,
    failed_growth: bool,
}

/// The limits of one lease, and how it is charged: the limits of `wasmtime::StoreLimits`, on the
/// *whole* Store.
///
/// A *ceiling* is a limit in bytes. The default is that of the [`builder`](Self::builder), without
/// a ceiling.
///
/// ```
/// use highwater::{Attribution, MeterLimits};
///
/// let limits = MeterLimits::builder()
///     .total_memory(64 << 20)
///     .memory_size(32 << 20)
///     .table_elements(10_000)
///     .instances(4)
///     .trap_on_grow_failure(true)
///     .attribution(Attribution::StoreTotal)
///     .build();
/// # let _ = limits;
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MeterLimits {
    scope: Scope,
    total_memory: usize,
    memory_size: usize,
    table_elements: usize,
    table_element_bytes: usize,
    tables_apart: Option<usize>,
    instances: usize,
    tables: usize,
    memories: usize,
    traps: Traps,
    attribution: Attribution,
    record_on_approval: bool,
}

impl Default for MeterLimits {
    fn default() -> Self {
        Self::builder().build()
    }
}

impl MeterLimits {
    /// Limits that allow everything that can be represented, for the builder's methods to narrow.
    pub const fn builder() -> MeterLimitsBuilder {
        MeterLimitsBuilder(Self {
            scope: Scope::Store,
            total_memory: usize::MAX,
            memory_size: usize::MAX,
            table_elements: usize::MAX,
            table_element_bytes: TABLE_ELEMENT_BYTES,
            tables_apart: None,
            instances: DEFAULT_COUNT,
            tables: DEFAULT_COUNT,
            memories: DEFAULT_COUNT,
            traps: Traps { denied_memory: false, denied_table: false, failed_growth: false },
            attribution: Attribution::OwnGrowth,
            record_on_approval: false,
        })
    }

    /// At most `bytes` over all memories and tables of the Store
    /// ([`total_memory`](MeterLimitsBuilder::total_memory)), everything else as in
    /// [`builder`](Self::builder).
    #[must_use]
    pub const fn total(bytes: usize) -> Self {
        Self::builder().total_memory(bytes).build()
    }

    /// Bounds *each memory*, not the Store: at most `bytes` in each, whatever the others hold.
    ///
    /// [`StoreMemoryMeter::new`](crate::StoreMemoryMeter::new) starts with these limits. They are
    /// the rule of a limiter that looks at one `desired` at a time:
    ///
    /// - A memory that asks for more than `bytes`, or for more than its own maximum, is denied. An
    ///   allowed growth records the desired size at once, whether or not the engine then succeeds.
    /// - A table may have `max(bytes / 32, 1)` elements, whatever other tables hold, and is not
    ///   charged.
    /// - Nothing is summed. A guest with many memories can hold `bytes` in each of them, up to the
    ///   number of [`memories`](MeterLimitsBuilder::memories): to bound the Store use
    ///   [`total`](Self::total).
    ///
    /// A ceiling near `usize::MAX` bounds nothing: a guest with a 64-bit memory leaves a peak of
    /// 2<sup>63</sup> - 1 by one `memory.grow` that is allowed, recorded, and then fails. Choose a
    /// ceiling that the host can provide.
    ///
    /// ```
    /// # #[cfg(feature = "std")] {
    /// use highwater::{MemoryLedger, MeterLimits, PrincipalId, StoreMemoryMeter};
    ///
    /// let (ledger, alice) = (MemoryLedger::default(), PrincipalId::default());
    /// let limits = MeterLimits::per_memory(64 << 10);
    /// let mut meter = StoreMemoryMeter::with_limits(limits, alice, ledger.clone());
    /// assert_eq!(meter.approve_memory(0, 64 << 10, None), Ok(true));
    /// assert_eq!(meter.approve_memory(0, 64 << 10, None), Ok(true)); // another memory
    /// assert_eq!(meter.approve_memory(64 << 10, 65 << 10, None), Ok(false));
    /// assert_eq!(ledger.peak(&alice), 64 << 10);
    /// # }
    /// ```
    #[must_use]
    pub const fn per_memory(bytes: usize) -> Self {
        let mut limits = Self::builder()
            .memory_size(bytes)
            .attribution(Attribution::LargestMemory)
            .record_on_approval(true)
            .build();
        limits.scope = Scope::Each;
        limits
    }

    /// Bounds the Store and records at once: `bytes` for all memories together, as many for all
    /// tables, and the Store's total recorded when a growth is approved.
    ///
    /// With a ceiling near `usize::MAX` one `memory.grow` that is approved and then fails leaves a
    /// peak of up to 2<sup>63</sup> - 1, as with [`per_memory`](Self::per_memory).
    #[must_use]
    pub const fn on_approval(bytes: usize) -> Self {
        Self::builder()
            .total_memory(bytes)
            .tables_apart(bytes)
            .attribution(Attribution::StoreTotal)
            .record_on_approval(true)
            .build()
    }

    /// The same limits with another ceiling: `bytes` for each single memory, for the total, and for
    /// all tables together if they are [kept apart](MeterLimitsBuilder::tables_apart).
    ///
    /// Limits made by [`per_memory`](Self::per_memory) keep their total: there `bytes` bounds each
    /// memory, and `max(bytes / 32, 1)` elements each table.
    #[must_use]
    pub const fn with_ceiling(mut self, bytes: usize) -> Self {
        self.memory_size = bytes;
        if let Scope::Store = self.scope {
            self.total_memory = bytes;
        }
        if self.tables_apart.is_some() {
            self.tables_apart = Some(bytes);
        }
        self
    }

    /// A builder that starts from these limits, as in
    /// `MeterLimits::per_memory(64 << 20).to_builder().instances(4).build()`.
    pub const fn to_builder(self) -> MeterLimitsBuilder {
        MeterLimitsBuilder(self)
    }

    /// The most bytes over all memories of the Store, and its tables unless they are [kept
    /// apart](Self::tables_apart); `usize::MAX` if there is no such ceiling.
    #[must_use]
    pub const fn total_memory(&self) -> usize {
        self.total_memory
    }

    /// The most bytes in a single memory; `usize::MAX` if there is no such ceiling.
    #[must_use]
    pub const fn memory_size(&self) -> usize {
        self.memory_size
    }

    /// The most elements in a single table; `usize::MAX` if there is no such ceiling.
    #[must_use]
    #[inline]
    pub const fn table_elements(&self) -> usize {
        if let Scope::Each = self.scope
            && let Some(elements) = self.memory_size.checked_div(self.table_element_bytes)
            && elements < self.table_elements
        {
            return if elements == 0 { 1 } else { elements };
        }
        self.table_elements
    }

    /// How many bytes a table element counts as.
    #[must_use]
    pub const fn table_element_bytes(&self) -> usize {
        self.table_element_bytes
    }

    /// The most bytes over all tables of the Store, if they have a ceiling of their own.
    #[must_use]
    pub const fn tables_apart(&self) -> Option<usize> {
        self.tables_apart
    }

    /// The largest number of instances that the Store may hold.
    #[must_use]
    pub const fn instances(&self) -> usize {
        self.instances
    }

    /// The largest number of tables that the Store may hold.
    #[must_use]
    pub const fn tables(&self) -> usize {
        self.tables
    }

    /// The largest number of memories that the Store may hold.
    #[must_use]
    pub const fn memories(&self) -> usize {
        self.memories
    }

    /// Whether every growth that does not take place traps the guest instead of answering -1.
    #[must_use]
    pub const fn traps_on_grow_failure(&self) -> bool {
        self.traps.denied_memory && self.traps.denied_table && self.traps.failed_growth
    }

    /// Whether a denied growth of a memory traps the guest.
    #[must_use]
    pub const fn traps_on_denied_memory(&self) -> bool {
        self.traps.denied_memory
    }

    /// Whether a denied growth of a table traps the guest.
    #[must_use]
    pub const fn traps_on_denied_table(&self) -> bool {
        self.traps.denied_table
    }

    /// Whether a growth that the engine fails traps the guest.
    #[must_use]
    pub const fn traps_on_failed_growth(&self) -> bool {
        self.traps.failed_growth
    }

    /// Which size the principal is charged with.
    #[must_use]
    pub const fn attribution(&self) -> Attribution {
        self.attribution
    }

    /// Whether a growth is recorded before it is known to have happened.
    #[must_use]
    pub const fn records_on_approval(&self) -> bool {
        self.record_on_approval
    }
}
