//! The cost of each call on a full ledger of 64 places and 16-byte keys while nothing interrupts
//! it: instructions, as QEMU counts them, and stack. Exit code 0 if no call takes more stack than
//! it may.
#![no_std]
#![no_main]

mod calls;
mod clock;
mod stack;

use cortex_m::Peripherals;
use cortex_m_rt::entry;
use semihosting::{eprintln, println, process};

use calls::{CALLS, Call};

/// The bytes of stack that a call may take.
const STACK_LIMIT: u32 = 512;

/// How often each call is made: by residents and newcomers of all homes.
const ROUNDS: u32 = 2_000;

/// The cost of one kind of call.
#[derive(Clone, Copy, Default)]
struct Cost {
    mean: u32,
    most: u32,
    stack: u32,
}

#[entry]
fn main() -> ! {
    let mut peripherals = Peripherals::take().expect("they are taken once");
    clock::start(&mut peripherals.SYST);
    calls::fill();

    println!("call                       instructions  at most  stack");
    let mut right = true;
    for call in &CALLS {
        let Some(Cost { mean, most, stack }) = measure(call) else {
            eprintln!("{}: not the outcome that was to be measured", call.name);
            process::exit(1)
        };
        println!("{:<25}  {mean:>12}  {most:>7}  {stack:>5}", call.name);
        right &= stack <= STACK_LIMIT;
    }
    println!("instructions to the nearest ten; stack in bytes, limit {STACK_LIMIT}");
    process::exit(if right { 0 } else { 1 })
}

/// Makes one kind of call over and over; `None` if it did not go as it must.
fn measure(call: &Call) -> Option<Cost> {
    let mut cost = Cost::default();
    let mut besides = 0;
    for _ in 0..ROUNDS {
        (call.prepare)();
        let (outcome, instructions) = clock::taken_by(call.make);
        cost.mean += instructions;
        cost.most = cost.most.max(instructions);
        besides += clock::taken_by(call.besides).1;

        (call.prepare)();
        let (again, stack) = stack::used_by(call.make);
        cost.stack = cost.stack.max(stack);
        if outcome != call.outcome || again != call.outcome {
            return None;
        }
    }
    cost.mean = (cost.mean - besides) / ROUNDS;
    cost.most -= besides / ROUNDS;
    Some(cost)
}
