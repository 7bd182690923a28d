//! What a lease may use, and what it is charged with.

/// The largest number of instances, of tables and of memories of a Store unless a limit says
/// otherwise.
const DEFAULT_COUNT: usize = 10_000;

/// What one table element is taken to cost, in bytes: twice what any engine needs today, so that
/// tables cannot be a way round the memory ceiling.
const TABLE_ELEMENT_BYTES: usize = 32;

/// Which size is recorded for the principal that holds the lease. The three answer different
/// questions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum Attribution {
    /// *How much did this principal add?* The bytes by which the lease has grown the Store's
    /// memories.
    ///
    /// The default. On a Store of its own a principal adds all that there is, so this equals
    /// [`StoreTotal`](Self::StoreTotal); on a pooled Store it is the only one of the three that
    /// never charges a principal with what somebody else left behind.
    #[default]
    OwnGrowth,
    /// *How large was the Store when this principal last grew it?* All memories together, inherited
    /// bytes included: what the host has to provide for. Nothing for whoever has not grown it.
    StoreTotal,
    /// *How large did a single memory become?* The desired size of the largest memory that the
    /// lease grew, whatever the others hold and whoever grew it before: the absolute high-water
    /// mark that a ledger fed with one `desired` at a time records.
    LargestMemory,
}

/// Where tables are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum TableBudget {
    /// In the byte ceiling of the memories.
    Shared,
    /// In a ceiling of their own, in bytes.
    Apart(usize),
}

/// The limits of one lease, and how it is charged. All that `wasmtime::StoreLimits` has, on the
/// *whole* Store.
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
    total_memory: usize,
    memory_size: usize,
    table_elements: usize,
    table_element_bytes: usize,
    table_budget: TableBudget,
    instances: usize,
    tables: usize,
    memories: usize,
    trap_on_grow_failure: bool,
    attribution: Attribution,
    record_on_approval: bool,
}

impl MeterLimits {
    /// Limits that allow everything that can be represented; to be narrowed by the builder's
    /// methods.
    pub const fn builder() -> MeterLimitsBuilder {
        MeterLimitsBuilder(Self {
            total_memory: usize::MAX,
            memory_size: usize::MAX,
            table_elements: usize::MAX,
            table_element_bytes: TABLE_ELEMENT_BYTES,
            table_budget: TableBudget::Shared,
            instances: DEFAULT_COUNT,
            tables: DEFAULT_COUNT,
            memories: DEFAULT_COUNT,
            trap_on_grow_failure: false,
            attribution: Attribution::OwnGrowth,
            record_on_approval: false,
        })
    }

    /// At most `bytes` over all memories and tables of the Store, everything else as in
    /// [`builder`](Self::builder).
    #[must_use]
    pub const fn total(bytes: usize) -> Self {
        Self::builder().total_memory(bytes).build()
    }

    /// What [`StoreMemoryMeter::new`](crate::StoreMemoryMeter::new) starts with: `bytes` for all
    /// memories, as many for all tables, and the Store's total recorded at once when a growth is
    /// approved.
    #[must_use]
    pub const fn on_approval(bytes: usize) -> Self {
        Self::builder()
            .total_memory(bytes)
            .tables_apart(bytes)
            .attribution(Attribution::StoreTotal)
            .record_on_approval(true)
            .build()
    }

