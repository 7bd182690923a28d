//! Windows: the present, closings, and what a window has refused.

use super::{Litmus, PENDING, exchange_gate, gate, install, look, replaced};
use crate::{
    program::{Cut, Location, Program, Run, Value},
    source::Orderings,
};
use std::sync::atomic::Ordering;

pub const LITMUS: &[Litmus] = &[
    Litmus {
        name: "a_ticket_after_a_closing",
        bad: "an admission has a ticket of after the closing of its window, and sees the window current",
        program: a_ticket_after_a_closing,
    },
    Litmus {
        name: "a_newcomer_and_two_readers",
        bad: "a reader finds the window closed, and misses a newcomer that was installed before",
        program: a_newcomer_and_two_readers,
    },
    Litmus {
        name: "raise_and_refusal_in_a_window_across",
        bad: "one thread raises a resident and reads a bound without a refused value; the other was refused and misses the raise",
        program: raise_and_refusal_in_a_window_across,
    },
    Litmus {
        name: "a_refused_value_without_its_count",
        bad: "a refused value is shown, and no refusal",
        program: a_refused_value_without_its_count,
    },
    Litmus {
        name: "a_refusal_behind_a_freeze",
        bad: "a refusal finds that its window is final, and then sees the window current",
        program: a_refusal_behind_a_freeze,
    },
];

/// `look` of `span.rs`.
fn look_at(t: &mut Run, o: &Orderings, word: Location) -> Cut<Value> {
    t.load(word, o.of("table/span.rs look: Value(word.load"))
}

/// `replace` of `span.rs`.
fn exchange(
    t: &mut Run,
    o: &Orderings,
    word: Location,
    seen: Value,
    new: Value,
) -> Cut<Result<Value, Value>> {
    let success = o.of("table/span.rs replace: word.compare_exchange");
    let failure = o.of("table/span.rs replace: word.compare_exchange failure");
    t.compare_exchange(word, seen, new, success, failure)
}

fn exchanged(t: &mut Run, o: &Orderings, word: Location, seen: Value, new: Value) -> Cut {
    let result = exchange(t, o, word, seen, new)?;
    t.only_if(result.is_ok())
}

/// The rotation, which no row weakens: it is not in the table.
fn rotate(t: &mut Run) -> Cut {
    t.fetch_max("present", 2, Ordering::SeqCst)?;
    Some(())
}

/// The gate is 1, and a closing makes it 2.
fn a_ticket_after_a_closing<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("present", 1)
        .initially("gate", 1)
        .thread(move |t| {
            rotate(t)?;
            let ticket = gate(t, o)?;
            t.only_if(ticket == 1)?;
            install(t, o, 1, 2)
        })
        .thread(move |t| {
            let ticket = gate(t, o)?;
            let present = look_at(t, o, "present")?;
            t.only_if(ticket == 2 && present == 1)
        })
}

/// The first reader publishes the newcomer and makes the gate 2.
fn a_newcomer_and_two_readers<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("newcomer", PENDING[1])
        .thread(move |t| install(t, o, 0, 1))
        .thread(move |t| {
            let ticket = gate(t, o)?;
            t.only_if(ticket == 1)?;
            replaced(t, o, "newcomer", PENDING[1], 10)?;
            let closed = exchange_gate(t, o, 1, 2)?;
            t.only_if(closed.is_ok())?;
            t.fetch_max("floor", 1, o.of("table/windows.rs close: floor.fetch_max"))?;
            Some(())
        })
        .thread(move |t| {
            let closed = t.load("floor", o.of("table/mod.rs floor_word: floor.load"))?;
            let ticket = gate(t, o)?;
            let newcomer = look(t, o, "newcomer")?;
            t.only_if(closed == 1 && ticket == 0 && newcomer == PENDING[1])
        })
}

/// `Span::refuse`.
fn refuse(t: &mut Run, o: &Orderings) -> Cut {
    exchanged(t, o, "refused", 0, 1)?;
    exchanged(t, o, "lost", 0, 30)
}

fn raise_and_refusal_in_a_window_across<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("resident", 20)
        .thread(move |t| {
            replaced(t, o, "resident", 20, 25)?;
            let lost = look_at(t, o, "lost")?;
            t.only_if(lost == 0)
        })
        .thread(move |t| {
            refuse(t, o)?;
            let resident = look(t, o, "resident")?;
            t.only_if(resident == 20)
        })
}

fn a_refused_value_without_its_count<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new().thread(move |t| refuse(t, o)).thread(move |t| {
        let lost = look_at(t, o, "lost")?;
        let refused = look_at(t, o, "refused")?;
        t.only_if(lost == 30 && refused == 0)
    })
}

/// Frozen, the word is 1.
fn a_refusal_behind_a_freeze<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("present", 1)
        .thread(move |t| {
            rotate(t)?;
            exchanged(t, o, "refused", 0, 1)
        })
        .thread(move |t| {
            let found = exchange(t, o, "refused", 0, 2)?;
            t.only_if(found.is_err())?;
            let present = look_at(t, o, "present")?;
            t.only_if(present == 1)
        })
}
