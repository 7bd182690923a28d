//! The main loop and the timer interrupt record into one static ledger by windows. The interrupt,
//! which may come at any instruction of a record, also ends windows, reads each that has ended, and
//! reads an older one again. Exit code 0 if every window held what was recorded in it, and did not
//! change afterwards.
#![no_std]
#![no_main]

mod clint;
mod truth;

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use highwater::{FixedState, StaticWindowedLedger};
use riscv::interrupt::Interrupt;
use riscv::register::mie;
use riscv_rt::{core_interrupt, entry};
use semihosting::{eprintln, println, process};

const PLACES: usize = 16;
/// The current window, and three that have ended.
const WINDOWS: usize = 4;
static LEDGER: StaticWindowedLedger<u64, PLACES, WINDOWS, FixedState> =
    StaticWindowedLedger::with_hasher(FixedState);

/// How often the main loop records.
const RECORDS: u64 = 4_000_000;
/// Interrupts between two ends of windows.
const TURNS_A_WINDOW: u64 = 7;
/// Timer ticks (100 ns, 12.5 instructions) between two interrupts: `SHORTEST` plus a remainder
/// modulo `SPREAD`, a prime, of a number that grows by `STRIDE` with each interrupt.
const SHORTEST: u64 = 53;
const SPREAD: u64 = 1_009;
const STRIDE: u64 = 397;

static TURN: AtomicU64 = AtomicU64::new(0);
static INSIDE: AtomicU64 = AtomicU64::new(0);
static ROTATED: AtomicU64 = AtomicU64::new(0);
static READ_AGAIN: AtomicU64 = AtomicU64::new(0);
/// A sum of the entries of each window, to tell whether it has changed.
static SUMS: [AtomicU64; WINDOWS] = [const { AtomicU64::new(0) }; WINDOWS];

/// Numbers that look random: xorshift, one generator a caller.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A principal, and more bytes than most of the window, so that many records evict.
    fn record(&mut self) -> (u64, u64) {
        (self.next() % truth::KEYS as u64, 1 + self.next() % 100_000)
    }
}

#[entry]
fn main() -> ! {
    clint::set_timer(SHORTEST);
    // SAFETY: no critical section is open.
    unsafe {
        mie::set_mtimer();
        riscv::interrupt::enable();
    }
    let mut random = Random(88_172_645_463_325_252);
    for _ in 0..RECORDS {
        let (key, bytes) = random.record();
        truth::announce(key, bytes);
        let first = LEDGER.number();
        LEDGER.record_peak(&key, bytes);
        truth::note(key, bytes, first, LEDGER.number());
        truth::noted();
    }
    riscv::interrupt::disable();
    end_window();
    let numbers = [&TURN, &INSIDE, &ROTATED, &READ_AGAIN].map(|number| number.load(Relaxed));
    let [turns, inside, rotated, again] = numbers;
    println!(
        "records of the main loop {RECORDS}\ninterrupts               {turns}, {inside} of them inside a record or its note\n\
         windows                  {rotated}, each as recorded; read again later: {again}, none changed"
    );
    // An exercise that interrupts nothing proves nothing.
    process::exit(if inside > 1000 && again > 1000 { 0 } else { 3 })
}

#[core_interrupt(Interrupt::MachineTimer)]
fn timer() {
    let turn = TURN.load(Relaxed) + 1;
    TURN.store(turn, Relaxed);
    INSIDE.store(INSIDE.load(Relaxed) + u64::from(truth::is_announced()), Relaxed);
    // Nothing interrupts this handler, so its record is in the window that is current.
    let (key, bytes) = Random(turn.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1).record();
    LEDGER.record_peak(&key, bytes);
    truth::note(key, bytes, LEDGER.number(), LEDGER.number());
    if turn.is_multiple_of(TURNS_A_WINDOW) {
        end_window();
    }
    clint::set_timer(SHORTEST + turn.wrapping_mul(STRIDE) % SPREAD);
}

/// Ends the window, compares it, and reads the one before it again.
fn end_window() {
    truth::begin(LEDGER.number() + 1);
    let Ok(number) = LEDGER.rotate() else { fail("no window is left") };
    ROTATED.store(ROTATED.load(Relaxed) + 1, Relaxed);
    let mut buffer = [(0, 0); PLACES];
    let Some(window) = LEDGER.closed(number, &mut buffer) else { fail("the window has just ended") };
    if window.refused() > 0 {
        fail("a record was refused");
    }
    if let Err(wrong) = truth::compare(number, window.untracked_at_most(), |key| window.peak(&key)) {
        eprintln!("window {number}: {wrong}");
        process::exit(1)
    }
    SUMS[number as usize % WINDOWS].store(sum(window.entries()), Relaxed);

    let older = number.saturating_sub(2);
    if let Some(window) = LEDGER.closed(older, &mut buffer) {
        READ_AGAIN.store(READ_AGAIN.load(Relaxed) + 1, Relaxed);
        if sum(window.entries()) != SUMS[older as usize % WINDOWS].load(Relaxed) {
            fail("a window has changed after it was read");
        }
    }
}

fn sum(entries: &[(u64, u64)]) -> u64 {
    entries.iter().fold(entries.len() as u64, |sum, &(key, bytes)| {
        sum.rotate_left(7) ^ bytes.wrapping_mul(key.wrapping_mul(2) + 1)
    })
}

fn fail(what: &str) -> ! {
    eprintln!("{what}");
    process::exit(1)
}
