//! Tickets: that one is current means that no admission was installed since it was taken.

use super::{
    FREE, KILLED, Litmus, PENDING, exchange_gate, gate, install, is_current, look, replaced, ticket,
};
use crate::{
    program::{Cut, Program, Run, Value},
    source::Orderings,
};

pub const LITMUS: &[Litmus] = &[
    Litmus {
        name: "a_round_between_looks",
        bad: "a ticket is current although a whole round of admissions has brought the same gate back",
        program: a_round_between_looks,
    },
    Litmus {
        name: "a_round_with_an_era_moved_by_another",
        bad: "likewise, and another claim may have moved the era for the last of these admissions",
        program: a_round_with_an_era_moved_by_another,
    },
    Litmus {
        name: "a_kill_under_a_ticket",
        bad: "a ticket is current behind a look that has seen a later admission kill its victim",
        program: a_kill_under_a_ticket,
    },
    Litmus {
        name: "a_newcomer_under_a_ticket",
        bad: "a ticket is current behind a look that has seen a later admission's newcomer live",
        program: a_newcomer_under_a_ticket,
    },
    Litmus {
        name: "a_claim_under_the_next_gate",
        bad: "a slot is claimed with a current ticket although a later admission has freed it",
        program: a_claim_under_the_next_gate,
    },
    Litmus {
        name: "a_ticket_after_a_failed_install",
        bad: "an installation fails, and the ticket taken next shows the gate that it had expected",
        program: a_ticket_after_a_failed_install,
    },
];

/// Gates here are the number of the admission, each of which begins a half of a round. The words of
/// every other one are equal.
fn is_same_word(one: Value, other: Value) -> bool {
    one % 2 == other % 2
}

/// `GateShape::era_of_next`: odd admissions are of odd eras.
fn era_of_next(era: Value, admission: Value) -> Value {
    if era % 2 == admission % 2 { era } else { era + 1 }
}

/// A claim for an admission, up to its installation.
fn move_era(t: &mut Run, o: &Orderings, admission: Value) -> Cut {
    let ticket = ticket(t, o)?;
    // Before it claims a slot.
    let current = is_current(t, o, &ticket, |gate| gate == ticket.gate)?;
    t.only_if(ticket.gate == admission - 1 && current)?;
    let era = era_of_next(ticket.era, admission);
    if era != ticket.era {
        let success = o.of("table/gate.rs install: era.compare_exchange");
        let failure = o.of("table/gate.rs install: era.compare_exchange failure");
        let _ = t.compare_exchange("era", ticket.era, era, success, failure)?;
    }
    Some(())
}

fn admit(t: &mut Run, o: &Orderings, admission: Value) -> Cut {
    move_era(t, o, admission)?;
    install(t, o, admission - 1, admission)
}

/// A call that takes its ticket before a round of two admissions, and finds it current behind that.
fn look_twice(t: &mut Run, o: &Orderings) -> Cut {
    let ticket = ticket(t, o)?;
    let mut seen = ticket.gate;
    let current = is_current(t, o, &ticket, |gate| {
        seen = gate;
        is_same_word(gate, ticket.gate)
    })?;
    t.only_if(current && seen != ticket.gate)
}

fn a_round_between_looks<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .thread(move |t| look_twice(t, o))
        .thread(move |t| admit(t, o, 1))
        .thread(move |t| admit(t, o, 2))
}

/// The second admission may find the era moved by another claim for the same number.
fn a_round_with_an_era_moved_by_another<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .thread(move |t| look_twice(t, o))
        .thread(move |t| admit(t, o, 1))
        .thread(move |t| admit(t, o, 2))
        .thread(move |t| move_era(t, o, 2))
}

/// Carries out admission 1, which another thread has installed.
fn help(t: &mut Run, o: &Orderings) -> Cut {
    let gate = gate(t, o)?;
    t.only_if(gate == 1)?;
    replaced(t, o, "victim", 10, KILLED[1])?;
    replaced(t, o, "newcomer", PENDING[1], 30)
}

fn a_kill_under_a_ticket<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("victim", 10)
        .initially("newcomer", PENDING[1])
        .thread(move |t| install(t, o, 0, 1))
        .thread(move |t| help(t, o))
        .thread(move |t| {
            let ticket = ticket(t, o)?;
            let victim = look(t, o, "victim")?;
            let current = is_current(t, o, &ticket, |gate| gate == ticket.gate)?;
            t.only_if(ticket.gate == 0 && victim == KILLED[1] && current)
        })
}

fn a_newcomer_under_a_ticket<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("victim", 10)
        .initially("newcomer", PENDING[1])
        .thread(move |t| install(t, o, 0, 1))
        .thread(move |t| help(t, o))
        .thread(move |t| {
            let ticket = ticket(t, o)?;
            let newcomer = look(t, o, "newcomer")?;
            let current = is_current(t, o, &ticket, |gate| gate == ticket.gate)?;
            t.only_if(ticket.gate == 0 && newcomer == 30 && current)
        })
}

/// The slot of the victim, which a claim for admission 1 finds free after another admission 1 was
/// carried out.
fn a_claim_under_the_next_gate<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("victim", 10)
        .thread(move |t| {
            install(t, o, 0, 1)?;
            replaced(t, o, "victim", 10, KILLED[1])
        })
        .thread(move |t| {
            let ticket = ticket(t, o)?;
            let seen = look(t, o, "victim")?;
            let current = is_current(t, o, &ticket, |gate| gate == ticket.gate)?;
            t.only_if(ticket.gate == 0 && seen == KILLED[1] && current)?;
            replaced(t, o, "victim", seen, PENDING[1])
        })
}

fn a_ticket_after_a_failed_install<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new().initially("newcomer", FREE).thread(move |t| install(t, o, 0, 1)).thread(move |t| {
        let installed = exchange_gate(t, o, 0, 2)?;
        t.only_if(installed.is_err())?;
        let ticket = ticket(t, o)?;
        t.only_if(ticket.gate == 0)
    })
}
