//! The meter as wasmtime's asynchronous limiter. It never waits: what it has to say is known at
//! once.

use alloc::boxed::Box;

use wasmtime::{Error, ResourceLimiter, Result};

use super::StoreMemoryMeter;
use crate::LedgerHandle;

#[async_trait::async_trait]
impl<L: LedgerHandle<Principal: Send> + Send> wasmtime::ResourceLimiterAsync for StoreMemoryMeter<L> {
    async fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        ResourceLimiter::memory_growing(self, current, desired, maximum)
    }

    fn memory_grow_failed(&mut self, error: Error) -> Result<()> {
        ResourceLimiter::memory_grow_failed(self, error)
    }

    async fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        ResourceLimiter::table_growing(self, current, desired, maximum)
    }

    fn table_grow_failed(&mut self, error: Error) -> Result<()> {
        ResourceLimiter::table_grow_failed(self, error)
    }

    fn instances(&self) -> usize {
        ResourceLimiter::instances(self)
    }

    fn tables(&self) -> usize {
        ResourceLimiter::tables(self)
    }

    fn memories(&self) -> usize {
        ResourceLimiter::memories(self)
    }
}
