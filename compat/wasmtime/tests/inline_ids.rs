//! A host without `std` on an engine of its own: ledger, meter and macro with `alloc` alone.

use highwater::{FixedState, Lease, MeterLimits};
use highwater_wasmtime_compat::inline_ids::{Tenant, TenantLedger, store};
use wasmtime48::{Engine, Instance, Module};

#[test]
fn a_tenant_is_charged_with_what_it_grows() {
    let engine = Engine::default();
    let ledger = TenantLedger::with_capacity_and_hasher(16, FixedState);
    let mut store = store(&engine, ledger.clone());
    let module = Module::new(&engine, "(module (memory 2))").unwrap();
    assert!(Instance::new(&mut store, &module, &[]).is_err(), "nobody holds the Store");

    let tenant: Tenant = "acme".parse().unwrap();
    let mut lease =
        Lease::start(&mut store, |store| &mut store.data_mut().meter, tenant, MeterLimits::total(200_000));
    Instance::new(&mut *lease, &module, &[]).unwrap();
    assert!(Instance::new(&mut *lease, &module, &[]).is_err(), "no room for two more pages");
    drop(lease);
    assert_eq!(ledger.top(9), [(tenant, 131_072)]);
}
