//! The meter as wasmtime's asynchronous limiter. It never waits: its answer is known at once.

use super::StoreMemoryMeter;
use crate::LedgerHandle;

crate::impl_resource_limiter! {
    impl [L: LedgerHandle<Principal: Send> + Send] wasmtime::ResourceLimiterAsync for StoreMemoryMeter<L> { |meter| meter }
}
