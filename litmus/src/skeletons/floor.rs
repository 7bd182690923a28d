//! The floor and what was refused: certificates in the one order of raises and readings.

use super::{KILLED, Litmus, gate, install, look, raise_floor, replaced};
use crate::{
    program::{Cut, Program, Run},
    source::Orderings,
};

pub const LITMUS: &[Litmus] = &[
    Litmus {
        name: "raise_and_floor_across",
        bad: "one thread raises a resident and reads the floor of before an eviction; the other has evicted and misses the raise",
        program: raise_and_floor_across,
    },
    Litmus {
        name: "raise_and_a_floor_of_others_across",
        bad: "likewise, and a third thread has raised the floor that the other finds high enough",
        program: raise_and_a_floor_of_others_across,
    },
    Litmus {
        name: "the_floor_behind_a_kill",
        bad: "a victim is seen killed, and the floor does not cover its peak",
        program: the_floor_behind_a_kill,
    },
    Litmus {
        name: "turned_away_by_a_floor",
        bad: "a value is turned away by a floor, and a resident is read below it",
        program: turned_away_by_a_floor,
    },
    Litmus {
        name: "raise_and_a_value_turned_away_across",
        bad: "one thread raises a resident and reads the floor of before; the other had a higher value turned away and misses the raise",
        program: raise_and_a_value_turned_away_across,
    },
    Litmus {
        name: "raise_and_refusal_across",
        bad: "one thread raises a resident and reads a bound without a refused value; the other was refused and misses the raise",
        program: raise_and_refusal_across,
    },
    Litmus {
        name: "a_refusal_counted",
        bad: "a refusal is counted, and the bound is without its value",
        program: a_refusal_counted,
    },
];

/// A raise of a resident, then a reading of the floor from before anything was evicted.
fn raise_and_read_floor(t: &mut Run, o: &Orderings) -> Cut {
    replaced(t, o, "resident", 20, 25)?;
    let floor = t.load("floor", o.of("table/mod.rs floor: floor.load"))?;
    t.only_if(floor == 0)
}

/// The floor raised, an eviction, then a reading of the resident from before its raise.
fn evict_and_look(t: &mut Run, o: &Orderings) -> Cut {
    raise_floor(t, o, 10)?;
    let resident = look(t, o, "resident")?;
    t.only_if(resident == 20)
}

fn raise_and_floor_across<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("resident", 20)
        .thread(move |t| raise_and_read_floor(t, o))
        .thread(move |t| evict_and_look(t, o))
}

fn raise_and_a_floor_of_others_across<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("resident", 20)
        .thread(move |t| raise_and_read_floor(t, o))
        .thread(move |t| evict_and_look(t, o))
        .thread(move |t| raise_floor(t, o, 10))
}

fn the_floor_behind_a_kill<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("victim", 10)
        .thread(move |t| {
            raise_floor(t, o, 10)?;
            install(t, o, 0, 1)
        })
        .thread(move |t| {
            let gate = gate(t, o)?;
            t.only_if(gate == 1)?;
            replaced(t, o, "victim", 10, KILLED[1])
        })
        .thread(move |t| {
            let victim = look(t, o, "victim")?;
            let floor = t.load("floor", o.of("table/mod.rs floor: floor.load"))?;
            t.only_if(victim == KILLED[1] && floor == 0)
        })
}

fn turned_away_by_a_floor<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("resident", 5)
        .thread(move |t| replaced(t, o, "resident", 5, 10))
        .thread(move |t| {
            let lowest = look(t, o, "resident")?;
            t.only_if(lowest == 10)?;
            raise_floor(t, o, lowest)
        })
        .thread(move |t| {
            let floor = t.load("floor", o.of("table/mod.rs floor_word: floor.load"))?;
            let resident = look(t, o, "resident")?;
            t.only_if(floor == 10 && resident == 5)
        })
}

/// The key of the value that is turned away is not resident, so every later reading of the floor
/// has to cover it.
fn raise_and_a_value_turned_away_across<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("resident", 20)
        .thread(move |t| raise_and_read_floor(t, o))
        .thread(move |t| raise_floor(t, o, 10))
        .thread(move |t| {
            let floor = t.load("floor", o.of("table/mod.rs floor_word: floor.load"))?;
            t.only_if(floor == 10)?;
            let resident = look(t, o, "resident")?;
            t.only_if(resident == 20)
        })
}

/// `Table::refuse`.
fn refuse(t: &mut Run, o: &Orderings) -> Cut {
    t.fetch_max("lost", 30, o.of("table/values.rs refuse: lost.fetch_max"))?;
    t.fetch_add("refused", 1, o.of("table/values.rs refuse: refused.fetch_add"))?;
    Some(())
}

fn raise_and_refusal_across<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("resident", 20)
        .thread(move |t| {
            replaced(t, o, "resident", 20, 25)?;
            let lost = t.load("lost", o.of("table/mod.rs untracked_at_most: lost.load"))?;
            t.only_if(lost == 0)
        })
        .thread(move |t| {
            refuse(t, o)?;
            let resident = look(t, o, "resident")?;
            t.only_if(resident == 20)
        })
}

fn a_refusal_counted<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new().thread(move |t| refuse(t, o)).thread(move |t| {
        let refused = t.load("refused", o.of("table/mod.rs refused: refused.load"))?;
        let lost = t.load("lost", o.of("table/mod.rs untracked_at_most: lost.load"))?;
        t.only_if(refused == 1 && lost == 0)
    })
}