    /// The same limits with another ceiling: `bytes` over all memories, and over all tables if they
    /// are kept apart.
    #[must_use]
    pub const fn with_ceiling(mut self, bytes: usize) -> Self {
        self.total_memory = bytes;
        if let TableBudget::Apart(_) = self.table_budget {
            self.table_budget = TableBudget::Apart(bytes);
        }
        self
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

    /// Whether a growth that does not take place traps the guest instead of answering -1.
    #[must_use]
    pub const fn traps_on_grow_failure(&self) -> bool {
        self.trap_on_grow_failure
    }

    /// What the principal is charged with.
    #[must_use]
    pub const fn attribution(&self) -> Attribution {
        self.attribution
    }

    /// Whether a growth is recorded before it is known to have happened.
    #[must_use]
    pub const fn records_on_approval(&self) -> bool {
        self.record_on_approval
    }

    /// Whether one memory may grow by `grown` to `desired` bytes when all memories then hold `total`
    /// bytes beside `elements` table elements. A Store may hold more than the ceiling of a later
    /// lease, so what adds nothing is not over it.
    #[inline]
    pub(super) fn admits_memory(&self, desired: usize, grown: usize, total: usize, elements: usize) -> bool {
        let total = match self.table_budget {
            TableBudget::Shared => total.saturating_add(self.table_bytes(elements)),
            TableBudget::Apart(_) => total,
        };
        // A sum that saturated is no size that a Store can have.
        desired <= self.memory_size && (total <= self.total_memory && total < usize::MAX || grown == 0)
    }

    /// Whether one table may grow by `grown` to `desired` elements when all tables then have
    /// `elements` beside `memory` bytes of memories.
    #[inline]
    pub(super) fn admits_table(&self, desired: usize, grown: usize, elements: usize, memory: usize) -> bool {
        let bytes = self.table_bytes(elements);
        let (bytes, ceiling) = match self.table_budget {
            TableBudget::Shared => (bytes.saturating_add(memory), self.total_memory),
            TableBudget::Apart(ceiling) => (bytes, ceiling),
        };
        desired <= self.table_elements && (bytes <= ceiling && bytes < usize::MAX || grown == 0)
    }

    #[inline]
    const fn table_bytes(&self, elements: usize) -> usize {
        elements.saturating_mul(self.table_element_bytes)
    }
}

/// Builds [`MeterLimits`]; reads like wasmtime's `StoreLimitsBuilder`, whose methods mean the same
/// here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub struct MeterLimitsBuilder(MeterLimits);

impl MeterLimitsBuilder {
    /// At most `bytes` over all memories of the Store, and its tables unless they are [kept
    /// apart](Self::tables_apart). Unlimited by default.
    pub const fn total_memory(mut self, bytes: usize) -> Self {
        self.0.total_memory = bytes;
        self
    }

    /// At most `bytes` in each single memory. Unlimited by default.
    pub const fn memory_size(mut self, bytes: usize) -> Self {
        self.0.memory_size = bytes;
        self
    }

    /// At most `elements` in each single table. Unlimited by default.
    pub const fn table_elements(mut self, elements: usize) -> Self {
        self.0.table_elements = elements;
        self
    }

    /// Counts a table element as `bytes`; 32 by default, 0 leaves tables out of the byte ceilings.
    pub const fn table_element_bytes(mut self, bytes: usize) -> Self {
        self.0.table_element_bytes = bytes;
        self
    }

    /// Gives tables a ceiling of their own: `bytes` over all tables of the Store. By default they
    /// share that of the memories.
    pub const fn tables_apart(mut self, bytes: usize) -> Self {
        self.0.table_budget = TableBudget::Apart(bytes);
        self
    }

    /// At most `instances` instances in the Store; 10 000 by default. wasmtime reads the three numbers
    /// when the limiter is installed, so those of a later lease need `Store::limiter` again.
    pub const fn instances(mut self, instances: usize) -> Self {
        self.0.instances = instances;
        self
    }

    /// At most `tables` tables in the Store; 10 000 by default. Read as [`instances`](Self::instances) is.
    pub const fn tables(mut self, tables: usize) -> Self {
        self.0.tables = tables;
        self
    }

    /// At most `memories` memories in the Store; 10 000 by default. Read as [`instances`](Self::instances) is.
    pub const fn memories(mut self, memories: usize) -> Self {
        self.0.memories = memories;
        self
    }

    /// Traps the guest when a growth does not take place, instead of answering -1. Off by default.
    ///
    /// In wasmtime the error of the trap can be downcast to the [`Denial`](crate::Denial).
    pub const fn trap_on_grow_failure(mut self, trap: bool) -> Self {
        self.0.trap_on_grow_failure = trap;
        self
    }

    /// What the principal is charged with; [`Attribution::OwnGrowth`] by default.
    pub const fn attribution(mut self, attribution: Attribution) -> Self {
        self.0.attribution = attribution;
        self
    }

    /// Records a growth when it is approved instead of when it is known to have happened. Off by
    /// default.
    ///
    /// The ledger then shows a growth at once, without a
    /// [`settle`](crate::StoreMemoryMeter::settle), but also one that the engine approved and
    /// failed to do: a maximum cannot be taken back. The meter's own totals are exact either way.
    pub const fn record_on_approval(mut self, at_once: bool) -> Self {
        self.0.record_on_approval = at_once;
        self
    }

    /// The limits.
    #[must_use]
    pub const fn build(self) -> MeterLimits {
        self.0
    }
}
