//! The main loop, PendSV and SysTick use the same static budgets, and then record into one static
//! ledger; SysTick interrupts the other two at any instruction. Exit code 0 if budgets and ledger
//! are exact in the end.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use cortex_m::Peripherals;
use cortex_m::peripheral::scb::SystemHandler;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::peripheral::{SCB, SYST};
use cortex_m_rt::{entry, exception};
use exercise::{Budgets, Exercise, Ledger};
use semihosting::{eprintln, println, process};

static LEDGER: Ledger = Ledger::new();
static EXERCISE: Exercise = Exercise::new(&LEDGER);
static BUDGETS: Budgets = Budgets::new();

/// How often the main loop records.
const RECORDS: u32 = 1_500_000;

/// How often it reserves bytes, gives them back or moves them, before that.
const BUDGET_CALLS: u32 = 1_500_000;

/// Clock ticks (80 ns, 10 instructions) between two interrupts: `SHORTEST` plus a remainder modulo
/// `SPREAD`, a prime, of a number that grows by `STRIDE` with each interrupt. So they come at every
/// distance up to some 75 000 instructions, often soon enough to interrupt a handler.
const SHORTEST: u32 = 67;
const SPREAD: u32 = 7_507;
const STRIDE: u32 = 2_477;

#[entry]
fn main() -> ! {
    let mut peripherals = Peripherals::take().expect("they are taken once");
    // PendSV lowest, SysTick above it, so that SysTick interrupts PendSV too.
    // SAFETY: interrupts are still off, and no critical section is built on priorities.
    unsafe {
        peripherals.SCB.set_priority(SystemHandler::PendSV, 0xff);
        peripherals.SCB.set_priority(SystemHandler::SysTick, 0x40);
    }
    let mut timer = peripherals.SYST;
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(SHORTEST);
    timer.clear_current();
    timer.enable_interrupt();
    timer.enable_counter();

    while BUDGETS.main_calls() < BUDGET_CALLS {
        BUDGETS.main_step();
    }
    BUDGETS.end();
    while EXERCISE.main_records() < RECORDS {
        EXERCISE.main_step();
    }

    timer.disable_interrupt();
    cortex_m::interrupt::disable();
    match (BUDGETS.verdict(), EXERCISE.verdict()) {
        (Ok(budgets), Ok(ledger)) => {
            println!("{budgets}\n{ledger}");
            process::exit(0)
        }
        (Err(disagreement), _) => {
            eprintln!("the budgets are wrong: {disagreement}");
            process::exit(1)
        }
        (_, Err(disagreement)) => {
            eprintln!("the ledger is wrong: {disagreement}");
            process::exit(1)
        }
    }
}

#[exception]
fn SysTick() {
    static TURN: AtomicU32 = AtomicU32::new(0);
    let turn = TURN.load(Relaxed).wrapping_add(1);
    TURN.store(turn, Relaxed);
    set_reload(SHORTEST + turn.wrapping_mul(STRIDE) % SPREAD);

    if BUDGETS.are_running() {
        BUDGETS.tick();
        return SCB::set_pendsv();
    }
    match EXERCISE.tick() {
        Ok(true) => SCB::set_pendsv(),
        Ok(false) => {}
        Err(stuck) => {
            eprintln!("{stuck}");
            process::exit(2)
        }
    }
}

#[exception]
fn PendSV() {
    if BUDGETS.are_running() { BUDGETS.deferred() } else { EXERCISE.deferred() }
}

/// The length of the period after the current one.
fn set_reload(ticks: u32) {
    // SAFETY: the main loop does not touch the reload register once the timer runs.
    unsafe { (*SYST::PTR).rvr.write(ticks) }
}
