//! The calls that the bare-metal programs make on a static ledger and on static budgets while
//! interrupts make the same calls, and the oracles that judge the outcome.
//!
//! Nothing here knows a processor: a program brings its timer and its interrupts and calls
//! [`Exercise::main_step`], [`Exercise::deferred`] and [`Exercise::tick`], or those of [`Budgets`],
//! from three levels of urgency, each of which can interrupt the ones before it at any instruction.
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod budgets;
mod caller;
mod exercise;
mod oracle;
mod random;
mod watchdog;

pub use budgets::{BudgetSummary, Budgets};
pub use caller::Caller;
pub use exercise::Exercise;
pub use oracle::{Disagreement, Summary};
pub use watchdog::Stuck;

/// How many principals the ledger keeps.
pub const PLACES: usize = 64;

/// How many principals there are: several for every place.
pub const PRINCIPALS: usize = 320;

/// A principal, as an embedded host would name it: sixteen bytes.
pub type Principal = [u8; 16];

/// The ledger under exercise.
pub type Ledger = highwater::StaticLedger<Principal, PLACES>;

/// The principal with this number. The number stands in the last two bytes.
#[must_use]
pub const fn principal(number: u16) -> Principal {
    let mut id = *b"principal/tag-..";
    let [high, low] = number.to_be_bytes();
    id[14] = high;
    id[15] = low;
    id
}

/// The number of a principal, `None` if it is not one of ours (a torn or foreign key).
#[must_use]
pub fn number(id: &Principal) -> Option<u16> {
    let number = u16::from_be_bytes([id[14], id[15]]);
    (usize::from(number) < PRINCIPALS && *id == principal(number)).then_some(number)
}
