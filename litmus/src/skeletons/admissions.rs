//! Admissions that others carry out: their owner, and threads that conclude something from them,
//! see how they ended.

use super::{
    FREE, KILLED, Litmus, PENDING, gate, give_up, install, is_current, is_still, look, replace, replaced,
    ticket,
};
use crate::{
    program::{Cut, Program, Run, Value},
    source::Orderings,
};

pub const LITMUS: &[Litmus] = &[
    Litmus {
        name: "published_before_the_kill_failed",
        bad: "an owner finds the victim's slot in the hands of the next claim, and its own newcomer not published",
        program: published_before_the_kill_failed,
    },
    Litmus {
        name: "published_before_the_next_gate",
        bad: "an owner sees the next admission installed, and its own newcomer not published",
        program: published_before_the_next_gate,
    },
    Litmus {
        name: "the_kill_before_a_publication",
        bad: "a newcomer is seen published, and the victim still live",
        program: the_kill_before_a_publication,
    },
    Litmus {
        name: "the_tag_of_a_newcomer",
        bad: "an admission is seen installed, and the tag of its newcomer is not",
        program: the_tag_of_a_newcomer,
    },
    Litmus {
        name: "the_reach_of_others",
        bad: "an admission is seen installed, and the reach that it had found far enough is not",
        program: the_reach_of_others,
    },
    Litmus {
        name: "the_tag_of_the_next_claim",
        bad: "a resident is not found because a later claim has replaced its tag, and the ticket is current",
        program: the_tag_of_the_next_claim,
    },
    Litmus {
        name: "raise_and_a_replaced_tag_across",
        bad: "one thread raises a resident and reads the victim; the other misses that for the next claim's tag, and misses the raise",
        program: raise_and_a_replaced_tag_across,
    },
    Litmus {
        name: "the_tag_of_a_claim_given_up",
        bad: "a slot is claimed again, and the tag that the owner before has left is not seen",
        program: the_tag_of_a_claim_given_up,
    },
];

fn published_before_the_kill_failed<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("victim", 10)
        .initially("newcomer", PENDING[1])
        .thread(move |t| {
            // The owner. Its kill fails: void, unless a helper has published the newcomer.
            let kill = replace(t, o, "victim", 10, KILLED[1])?;
            t.only_if(kill == Err(PENDING[2]))?;
            let void = is_still(t, o, "newcomer", PENDING[1])?;
            t.only_if(void)
        })
        .thread(move |t| {
            replaced(t, o, "victim", 10, KILLED[1])?;
            replaced(t, o, "newcomer", PENDING[1], 30)
        })
        .thread(move |t| {
            // The next claim: settled first.
            let newcomer = look(t, o, "newcomer")?;
            t.only_if(newcomer == 30)?;
            let seen = look(t, o, "victim")?;
            t.only_if(seen == KILLED[1])?;
            replaced(t, o, "victim", seen, PENDING[2])
        })
}

fn published_before_the_next_gate<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("newcomer", PENDING[1])
        .thread(move |t| {
            install(t, o, 0, 1)?;
            let gate = gate(t, o)?;
            t.only_if(gate == 2)?;
            let void = is_still(t, o, "newcomer", PENDING[1])?;
            t.only_if(void)
        })
        .thread(move |t| {
            let gate = gate(t, o)?;
            t.only_if(gate == 1)?;
            replaced(t, o, "newcomer", PENDING[1], 30)
        })
        .thread(move |t| {
            let gate = gate(t, o)?;
            let newcomer = look(t, o, "newcomer")?;
            t.only_if(gate == 1 && newcomer == 30)?;
            install(t, o, 1, 2)
        })
}

fn the_kill_before_a_publication<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("victim", 10)
        .initially("newcomer", PENDING[1])
        .thread(move |t| {
            replaced(t, o, "victim", 10, KILLED[1])?;
            replaced(t, o, "newcomer", PENDING[1], 30)
        })
        .thread(move |t| {
            let newcomer = look(t, o, "newcomer")?;
            let victim = look(t, o, "victim")?;
            t.only_if(newcomer == 30 && victim == 10)
        })
}

/// `Groups::look`.
fn look_at_group(t: &mut Run, o: &Orderings) -> Cut<Value> {
    t.load("group", o.of("table/group.rs look: 0[group].load"))
}

/// `Groups::tag`.
fn retag(t: &mut Run, o: &Orderings, tag: Value) -> Cut {
    t.swap("group", tag, o.of("table/group.rs tag: 0[group].fetch_xor"))?;
    Some(())
}

fn the_tag_of_a_newcomer<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .thread(move |t| {
            retag(t, o, 1)?;
            install(t, o, 0, 1)
        })
        .thread(move |t| {
            let gate = gate(t, o)?;
            let group = look_at_group(t, o)?;
            t.only_if(gate == 1 && group == 0)
        })
}

fn the_reach_of_others<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .thread(move |t| {
            // An update of `extend_reach`; it never fails for good.
            t.swap("group", 1, o.of("table/group.rs extend_reach: 0[home].compare_exchange"))?;
            Some(())
        })
        .thread(move |t| {
            let group = look_at_group(t, o)?;
            t.only_if(group == 1)?;
            install(t, o, 0, 1)
        })
        .thread(move |t| {
            let gate = gate(t, o)?;
            let group = look_at_group(t, o)?;
            t.only_if(gate == 1 && group == 0)
        })
}

fn the_tag_of_the_next_claim<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("victim", 10)
        .thread(move |t| {
            install(t, o, 0, 1)?;
            replaced(t, o, "victim", 10, KILLED[1])
        })
        .thread(move |t| {
            let seen = look(t, o, "victim")?;
            t.only_if(seen == KILLED[1])?;
            replaced(t, o, "victim", seen, PENDING[2])?;
            retag(t, o, 1)
        })
        .thread(move |t| {
            let ticket = ticket(t, o)?;
            let group = look_at_group(t, o)?;
            let current = is_current(t, o, &ticket, |gate| gate == ticket.gate)?;
            t.only_if(ticket.gate == 0 && group == 1 && current)
        })
}

fn raise_and_a_replaced_tag_across<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("resident", 20)
        .initially("victim", 10)
        .thread(move |t| replaced(t, o, "victim", 10, KILLED[1]))
        .thread(move |t| {
            let seen = look(t, o, "victim")?;
            t.only_if(seen == KILLED[1])?;
            replaced(t, o, "victim", seen, PENDING[2])?;
            retag(t, o, 1)
        })
        .thread(move |t| {
            replaced(t, o, "resident", 20, 25)?;
            let victim = look(t, o, "victim")?;
            t.only_if(victim == 10)
        })
        .thread(move |t| {
            let group = look_at_group(t, o)?;
            let resident = look(t, o, "resident")?;
            t.only_if(group == 1 && resident == 20)
        })
}

fn the_tag_of_a_claim_given_up<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("slot", FREE)
        .thread(move |t| {
            replaced(t, o, "slot", FREE, PENDING[1])?;
            retag(t, o, 1)?;
            give_up(t, o, "slot", KILLED[1]);
            Some(())
        })
        .thread(move |t| {
            let seen = look(t, o, "slot")?;
            t.only_if(seen == KILLED[1])?;
            replaced(t, o, "slot", seen, PENDING[2])?;
            let group = look_at_group(t, o)?;
            t.only_if(group == 0)
        })
}
