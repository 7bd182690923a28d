//! The limiter trait for a type of the user's own, with the user's own wasmtime.

/// Implements wasmtime's `ResourceLimiter` for a type that contains a
/// [`StoreMemoryMeter`](crate::StoreMemoryMeter), with whichever wasmtime the calling crate depends
/// on. The crate's own `wasmtime` feature is not needed.
///
/// ```
/// # #[cfg(feature = "std")] {
/// use highwater::{MemoryLedger, PrincipalId, StoreMemoryMeter};
///
/// struct Limiter(StoreMemoryMeter);
///
/// highwater::impl_resource_limiter! {
///     impl wasmtime::ResourceLimiter for Limiter { |limiter| limiter.0 }
/// }
///
/// struct Host { limiter: Limiter }
///
/// let meter = StoreMemoryMeter::new(64 << 20, PrincipalId::default(), MemoryLedger::default());
/// let host = Host { limiter: Limiter(meter) };
/// let mut store = wasmtime::Store::new(&wasmtime::Engine::default(), host);
/// store.limiter(|host| &mut host.limiter);
/// # }
/// ```
///
/// `wasmtime` is any name under which the crate knows its wasmtime. What follows the bar is the
/// place of the meter. Generic types name their parameters in brackets: `impl [L: LedgerHandle +
/// Send] wasmtime::ResourceLimiter for Limiter<L> { .. }`.
#[macro_export]
macro_rules! impl_resource_limiter {
    (
        impl $([$($generics:tt)*])? $engine:ident::ResourceLimiter for $limiter:ty {
            |$this:ident| $meter:expr
        }
    ) => {
        impl $(<$($generics)*>)? $engine::ResourceLimiter for $limiter {
            fn memory_growing(
                &mut self,
                current: usize,
                desired: usize,
                maximum: ::core::option::Option<usize>,
            ) -> $engine::Result<bool> {
                let $this = self;
                $meter.approve_memory(current, desired, maximum).map_err($engine::Error::new)
            }

            fn memory_grow_failed(&mut self, error: $engine::Error) -> $engine::Result<()> {
                let $this = self;
                $meter.memory_failed(&error).map_err(|denial| error.context(denial))
            }

            fn table_growing(
                &mut self,
                current: usize,
                desired: usize,
                maximum: ::core::option::Option<usize>,
            ) -> $engine::Result<bool> {
                let $this = self;
                $meter.approve_table(current, desired, maximum).map_err($engine::Error::new)
            }

            fn table_grow_failed(&mut self, error: $engine::Error) -> $engine::Result<()> {
                let $this = self;
                $meter.table_failed(&error).map_err(|denial| error.context(denial))
            }

            fn instances(&self) -> usize {
                let $this = self;
                $meter.limits().instances()
            }

            fn tables(&self) -> usize {
                let $this = self;
                $meter.limits().tables()
            }

            fn memories(&self) -> usize {
                let $this = self;
                $meter.limits().memories()
            }
        }
    };
}
