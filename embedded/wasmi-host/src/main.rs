//! An embedded host: principals take turns on two guests in wasmi, and a static ledger keeps what
//! each of them grew. One growth is approved and then fails for want of heap. Exit code 0 if every
//! turn and the report came out as they must.
#![no_std]
#![no_main]

mod turns;

use cortex_m as _; // the critical section of the allocator
use cortex_m_rt::entry;
use embedded_alloc::LlffHeap;
use highwater::{Lease, MeterLimits, PrincipalId, StaticLedger, StoreMemoryMeter};
use semihosting::{eprintln, print, println, process};
use wasmi::{Engine, Error, Linker, Memory, Module, Store, TypedFunc};

use turns::{GUESTS, PAGE, PEAKS, TURNS, Turn};

static LEDGER: Ledger = Ledger::new();

#[global_allocator]
static HEAP: LlffHeap = LlffHeap::empty();

/// Room for the engine and for memories of a few pages each; growing one moves it, so that the old
/// and the new one are there at once.
const HEAP_BYTES: usize = 1024 * 1024;

/// The most bytes that a guest's memory may have.
const CEILING: usize = 16 * PAGE;

type Ledger = StaticLedger<PrincipalId, 8>;
type Meter = StoreMemoryMeter<&'static Ledger>;

/// A guest in a store of its own.
struct Guest {
    store: Store<Meter>,
    run: TypedFunc<i32, i32>,
    memory: Memory,
}

#[entry]
fn main() -> ! {
    // SAFETY: called once, before anything allocates.
    unsafe {
        embedded_alloc::init!(HEAP, HEAP_BYTES);
    }
    match host() {
        Ok(true) => process::exit(0),
        Ok(false) => eprintln!("not what it must be"),
        Err(error) => eprintln!("{error}"),
    }
    process::exit(1)
}

/// Runs all turns and says whether everything came out as it must.
fn host() -> Result<bool, Error> {
    let engine = Engine::default();
    let mut guests = [load(&engine, GUESTS[0].1)?, load(&engine, GUESTS[1].1)?];

    println!("turn of   guest    asks  answer       own  inherited     total");
    let mut right = true;
    for turn in &TURNS {
        right &= take(turn, &mut guests[turn.guest])?;
    }
    right &= report();
    println!("heap used {} of {HEAP_BYTES} bytes", HEAP.used());
    Ok(right)
}

/// A fresh instance of a module. Its initial memory belongs to no principal.
fn load(engine: &Engine, wasm: &[u8]) -> Result<Guest, Error> {
    let module = Module::new(engine, wasm)?;
    let meter = StoreMemoryMeter::idle(MeterLimits::total(CEILING), &LEDGER);
    let mut store = Store::new(engine, meter);
    store.limiter(|meter| meter);
    let instance = Linker::new(engine).instantiate_and_start(&mut store, &module)?;
    let run = instance.get_typed_func(&store, "run")?;
    let memory = instance.get_memory(&store, "memory").expect("the guest exports its memory");
    Ok(Guest { store, run, memory })
}

/// Lets a principal run a guest, and says whether it went as it must.
fn take(turn: &Turn, guest: &mut Guest) -> Result<bool, Error> {
    let principal = PrincipalId::new(turn.principal).expect("a valid id");
    let limits = MeterLimits::total(CEILING);
    let mut lease = Lease::start(&mut guest.store, Store::data_mut, principal, limits);
    let answer = guest.run.call(&mut *lease, turn.asks)?;
    let report = lease.end();

    let (own, inherited, total) = (report.own, report.inherited, report.total);
    print!("{:<8}  {:<7}  {:>4}  {answer:>6}", turn.principal, GUESTS[turn.guest].0, turn.asks);
    print!("  {own:>8}  {inherited:>9}  {total:>8}");
    match report.last_denial {
        Some(denial) => println!("  {denial}"),
        None => println!(),
    }
    Ok(answer == turn.answer
        && own == turn.own * PAGE
        && report.last_denial == turn.denial
        && total == guest.memory.data_size(&guest.store))
}

/// Prints what the ledger holds, and says whether that is right for every principal.
fn report() -> bool {
    let mut top = [(PrincipalId::default(), 0); 8];
    let residents = LEDGER.top_into(&mut top);
    println!("\nprincipal      peak");
    for (principal, peak) in &*residents {
        println!("{principal:<8}  {peak:>8}");
    }
    let charged = PEAKS.iter().filter(|(_, pages)| *pages > 0).count();
    residents.len() == charged
        && PEAKS.iter().all(|&(principal, pages)| {
            PrincipalId::new(principal).is_ok_and(|id| LEDGER.peak(&id) == (pages * PAGE) as u64)
        })
}
