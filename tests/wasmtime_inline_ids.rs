//! A host without `std` on an engine of its own: ledger, meter and macro with `alloc` alone.
//!
//! Its principals are no [`highwater::PrincipalId`]s. The ledger has its keys in place: a
//! `highwater::Ledger` could be recorded into only by recorders here, which are not `Send`, as a
//! limiter has to be.

#![cfg(all(feature = "alloc", not(any(highwater_narrow, highwater_core_only))))]

use highwater::{FixedState, InlineLedger, InlineStr, Lease, MeterLimits, StoreMemoryMeter};
use wasmtime::{Engine, Instance, Module, Store};

/// The ids of the host's principals.
type Tenant = InlineStr<24>;
type TenantLedger = InlineLedger<Tenant, FixedState>;

/// A Store's data.
struct Host {
    meter: StoreMemoryMeter<TenantLedger>,
}

highwater::impl_resource_limiter! {
    impl wasmtime::ResourceLimiter for Host { |host| host.meter }
}

/// A Store that no principal holds.
fn store(engine: &Engine, ledger: TenantLedger) -> Store<Host> {
    let meter = StoreMemoryMeter::idle(MeterLimits::total(0), ledger);
    let mut store = Store::new(engine, Host { meter });
    store.limiter(|host| host);
    store
}

#[test]
fn a_tenant_is_charged_with_what_it_grows() {
    let engine = Engine::default();
    let ledger = TenantLedger::with_capacity_and_hasher(16, FixedState);
    let mut store = store(&engine, ledger.clone());
    let module = Module::new(&engine, "(module (memory 2))").unwrap();
    assert!(Instance::new(&mut store, &module, &[]).is_err(), "no principal holds the Store");

    let tenant: Tenant = "acme".parse().unwrap();
    let mut lease =
        Lease::start(&mut store, |store| &mut store.data_mut().meter, tenant, MeterLimits::total(200_000));
    Instance::new(&mut *lease, &module, &[]).unwrap();
    assert!(Instance::new(&mut *lease, &module, &[]).is_err(), "no room for two more pages");
    drop(lease);
    assert_eq!(ledger.top(9), [(tenant, 131_072)]);
}
