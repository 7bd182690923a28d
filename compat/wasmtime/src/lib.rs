//! `highwater::impl_resource_limiter!` with several versions of wasmtime in one program: `cargo
//! test` runs the crate's adapter scenarios on each.
//!
//! Each version is a dependency under a name of its own; [`limiter`] is what a user would write.

/// A module with a limiter for the wasmtime of this name.
#[macro_export]
macro_rules! limiter {
    ($engine:ident) => {
        /// A limiter of the user's own.
        pub struct Limiter(pub highwater::StoreMemoryMeter);

        highwater::impl_resource_limiter! {
            impl $engine::ResourceLimiter for Limiter { |limiter| limiter.0 }
        }
    };
}
