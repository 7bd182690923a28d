//! Sets limits one after another.

use super::{Attribution, MeterLimits};

/// Builds [`MeterLimits`]. It reads like wasmtime's `StoreLimitsBuilder`, whose methods mean the
/// same here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub struct MeterLimitsBuilder(pub(super) MeterLimits);

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

    /// Counts a table element as `bytes`; 32 by default. With 0 no ceiling applies to tables.
    pub const fn table_element_bytes(mut self, bytes: usize) -> Self {
        self.0.table_element_bytes = bytes;
        self
    }

    /// Gives tables a ceiling of their own: `bytes` over all tables of the Store. By default they
    /// share the ceiling of the memories.
    pub const fn tables_apart(mut self, bytes: usize) -> Self {
        self.0.tables_apart = Some(bytes);
        self
    }

    /// At most `instances` instances in the Store; 10 000 by default. wasmtime reads this number
    /// and the next two when the limiter is installed, so those of a later lease need
    /// `Store::limiter` again.
    pub const fn instances(mut self, instances: usize) -> Self {
        self.0.instances = instances;
        self
    }

    /// At most `tables` tables in the Store; 10 000 by default. wasmtime reads it when it reads
    /// [`instances`](Self::instances).
    pub const fn tables(mut self, tables: usize) -> Self {
        self.0.tables = tables;
        self
    }

    /// At most `memories` memories in the Store; 10 000 by default. wasmtime reads it when it reads
    /// [`instances`](Self::instances).
    pub const fn memories(mut self, memories: usize) -> Self {
        self.0.memories = memories;
        self
    }

    /// Traps the guest when a growth does not take place, instead of answering -1: all three of the
    /// switches below. Off by default.
    ///
    /// In wasmtime the error of the trap can be downcast to the [`Denial`](crate::Denial), or to an
    /// error of the host's own (see [`impl_resource_limiter!`](crate::impl_resource_limiter)). A GC
    /// heap is the exception: wasmtime takes a heap that may not grow for a failed allocation,
    /// whatever the limiter says, and traps with an error of its own. The meter's
    /// [`report`](crate::StoreMemoryMeter::report) has the denial.
    pub const fn trap_on_grow_failure(self, trap: bool) -> Self {
        self.trap_on_denied_memory(trap).trap_on_denied_table(trap).trap_on_failed_growth(trap)
    }

    /// Traps the guest when the growth of a memory is denied. Off by default.
    pub const fn trap_on_denied_memory(mut self, trap: bool) -> Self {
        self.0.traps.denied_memory = trap;
        self
    }

    /// Traps the guest when the growth of a table is denied. Off by default.
    pub const fn trap_on_denied_table(mut self, trap: bool) -> Self {
        self.0.traps.denied_table = trap;
        self
    }

    /// Traps the guest when the engine fails the growth of a memory or table, after it was approved
    /// or without having asked. Off by default.
    pub const fn trap_on_failed_growth(mut self, trap: bool) -> Self {
        self.0.traps.failed_growth = trap;
        self
    }

    /// Which size the principal is charged with; [`Attribution::OwnGrowth`] by default.
    pub const fn attribution(mut self, attribution: Attribution) -> Self {
        self.0.attribution = attribution;
        self
    }

    /// Records a growth when it is approved instead of when it is known to have happened. Off by
    /// default.
    ///
    /// The ledger then shows a growth at once, without a
    /// [`settle`](crate::StoreMemoryMeter::settle). It also shows a growth that was approved and
    /// that the engine then failed: a maximum cannot be taken back. The meter's own totals are
    /// exact either way.
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
