//! A host on wasmi, as an embedded one would be: a ledger in a `static`, one Store, and principals
//! that take turns on it.
//!
//! Unlike `pooled_host` it keeps the guest's instance from one turn to the next, so that a
//! principal finds the memory as large as the last one left it. That is cheap and fit for guests
//! that trust each other; the meter tells what each added.
//!
//! ```text
//! cargo run --release --features wasmi --example wasmi_host
//! ```

use highwater::{Lease, MeterLimits, PrincipalId, StaticLedger, StoreMemoryMeter};
use indicatif::HumanBytes;
use wasmi::{Engine, Error, Linker, Module, Store};

const PAGE_BYTES: usize = 64 * 1024;
/// The ceiling of the Store, for every principal that holds it.
const CEILING_BYTES: usize = 24 * PAGE_BYTES;
/// Places of the ledger: one less than there are principals.
const CAPACITY: usize = 3;

type Ledger = StaticLedger<PrincipalId, CAPACITY>;

/// Nothing of it is ever allocated.
static LEDGER: Ledger = Ledger::new();

fn main() -> Result<(), Error> {
    let engine = Engine::default();
    let module = Module::new(&engine, include_str!("guests/bursty.wat"))?;
    let limits = MeterLimits::total(CEILING_BYTES);
    let mut store = Store::new(&engine, StoreMemoryMeter::idle(limits, &LEDGER));
    store.limiter(|meter| meter);

    // Made before the first turn: the page that it starts with belongs to no principal.
    let instance = Linker::new(&engine).instantiate_and_start(&mut store, &module)?;
    let run = instance.get_typed_func::<u32, u32>(&store, "run")?;
    let memory = instance.get_memory(&store, "memory").expect("the guest exports its memory");

    println!(
        "{:<8}  {:>5}  {:>3}  {:>11}  {:>11}  {:>11}  denied",
        "turn of", "asks", "has", "own", "inherited", "total"
    );
    for (name, pages) in [("sensor", 3), ("radio", 8), ("display", 9), ("update", 30), ("radio", 9)] {
        let principal = PrincipalId::new(name).expect("a valid id");
        let mut lease = Lease::start(&mut store, Store::data_mut, principal, limits);
        let got = run.call(&mut *lease, pages)?;
        let report = lease.end();
        assert_eq!(report.total, memory.data_size(&store), "the meter and the engine agree");
        println!(
            "{name:<8}  {pages:>5}  {got:>3}  {:>11}  {:>11}  {:>11}  {}",
            bytes(report.own),
            bytes(report.inherited),
            bytes(report.total),
            report.last_denial.map_or_else(|| "no".to_owned(), |denial| denial.to_string())
        );
    }

    let mut top = [(PrincipalId::default(), 0); CAPACITY];
    let residents = LEDGER.top_into(&mut top);
    println!(
        "\nthe {} biggest of them, in {} of static memory:",
        residents.len(),
        bytes(LEDGER.memory_bytes())
    );
    for (principal, own) in residents {
        println!("{principal:<8}  {:>11}", bytes(*own as usize));
    }
    println!("no other principal ever grew more than {}", HumanBytes(LEDGER.untracked_at_most()));
    Ok(())
}

fn bytes(bytes: usize) -> String {
    HumanBytes(bytes as u64).to_string()
}
