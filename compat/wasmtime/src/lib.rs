//! `highwater::impl_resource_limiter!` with several versions of wasmtime in one program: `cargo
//! test` runs the crate's adapter scenarios on each.
//!
//! Each version is a dependency under a name of its own; [`limiter`] is what a user would write.

#![no_std]

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

/// A host without `std`, whose principals are no [`highwater::PrincipalId`]s. The ledger has its keys in place: a
/// `highwater::Ledger` could be recorded into only by recorders here, which are not `Send`, as a limiter has to be.
pub mod inline_ids {
    use highwater::{FixedState, InlineLedger, InlineStr, MeterLimits, StoreMemoryMeter};

    /// What the host knows its principals by.
    pub type Tenant = InlineStr<24>;
    pub type TenantLedger = InlineLedger<Tenant, FixedState>;

    /// A Store's data.
    pub struct Host {
        pub meter: StoreMemoryMeter<TenantLedger>,
    }

    highwater::impl_resource_limiter! {
        impl wasmtime48::ResourceLimiter for Host { |host| host.meter }
    }

    /// A Store that nobody holds.
    pub fn store(engine: &wasmtime48::Engine, ledger: TenantLedger) -> wasmtime48::Store<Host> {
        let meter = StoreMemoryMeter::idle(MeterLimits::total(0), ledger);
        let mut store = wasmtime48::Store::new(engine, Host { meter });
        store.limiter(|host| host);
        store
    }
}
