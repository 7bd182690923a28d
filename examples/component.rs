//! A component with several memories, on a Store that two principals hold one after the other,
//! charged in three ways.
//!
//! An engine asks its limiter about one memory at a time and does not say which. A limiter that
//! compares each `desired` with a ceiling therefore lets a component with three memories have three
//! times the ceiling, and one that records it reports a third. The meter keeps the Store's total.
//!
//! ```text
//! cargo run --release --example component
//! ```

use highwater::{Attribution, Lease, MemoryLedger, MeterLimits, PrincipalId, StoreMemoryMeter};
use indicatif::HumanBytes;
use wasmtime::component::{Component, Instance, Linker};
use wasmtime::{Engine, Result, Store};

const PAGE_BYTES: usize = 64 * 1024;
/// For the whole Store: room for the twelve pages that the component starts with, and for eight
/// more.
const CEILING_BYTES: usize = 20 * PAGE_BYTES;

fn main() -> Result<()> {
    let engine = Engine::default();
    let component = Component::new(&engine, include_str!("guests/three_memories.wat"))?;
    println!("three memories of 4 pages each; the Store may hold {}\n", HumanBytes(CEILING_BYTES as u64));
    println!("{:<36}  {:>10}  {:>10}", "charged with", "alice", "bob");
    for (attribution, question) in [
        (Attribution::OwnGrowth, "what the lease added (own growth)"),
        (Attribution::StoreTotal, "what the Store then held (total)"),
        (Attribution::LargestMemory, "the largest single memory it grew"),
    ] {
        let [alice, bob] = peaks(&engine, &component, attribution)?;
        println!(
            "{question:<36}  {:>10}  {:>10}",
            HumanBytes(alice).to_string(),
            HumanBytes(bob).to_string()
        );
    }
    println!(
        "\nonly the first never charges bob with what alice grew, and only the second shows what the host holds"
    );
    Ok(())
}

/// Alice has the component made and grows its parts until she is denied; Bob goes on with what he
/// finds. Returns their peaks in a ledger that is charged as `attribution` says.
fn peaks(engine: &Engine, component: &Component, attribution: Attribution) -> Result<[u64; 2]> {
    let [alice, bob] = ["alice", "bob"].map(|name| PrincipalId::new(name).expect("a valid id"));
    let ledger = MemoryLedger::with_capacity(8);
    let nothing = MeterLimits::total(0);
    let limits = MeterLimits::builder().total_memory(CEILING_BYTES).attribution(attribution).build();
    let mut store = Store::new(engine, StoreMemoryMeter::idle(nothing, ledger.clone()));
    store.limiter(|meter| meter);

    let mut lease = Lease::start(&mut store, Store::data_mut, alice, limits);
    let parts = Linker::new(engine).instantiate(&mut *lease, component)?;
    assert_eq!(grow(&mut lease, &parts, "grow-first", 4)?, 4, "it had four pages");
    assert_eq!(grow(&mut lease, &parts, "grow-second", 3)?, 4);
    // Each memory by itself is far below the ceiling; all of them together would be above it.
    assert_eq!(grow(&mut lease, &parts, "grow-third", 2)?, -1);
    let report = lease.end();
    assert_eq!((report.own, report.inherited, report.denied), (19 * PAGE_BYTES, 0, 1));

    let mut lease = Lease::start(&mut store, Store::data_mut, bob, limits);
    assert_eq!(grow(&mut lease, &parts, "grow-third", 1)?, 4);
    // The guest itself sees the number that the meter counted.
    let pages = parts.get_typed_func::<(), (u32,)>(&mut *lease, "pages")?.call(&mut *lease, ())?.0;
    let report = lease.end();
    assert_eq!((report.own, report.inherited), (PAGE_BYTES, 19 * PAGE_BYTES));
    assert_eq!(report.total, pages as usize * PAGE_BYTES);

    Ok([alice, bob].map(|principal| ledger.peak(&principal)))
}

/// Calls one of the component's functions that grow: the pages before, or -1.
fn grow(store: &mut Store<StoreMemoryMeter>, parts: &Instance, name: &str, pages: u32) -> Result<i32> {
    let function = parts.get_typed_func::<(u32,), (i32,)>(&mut *store, name)?;
    Ok(function.call(store, (pages,))?.0)
}
