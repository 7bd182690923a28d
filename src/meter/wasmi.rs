//! The meter as the limiter of wasmi 2. Only `wasmi_core` is needed for it, so that it builds
//! wherever wasmi does.

use wasmi_core::{LimiterError, MemoryError, ResourceLimiter, TableError};

use super::{denial::Denial, store_meter::StoreMemoryMeter};
use crate::LedgerHandle;

/// wasmi has one error for a denial that traps.
fn trap(_: Denial) -> LimiterError {
    LimiterError::ResourceLimiterDeniedAllocation
}

/// wasmi reports a failure only after an approval, so there is nothing to tell apart. It refuses
/// growth past the memory's own maximum before it asks and without a word: such a denial is not
/// counted. Memories and tables of an instantiation that failed stay in the Store, so nothing is to
/// be withdrawn.
impl<L: LedgerHandle> ResourceLimiter for StoreMemoryMeter<L> {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        self.approve_memory(current, desired, maximum).map_err(trap)
    }

    fn memory_grow_failed(&mut self, error: &MemoryError) -> Result<(), LimiterError> {
        self.memory_failed(error).map_err(trap)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        self.approve_table(current, desired, maximum).map_err(trap)
    }

    fn table_grow_failed(&mut self, error: &TableError) -> Result<(), LimiterError> {
        self.table_failed(error).map_err(trap)
    }

    fn instances(&self) -> usize {
        self.limits().instances()
    }

    fn tables(&self) -> usize {
        self.limits().tables()
    }

    fn memories(&self) -> usize {
        self.limits().memories()
    }
}
