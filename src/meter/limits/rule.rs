//! Whether a growth is within the limits.

use super::{MeterLimits, Scope};

impl MeterLimits {
    /// Whether one memory may grow by `grown` to `desired` bytes when all memories then hold
    /// `total` bytes beside `elements` table elements. A Store may hold more than the ceiling of a
    /// later lease, so a growth by nothing is not over it.
    #[inline]
    pub(in crate::meter) fn admits_memory(
        &self,
        desired: usize,
        grown: usize,
        total: usize,
        elements: usize,
    ) -> bool {
        let total = match self.tables_apart {
            None if self.scope == Scope::Store => total.saturating_add(self.table_bytes(elements)),
            _ => total,
        };
        desired <= self.memory_size && (grown == 0 || self.fits(total, self.total_memory))
    }

    /// Whether one table may grow by `grown` to `desired` elements when all tables then have
    /// `elements` beside `memory` bytes of memories. A growth by no bytes is not over the
    /// ceiling, either.
    #[inline]
    pub(in crate::meter) fn admits_table(
        &self,
        desired: usize,
        grown: usize,
        elements: usize,
        memory: usize,
    ) -> bool {
        let bytes = self.table_bytes(elements);
        let (bytes, ceiling) = match (self.tables_apart, self.scope) {
            (Some(ceiling), _) => (bytes, ceiling),
            (None, Scope::Store) => (bytes.saturating_add(memory), self.total_memory),
            (None, Scope::Each) => (0, 0),
        };
        desired <= self.table_elements() && (self.fits(bytes, ceiling) || self.table_bytes(grown) == 0)
    }

    /// A Store cannot have a size that saturated, so such a sum is denied, unless the limits sum
    /// nothing.
    #[inline]
    fn fits(&self, sum: usize, ceiling: usize) -> bool {
        sum <= ceiling && (sum < usize::MAX || self.scope == Scope::Each)
    }

    #[inline]
    const fn table_bytes(&self, elements: usize) -> usize {
        elements.saturating_mul(self.table_element_bytes)
    }
}
