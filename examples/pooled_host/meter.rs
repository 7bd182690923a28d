//! Stand-in for the crate's meter.
use highwater::{MemoryLedger, PrincipalId};
pub struct StoreMemoryMeter {
    max: usize,
    principal: PrincipalId,
    ledger: MemoryLedger,
    pub denied: u64,
}
impl StoreMemoryMeter {
    pub fn new(max: usize, principal: PrincipalId, ledger: MemoryLedger) -> Self {
        Self { max, principal, ledger, denied: 0 }
    }
    pub fn set(&mut self, max: usize, principal: PrincipalId) {
        self.max = max;
        self.principal = principal;
    }
}
impl wasmtime::ResourceLimiter for StoreMemoryMeter {
    fn memory_growing(
        &mut self,
        _c: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > self.max || maximum.is_some_and(|m| desired > m) {
            self.denied += 1;
            return Ok(false);
        }
        self.ledger.record_peak(&self.principal, desired as u64);
        Ok(true)
    }
    fn table_growing(&mut self, _c: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let ok = desired * 32 <= self.max && maximum.is_none_or(|m| desired <= m);
        if !ok {
            self.denied += 1
        }
        Ok(ok)
    }
}
