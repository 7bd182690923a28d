//! Bounds: none is raised above a newcomer, and one that lets a search pass by is told together
//! with what it came from.

use super::{FREE, KILLED, Litmus, PENDING, install, is_current, look, replaced, ticket};
use crate::{
    program::{Cut, Location, Program, Run, Value},
    source::Orderings,
};

pub const LITMUS: &[Litmus] = &[
    Litmus {
        name: "a_newcomer_and_a_mark",
        bad: "a node is raised above a newcomer: that has not seen the mark, nor the call that raises it the claim",
        program: a_newcomer_and_a_mark,
    },
    Litmus {
        name: "a_newcomer_and_a_mark_above",
        bad: "likewise, the node above a leaf that the newcomer has lowered",
        program: a_newcomer_and_a_mark_above,
    },
    Litmus {
        name: "a_newcomer_and_two_marks",
        bad: "likewise, the node above a leaf that another call raises",
        program: a_newcomer_and_two_marks,
    },
    Litmus {
        name: "a_newcomer_that_fails_to_lower",
        bad: "a node is raised above a newcomer that found it low enough when its exchange failed",
        program: a_newcomer_that_fails_to_lower,
    },
    Litmus {
        name: "a_raised_bound_under_a_ticket",
        bad: "a search passes a node by for a bound from after an eviction, and its ticket is current",
        program: a_raised_bound_under_a_ticket,
    },
    Litmus {
        name: "raise_and_bound_across",
        bad: "one thread raises a resident and misses the raise that the other's bound came from; the other misses the first",
        program: raise_and_bound_across,
    },
];

/// The peak of newcomers, and that of all else below.
const NEWCOMER: Value = 10;
const OTHERS: Value = 20;
/// Marks are above this.
const NOTHING: Value = 1000;
const MARKS: [Value; 2] = [1001, 1002];

/// `Node::bound`.
fn bound(node: Value) -> Value {
    if node > NOTHING { 0 } else { node }
}

fn look_at_node(t: &mut Run, o: &Orderings, node: Location) -> Cut<Value> {
    t.load(node, o.of("table/bounds.rs look: Node(node.load"))
}

/// `replace` in `bounds.rs`.
fn replace_node(
    t: &mut Run,
    o: &Orderings,
    node: Location,
    seen: Value,
    new: Value,
) -> Cut<Result<Value, Value>> {
    let success = o.of("table/bounds.rs replace: node.compare_exchange");
    let failure = o.of("table/bounds.rs replace: node.compare_exchange failure");
    t.compare_exchange(node, seen, new, success, failure)
}

/// `Bounds::lower` at one level, in runs in which at most one exchange fails.
fn lower(t: &mut Run, o: &Orderings, node: Location) -> Cut {
    let mut seen = look_at_node(t, o, node)?;
    for _ in 0..2 {
        let lowered = bound(seen).min(NEWCOMER);
        if lowered == seen {
            return Some(());
        }
        match replace_node(t, o, node, seen, lowered)? {
            Ok(_) => return Some(()),
            Err(now) => seen = now,
        }
    }
    None
}

/// A newcomer in preparation, below one node.
fn come_in(t: &mut Run, o: &Orderings) -> Cut {
    replaced(t, o, "slot", FREE, PENDING[1])?;
    lower(t, o, "leaf")
}

/// `Bounds::raise`, in runs in which both exchanges succeed.
fn raise(
    t: &mut Run,
    o: &Orderings,
    node: Location,
    mark: Value,
    below: impl FnOnce(&mut Run) -> Cut<Value>,
) -> Cut {
    let seen = look_at_node(t, o, node)?;
    let marked = replace_node(t, o, node, seen, mark)?;
    t.only_if(marked.is_ok())?;
    let below = below(t)?;
    let raised = replace_node(t, o, node, mark, bound(seen).max(below))?;
    t.only_if(raised.is_ok())
}

/// Raises the leaf above the slot.
fn raise_leaf(t: &mut Run, o: &Orderings) -> Cut {
    raise(t, o, "leaf", MARKS[0], |t| Some(if look(t, o, "slot")? == FREE { OTHERS } else { 0 }))
}

/// Raises the node above the leaf.
fn raise_above(t: &mut Run, o: &Orderings) -> Cut {
    raise(t, o, "above", MARKS[1], |t| Some(bound(look_at_node(t, o, "leaf")?)))
}

fn a_newcomer_and_a_mark<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("slot", FREE)
        .initially("leaf", NEWCOMER)
        .thread(move |t| come_in(t, o))
        .thread(move |t| raise_leaf(t, o))
        .finally("leaf", OTHERS)
}

fn a_newcomer_and_a_mark_above<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("leaf", OTHERS)
        .initially("above", NEWCOMER)
        .thread(move |t| {
            lower(t, o, "leaf")?;
            lower(t, o, "above")
        })
        .thread(move |t| raise_above(t, o))
        .finally("above", OTHERS)
}

fn a_newcomer_and_two_marks<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("slot", FREE)
        .initially("leaf", NEWCOMER)
        .initially("above", NEWCOMER)
        .thread(move |t| {
            come_in(t, o)?;
            lower(t, o, "above")
        })
        .thread(move |t| raise_leaf(t, o))
        .thread(move |t| raise_above(t, o))
        .finally("above", OTHERS)
}

fn a_newcomer_that_fails_to_lower<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("slot", FREE)
        .initially("leaf", 30)
        .thread(move |t| {
            // In runs in which the first exchange fails.
            replaced(t, o, "slot", FREE, PENDING[1])?;
            let seen = look_at_node(t, o, "leaf")?;
            let lowered = replace_node(t, o, "leaf", seen, NEWCOMER)?;
            t.only_if(seen == 30 && lowered == Err(NEWCOMER))
        })
        // Another newcomer, which has become one of the others since.
        .thread(move |t| lower(t, o, "leaf"))
        .thread(move |t| raise_leaf(t, o))
        .finally("leaf", OTHERS)
}

fn a_raised_bound_under_a_ticket<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("leaf", 10)
        .initially("victim", 10)
        .thread(move |t| {
            install(t, o, 0, 1)?;
            replaced(t, o, "victim", 10, KILLED[1])
        })
        .thread(move |t| {
            raise(t, o, "leaf", MARKS[0], |t| {
                let victim = look(t, o, "victim")?;
                t.only_if(victim == KILLED[1])?;
                Some(OTHERS)
            })
        })
        .thread(move |t| {
            let ticket = ticket(t, o)?;
            let bound = look_at_node(t, o, "leaf")?;
            let current = is_current(t, o, &ticket, |gate| gate == ticket.gate)?;
            t.only_if(ticket.gate == 0 && bound == OTHERS && current)
        })
}

fn raise_and_bound_across<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("leaf", 10)
        .initially("lowest", 10)
        .initially("resident", 20)
        .thread(move |t| replaced(t, o, "lowest", 10, OTHERS))
        .thread(move |t| {
            raise(t, o, "leaf", MARKS[0], |t| {
                let lowest = look(t, o, "lowest")?;
                t.only_if(lowest == OTHERS)?;
                Some(lowest)
            })
        })
        .thread(move |t| {
            // Turned away by that bound.
            let bound = look_at_node(t, o, "leaf")?;
            let resident = look(t, o, "resident")?;
            t.only_if(bound == OTHERS && resident == 20)
        })
        .thread(move |t| {
            replaced(t, o, "resident", 20, 25)?;
            let lowest = look(t, o, "lowest")?;
            t.only_if(lowest == 10)
        })
}
