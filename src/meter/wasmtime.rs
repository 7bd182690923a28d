//! The meter as wasmtime's limiter.

use wasmtime::{Error, Trap, WasmBacktrace};

use super::{StoreMemoryMeter, unasked::says};
use crate::LedgerHandle;

crate::impl_resource_limiter! {
    impl [L: LedgerHandle<Principal: Send> + Send] wasmtime::ResourceLimiter for StoreMemoryMeter<L> { |meter| meter }
}

/// Whether the instance is still in its Store after an instantiation that failed with this error:
/// wasmtime keeps an instance whose segments or start function failed, and takes back one that it
/// could not create. For [`Lease::instantiate`](super::Lease::instantiate).
///
/// A trap and an exception are known as such. What a host function returns, or limits that trap, is
/// known by the backtrace that wasmtime adds, unless it is configured not to or the host function is
/// itself the module's start function: a host that allows this adds its own errors, as in `|error|
/// error.is::<Mine>() || instance_remains(error)`. For components there is no answer: the instances made before the failure
/// remain, the others do not.
#[must_use]
pub fn instance_remains(error: &Error) -> bool {
    // The type of this one has a name only if wasmtime's `gc` is on, or from 48.
    let is_exception = || says(&error.root_cause(), "thrown Wasm exception");
    error.is::<Trap>() || error.is::<WasmBacktrace>() || is_exception()
}
