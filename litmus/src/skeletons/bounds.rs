//! Bounds: a node that lets a search pass by is told together with what its bound came from.

use super::{FREE, KILLED, Litmus, PENDING, install, is_current, look, replaced, ticket};
use crate::{
    program::{Cut, Program, Run, Value},
    source::Orderings,
};

pub const LITMUS: &[Litmus] = &[
    Litmus {
        name: "a_raised_bound_under_a_ticket",
        bad: "a search passes a node by for a bound from after an eviction, and its ticket is current",
        program: a_raised_bound_under_a_ticket,
    },
    Litmus {
        name: "a_newcomer_below_a_bound",
        bad: "a search has read a node that a newcomer has lowered, raises it, and has not seen the newcomer's claim",
        program: a_newcomer_below_a_bound,
    },
];

fn look_at_node(t: &mut Run, o: &Orderings) -> Cut<Value> {
    t.load("node", o.of("table/bounds.rs look: Node(node.load"))
}

/// `Bounds::tighten`, once the bound is known to be higher.
fn tighten(t: &mut Run, o: &Orderings, seen: Value, bound: Value) -> Cut {
    let success = o.of("table/bounds.rs tighten: node.compare_exchange");
    let failure = o.of("table/bounds.rs tighten: node.compare_exchange failure");
    let result = t.compare_exchange("node", seen, bound, success, failure)?;
    t.only_if(result.is_ok())
}

fn a_raised_bound_under_a_ticket<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("node", 10)
        .initially("victim", 10)
        .thread(move |t| {
            install(t, o, 0, 1)?;
            replaced(t, o, "victim", 10, KILLED[1])
        })
        .thread(move |t| {
            let seen = look_at_node(t, o)?;
            let victim = look(t, o, "victim")?;
            t.only_if(victim == KILLED[1])?;
            tighten(t, o, seen, 20)
        })
        .thread(move |t| {
            let ticket = ticket(t, o)?;
            let bound = look_at_node(t, o)?;
            let current = is_current(t, o, &ticket, |gate| gate == ticket.gate)?;
            t.only_if(ticket.gate == 0 && bound == 20 && current)
        })
}

fn a_newcomer_below_a_bound<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("slot", FREE)
        .initially("node", 10)
        .thread(move |t| {
            replaced(t, o, "slot", FREE, PENDING[1])?;
            let seen = t.load("node", o.of("table/bounds.rs lower: node.load"))?;
            let success = o.of("table/bounds.rs lower: node.compare_exchange");
            let failure = o.of("table/bounds.rs lower: node.compare_exchange failure");
            // The bound stays, the stamp is new.
            let lowered = t.compare_exchange("node", seen, seen + 1, success, failure)?;
            t.only_if(lowered.is_ok())
        })
        .thread(move |t| {
            let seen = look_at_node(t, o)?;
            let slot = look(t, o, "slot")?;
            t.only_if(seen == 11 && slot == FREE)?;
            tighten(t, o, seen, 20)
        })
}
