//! Implements the limiter traits for a type of the user's own, with the user's own wasmtime.

/// Implements wasmtime's `ResourceLimiter` or `ResourceLimiterAsync` for a type that contains a
/// [`StoreMemoryMeter`](crate::StoreMemoryMeter), with any wasmtime that the calling crate depends
/// on. The `wasmtime` features of this crate are not needed.
///
/// ```
/// # #[cfg(feature = "std")] {
/// use highwater::{MemoryLedger, MeterLimits, PrincipalId, StoreMemoryMeter};
///
/// struct Limiter(StoreMemoryMeter);
///
/// highwater::impl_resource_limiter! {
///     impl wasmtime::ResourceLimiter for Limiter { |limiter| limiter.0 }
/// }
///
/// struct Host { limiter: Limiter }
///
/// let (limits, alice) = (MeterLimits::total(64 << 20), PrincipalId::default());
/// let meter = StoreMemoryMeter::with_limits(limits, alice, MemoryLedger::default());
/// let host = Host { limiter: Limiter(meter) };
/// let mut store = wasmtime::Store::new(&wasmtime::Engine::default(), host);
/// store.limiter(|host| &mut host.limiter);
/// # }
/// ```
///
/// `wasmtime` is any name under which the crate knows its wasmtime. The expression after the bar is
/// the place of the meter. Generic types name their parameters in brackets:
/// `impl [L: LedgerHandle + Send] wasmtime::ResourceLimiter for Limiter<L> { .. }`. The asynchronous
/// trait reads the same, with `ResourceLimiterAsync` (and wasmtime's feature `async`); the meter never
/// waits.
///
/// # When a growth is denied or fails
///
/// The limits say which growths trap: [`trap_on_denied_memory`] and the two beside it. A second
/// closure is called for every growth that does not take place, trap or not, with the limiter and
/// the [`Denial`](crate::Denial). Its value is the error of the trap, if there is one: any error
/// type, to which the error of the guest's call can be downcast. If the growth failed in the
/// engine, the engine's error is its source. Without that closure the error is the `Denial`.
///
/// ```
/// # #[cfg(feature = "std")] {
/// # use highwater::{Denial, MemoryLedger, MeterLimits, PrincipalId, StoreMemoryMeter};
/// #[derive(Debug)]
/// struct OutOfMemory(Denial);
/// # impl core::fmt::Display for OutOfMemory {
/// #     fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result { self.0.fmt(f) }
/// # }
/// # impl core::error::Error for OutOfMemory {}
///
/// struct Limiter { meter: StoreMemoryMeter, denials: u64 }
///
/// highwater::impl_resource_limiter! {
///     impl wasmtime::ResourceLimiter for Limiter {
///         |limiter| limiter.meter,
///         denied: |limiter, denial| {
///             limiter.denials += 1;
///             OutOfMemory(denial)
///         }
///     }
/// }
///
/// let limits = MeterLimits::builder().memory_size(65_536).trap_on_denied_memory(true).build();
/// let meter = StoreMemoryMeter::with_limits(limits, PrincipalId::default(), MemoryLedger::default());
/// let mut limiter = Limiter { meter, denials: 0 };
/// let error = wasmtime::ResourceLimiter::memory_growing(&mut limiter, 0, 65_537, None).unwrap_err();
/// assert!(error.is::<OutOfMemory>());
/// assert_eq!(limiter.denials, 1);
/// # }
/// ```
///
/// A limiter with rules of its own beside the meter's implements the trait by hand: it looks at its
/// own rules first and calls [`approve_memory`] last, or [`memory_failed`] if it denies after that.
///
/// [`trap_on_denied_memory`]: crate::MeterLimitsBuilder::trap_on_denied_memory
/// [`approve_memory`]: crate::StoreMemoryMeter::approve_memory
/// [`memory_failed`]: crate::StoreMemoryMeter::memory_failed
#[macro_export]
macro_rules! impl_resource_limiter {
    (
        impl $([$($generics:tt)*])? $engine:ident::$trait:ident for $limiter:ty {
            |$this:ident| $meter:expr $(,)?
        }
    ) => {
        $crate::impl_resource_limiter! {
            impl $([$($generics)*])? $engine::$trait for $limiter {
                |$this| $meter,
                denied: |_, denial| denial
            }
        }
    };
    (
        impl $([$($generics:tt)*])? $engine:ident::ResourceLimiter for $limiter:ty {
            |$this:ident| $meter:expr,
            denied: |$that:pat_param, $denial:pat_param| $error:expr $(,)?
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
                let answer = $meter.approve_memory(current, desired, maximum);
                $crate::impl_resource_limiter!(@answer $engine answer, $this $meter, $that, $denial, $error)
            }

            fn table_growing(
                &mut self,
                current: usize,
                desired: usize,
                maximum: ::core::option::Option<usize>,
            ) -> $engine::Result<bool> {
                let $this = self;
                let answer = $meter.approve_table(current, desired, maximum);
                $crate::impl_resource_limiter!(@answer $engine answer, $this $meter, $that, $denial, $error)
            }

            $crate::impl_resource_limiter!(@rest $engine, $this $meter, $that, $denial, $error);
        }
    };
    // The trait as `async_trait` expands it, so that the calling crate does not need that.
    (
        impl $([$($generics:tt)*])? $engine:ident::ResourceLimiterAsync for $limiter:ty {
            |$this:ident| $meter:expr,
            denied: |$that:pat_param, $denial:pat_param| $error:expr $(,)?
        }
    ) => {
        const _: () = {
            extern crate alloc;
            type Answer<'a> = ::core::pin::Pin<
                alloc::boxed::Box<
                    dyn ::core::future::Future<Output = $engine::Result<bool>> + ::core::marker::Send + 'a,
                >,
            >;

            impl $(<$($generics)*>)? $engine::ResourceLimiterAsync for $limiter {
                fn memory_growing<'life0, 'async_trait>(
                    &'life0 mut self,
                    current: usize,
                    desired: usize,
                    maximum: ::core::option::Option<usize>,
                ) -> Answer<'async_trait>
                where
                    'life0: 'async_trait,
                    Self: 'async_trait,
                {
                    let $this = self;
                    let answer = $meter.approve_memory(current, desired, maximum);
                    let answer =
                        $crate::impl_resource_limiter!(@answer $engine answer, $this $meter, $that, $denial, $error);
                    alloc::boxed::Box::pin(::core::future::ready(answer))
                }

                fn table_growing<'life0, 'async_trait>(
                    &'life0 mut self,
                    current: usize,
                    desired: usize,
                    maximum: ::core::option::Option<usize>,
                ) -> Answer<'async_trait>
                where
                    'life0: 'async_trait,
                    Self: 'async_trait,
                {
                    let $this = self;
                    let answer = $meter.approve_table(current, desired, maximum);
                    let answer =
                        $crate::impl_resource_limiter!(@answer $engine answer, $this $meter, $that, $denial, $error);
                    alloc::boxed::Box::pin(::core::future::ready(answer))
                }

                $crate::impl_resource_limiter!(@rest $engine, $this $meter, $that, $denial, $error);
            }
        };
    };
    // The meter's answer to a question, as the engine's.
    (@answer $engine:ident $answer:ident, $this:ident $meter:expr, $that:pat_param, $denial:pat_param, $error:expr) => {
        match $answer {
            ::core::result::Result::Ok(true) => ::core::result::Result::Ok(true),
            denied => {
                let error =
                    $crate::impl_resource_limiter!(@error $this $meter, $that, $denial, $error);
                match (denied, error) {
                    (::core::result::Result::Err(_), ::core::option::Option::Some(error)) => {
                        ::core::result::Result::Err($engine::Error::from(error))
                    }
                    _ => ::core::result::Result::Ok(false),
                }
            }
        }
    };
    // The same for a growth that failed with an error of the engine's.
    (@failed $failure:ident $answer:ident, $this:ident $meter:expr, $that:pat_param, $denial:pat_param, $error:expr) => {{
        let error = $crate::impl_resource_limiter!(@error $this $meter, $that, $denial, $error);
        match ($answer, error) {
            (::core::result::Result::Err(_), ::core::option::Option::Some(error)) => {
                ::core::result::Result::Err($failure.context(error))
            }
            _ => ::core::result::Result::Ok(()),
        }
    }};
    // The host's error for the growth that has just been denied or has failed.
    (@error $this:ident $meter:expr, $that:pat_param, $denial:pat_param, $error:expr) => {
        $meter.account().last_denial().map(|$denial| {
            let $that = &mut *$this;
            $error
        })
    };
    // The methods that both traits share.
    (@rest $engine:ident, $this:ident $meter:expr, $that:pat_param, $denial:pat_param, $error:expr) => {
        fn memory_grow_failed(&mut self, error: $engine::Error) -> $engine::Result<()> {
            let $this = self;
            let answer = $meter.memory_failed(&error);
            $crate::impl_resource_limiter!(@failed error answer, $this $meter, $that, $denial, $error)
        }

        fn table_grow_failed(&mut self, error: $engine::Error) -> $engine::Result<()> {
            let $this = self;
            let answer = $meter.table_failed(&error);
            $crate::impl_resource_limiter!(@failed error answer, $this $meter, $that, $denial, $error)
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
    };
}
