//! The meter as wasmtime's limiter.

use wasmtime::{Error, Trap};

use super::StoreMemoryMeter;
use crate::LedgerHandle;

crate::impl_resource_limiter! {
    impl [L: LedgerHandle<Principal: Send> + Send] wasmtime::ResourceLimiter for StoreMemoryMeter<L> { |meter| meter }
}

/// Whether the instance is still in its Store after an instantiation that failed with this error:
/// wasmtime keeps an instance whose segments or start function trapped, and takes back one that it
/// could not create. For [`Lease::instantiate`](super::Lease::instantiate).
///
/// An error that a host function returns to a start function counts as a trap if wasmtime took a
/// backtrace of it, which it does unless configured not to. For components there is no answer: the
/// instances made before the failure remain, the others do not.
#[must_use]
pub fn instance_remains(error: &Error) -> bool {
    error.is::<Trap>() || error.is::<wasmtime::WasmBacktrace>()
}
