//! The skeletons of the core: for each ordering that matters a few threads with the accesses
//! involved and an outcome that must not be.
//!
//! They are written with the same steps as the core has, below, and take their orderings from its
//! sources. Words are small numbers here: what they stand for in the core is said where they are
//! named.

mod across;
mod admissions;
mod bounds;
mod floor;
mod intents;
mod keys;
mod retired;
mod tickets;
mod windows;

use crate::{
    program::{Cut, Location, Program, Run, Value},
    source::Orderings,
};

#[derive(Clone, Copy)]
pub struct Litmus {
    pub name: &'static str,
    /// The outcome that must not be.
    pub bad: &'static str,
    pub program: for<'a> fn(&'a Orderings<'a>) -> Program<'a>,
}

pub fn all() -> Vec<Litmus> {
    [
        across::LITMUS,
        admissions::LITMUS,
        bounds::LITMUS,
        floor::LITMUS,
        intents::LITMUS,
        keys::LITMUS,
        retired::LITMUS,
        tickets::LITMUS,
        windows::LITMUS,
    ]
    .into_iter()
    .flatten()
    .copied()
    .collect()
}

/// A killed word that no admission of the skeleton has written.
const FREE: Value = 90;
/// Words of claims, and killed words, by the number of the admission.
const PENDING: [Value; 4] = [100, 101, 102, 103];
const KILLED: [Value; 4] = [200, 201, 202, 203];

struct Ticket {
    era: Value,
    gate: Value,
}

/// `Slot::look`.
fn look(t: &mut Run, o: &Orderings, slot: Location) -> Cut<Value> {
    t.load(slot, o.of("table/slot.rs look: peak.load"))
}

/// `Slot::is_still`.
fn is_still(t: &mut Run, o: &Orderings, slot: Location, seen: Value) -> Cut<bool> {
    Some(t.load(slot, o.of("table/slot.rs is_still: peak.load"))? == seen)
}

/// `Slot::give_up`.
fn give_up(t: &mut Run, o: &Orderings, slot: Location, killed: Value) {
    t.store(slot, killed, o.of("table/slot.rs give_up: peak.store"));
}

/// `Slot::replace`.
fn replace(t: &mut Run, o: &Orderings, slot: Location, seen: Value, new: Value) -> Cut<Result<(), Value>> {
    let success = o.of("table/slot.rs replace: peak.compare_exchange");
    let failure = o.of("table/slot.rs replace: peak.compare_exchange failure");
    Some(t.compare_exchange(slot, seen, new, success, failure)?.map(|_| ()))
}

/// `Slot::replace` in a run in which it succeeds.
fn replaced(t: &mut Run, o: &Orderings, slot: Location, seen: Value, new: Value) -> Cut {
    let result = replace(t, o, slot, seen, new)?;
    t.only_if(result.is_ok())
}

/// `Table::ticket`.
fn ticket(t: &mut Run, o: &Orderings) -> Cut<Ticket> {
    let era = t.load("era", o.of("table/gate.rs ticket: era.load"))?;
    let gate = t.load("gate", o.of("table/gate.rs ticket: gate.load"))?;
    Some(Ticket { era, gate })
}

/// The half of `Table::ticket` that tells in skeletons where the era does not move.
fn gate(t: &mut Run, o: &Orderings) -> Cut<Value> {
    t.load("gate", o.of("table/gate.rs ticket: gate.load"))
}

/// `Table::is_current`, for gates that are equal if `same` says so.
fn is_current(t: &mut Run, o: &Orderings, ticket: &Ticket, mut same: impl FnMut(Value) -> bool) -> Cut<bool> {
    Some(
        same(t.load("gate", o.of("table/gate.rs is_current: gate.load"))?)
            && t.load("era", o.of("table/gate.rs is_current: era.load"))? == ticket.era,
    )
}

/// The exchange in `Table::install`.
fn exchange_gate(t: &mut Run, o: &Orderings, seen: Value, new: Value) -> Cut<Result<Value, Value>> {
    let success = o.of("table/gate.rs install: gate.compare_exchange");
    let failure = o.of("table/gate.rs install: gate.compare_exchange failure");
    t.compare_exchange("gate", seen, new, success, failure)
}

/// The exchange in `Table::install` in a run in which it succeeds.
fn install(t: &mut Run, o: &Orderings, seen: Value, new: Value) -> Cut {
    let result = exchange_gate(t, o, seen, new)?;
    t.only_if(result.is_ok())
}

/// `Table::raise_floor`.
fn raise_floor(t: &mut Run, o: &Orderings, peak: Value) -> Cut {
    if t.load("floor", o.of("table/admit.rs raise_floor: floor.load"))? < peak {
        t.fetch_max("floor", peak, o.of("table/admit.rs raise_floor: floor.fetch_max"))?;
    }
    Some(())
}
