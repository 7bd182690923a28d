//! The main loop, the software interrupt and the timer interrupt use the same static budgets, and
//! then record into one static ledger; the timer interrupts the other two at any instruction. Exit
//! code 0 if budgets and ledger are exact in the end.
#![no_std]
#![no_main]

mod clint;

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use exercise::{Budgets, Exercise, Ledger};
use riscv::interrupt::Interrupt;
use riscv::register::mie;
use riscv_rt::{core_interrupt, entry};
use semihosting::{eprintln, println, process};

static LEDGER: Ledger = Ledger::new();
static EXERCISE: Exercise = Exercise::new(&LEDGER);
static BUDGETS: Budgets = Budgets::new();

/// How often the main loop records.
const RECORDS: u32 = 1_500_000;

/// How often it reserves bytes, gives them back or moves them, before that.
const BUDGET_CALLS: u32 = 1_500_000;

/// Timer ticks (100 ns, 12.5 instructions) between two interrupts: `SHORTEST` plus a remainder
/// modulo `SPREAD`, a prime, of a number that grows by `STRIDE` with each interrupt. So they come
/// at every distance up to some 75 000 instructions, often soon enough to interrupt a handler.
const SHORTEST: u32 = 53;
const SPREAD: u32 = 6_007;
const STRIDE: u32 = 397;

#[entry]
fn main() -> ! {
    clint::set_timer(SHORTEST);
    // SAFETY: no critical section is open.
    unsafe {
        mie::set_mtimer();
        mie::set_msoft();
        riscv::interrupt::enable();
    }

    while BUDGETS.main_calls() < BUDGET_CALLS {
        BUDGETS.main_step();
    }
    BUDGETS.end();
    while EXERCISE.main_records() < RECORDS {
        EXERCISE.main_step();
    }

    riscv::interrupt::disable();
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

#[core_interrupt(Interrupt::MachineTimer)]
fn timer() {
    static TURN: AtomicU32 = AtomicU32::new(0);
    let turn = TURN.load(Relaxed).wrapping_add(1);
    TURN.store(turn, Relaxed);
    clint::set_timer(SHORTEST + turn.wrapping_mul(STRIDE) % SPREAD);

    if BUDGETS.are_running() {
        BUDGETS.tick();
        return clint::raise_software_interrupt();
    }
    match EXERCISE.tick() {
        Ok(true) => clint::raise_software_interrupt(),
        Ok(false) => {}
        Err(stuck) => {
            eprintln!("{stuck}");
            process::exit(2)
        }
    }
}

#[core_interrupt(Interrupt::MachineSoft)]
fn software_interrupt() {
    clint::clear_software_interrupt();
    // Nothing more comes of this source until the handler is over, so that it cannot interrupt
    // itself; the timer can.
    // SAFETY: no critical section is open here, and the cause of this interrupt is cleared.
    unsafe {
        mie::clear_msoft();
        riscv::interrupt::nested(|| {
            if BUDGETS.are_running() { BUDGETS.deferred() } else { EXERCISE.deferred() }
        });
        mie::set_msoft();
    }
}
