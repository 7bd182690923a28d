//! Calls on several residents fit into one order: a thread that changes one thing and does not see
//! another is seen by a thread that did them the other way round. And independent changes are seen
//! in one order by all.

use super::{KILLED, Litmus, PENDING, gate, install, is_current, look, replace, replaced, ticket};
use crate::{program::Program, source::Orderings};

pub const LITMUS: &[Litmus] = &[
    Litmus {
        name: "raises_across",
        bad: "each of two threads raises a resident, then reads the other's as it was before its raise",
        program: raises_across,
    },
    Litmus {
        name: "raises_in_one_order",
        bad: "two readers see two raises in opposite orders",
        program: raises_in_one_order,
    },
    Litmus {
        name: "raise_and_admission_across",
        bad: "one thread raises a resident and finds a newcomer absent; the other admits it and misses the raise",
        program: raise_and_admission_across,
    },
    Litmus {
        name: "raise_and_admission_in_one_order",
        bad: "two readers see a raise and an admission in opposite orders",
        program: raise_and_admission_in_one_order,
    },
    Litmus {
        name: "raise_and_len_across",
        bad: "one thread raises a resident and does not count a newcomer; the other admits it and misses the raise",
        program: raise_and_len_across,
    },
    Litmus {
        name: "raise_and_eviction_across",
        bad: "one thread raises a resident and reads the victim; the other has evicted that and misses the raise",
        program: raise_and_eviction_across,
    },
    Litmus {
        name: "raise_and_eviction_by_a_helper_across",
        bad: "likewise, and a helper made the kill that the other finds done",
        program: raise_and_eviction_by_a_helper_across,
    },
];

fn raises_across<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("first", 10)
        .initially("second", 20)
        .thread(move |t| {
            replaced(t, o, "first", 10, 15)?;
            let second = look(t, o, "second")?;
            t.only_if(second == 20)
        })
        .thread(move |t| {
            replaced(t, o, "second", 20, 25)?;
            let first = look(t, o, "first")?;
            t.only_if(first == 10)
        })
}

fn raises_in_one_order<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("first", 10)
        .initially("second", 20)
        .thread(move |t| replaced(t, o, "first", 10, 15))
        .thread(move |t| replaced(t, o, "second", 20, 25))
        .thread(move |t| {
            let (first, second) = (look(t, o, "first")?, look(t, o, "second")?);
            t.only_if(first == 15 && second == 20)
        })
        .thread(move |t| {
            let (second, first) = (look(t, o, "second")?, look(t, o, "first")?);
            t.only_if(second == 25 && first == 10)
        })
}

fn raise_and_admission_across<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("resident", 20)
        .thread(move |t| {
            replaced(t, o, "resident", 20, 25)?;
            let ticket = ticket(t, o)?;
            // The newcomer is not found.
            let current = is_current(t, o, &ticket, |gate| gate == ticket.gate)?;
            t.only_if(ticket.gate == 0 && current)
        })
        .thread(move |t| {
            install(t, o, 0, 1)?;
            let resident = look(t, o, "resident")?;
            t.only_if(resident == 20)
        })
}

fn raise_and_admission_in_one_order<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("resident", 20)
        .thread(move |t| replaced(t, o, "resident", 20, 25))
        .thread(move |t| install(t, o, 0, 1))
        .thread(move |t| {
            let (resident, gate) = (look(t, o, "resident")?, gate(t, o)?);
            t.only_if(resident == 25 && gate == 0)
        })
        .thread(move |t| {
            let (gate, resident) = (gate(t, o)?, look(t, o, "resident")?);
            t.only_if(gate == 1 && resident == 20)
        })
}

fn raise_and_len_across<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("resident", 20)
        .thread(move |t| {
            replaced(t, o, "resident", 20, 25)?;
            let gate = gate(t, o)?;
            t.only_if(gate == 0)
        })
        .thread(move |t| {
            install(t, o, 0, 1)?;
            let resident = look(t, o, "resident")?;
            t.only_if(resident == 20)
        })
}

fn raise_and_eviction_across<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("resident", 20)
        .initially("victim", 10)
        .thread(move |t| {
            replaced(t, o, "resident", 20, 25)?;
            let victim = look(t, o, "victim")?;
            t.only_if(victim == 10)
        })
        .thread(move |t| {
            install(t, o, 0, 1)?;
            replaced(t, o, "victim", 10, KILLED[1])?;
            let resident = look(t, o, "resident")?;
            t.only_if(resident == 20)
        })
}

fn raise_and_eviction_by_a_helper_across<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("resident", 20)
        .initially("victim", 10)
        .initially("newcomer", PENDING[1])
        .thread(move |t| {
            replaced(t, o, "resident", 20, 25)?;
            let victim = look(t, o, "victim")?;
            t.only_if(victim == 10)
        })
        .thread(move |t| {
            let kill = replace(t, o, "victim", 10, KILLED[1])?;
            t.only_if(kill == Err(KILLED[1]))?;
            replaced(t, o, "newcomer", PENDING[1], 30)?;
            let resident = look(t, o, "resident")?;
            t.only_if(resident == 20)
        })
        .thread(move |t| replaced(t, o, "victim", 10, KILLED[1]))
}
