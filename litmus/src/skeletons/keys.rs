//! Keys: a reader that finds the peak word unchanged around its reading of the key has read that
//! resident's key.

use std::sync::atomic::Ordering::Relaxed;

use super::{KILLED, Litmus, PENDING, give_up, is_still, look, replaced};
use crate::{program::Program, source::Orderings};

pub const LITMUS: &[Litmus] = &[
    Litmus {
        name: "an_inline_key_of_the_next_claim",
        bad: "a key is compared with a word of the slot's next claim, and the peak word is still the resident's",
        program: |o| {
            key_of_the_next_claim(o, "key/inline.rs put: cell.store", "key/inline.rs compare: cell.load")
        },
    },
    Litmus {
        name: "an_inline_key_in_a_snapshot",
        bad: "a key is read with a word of the slot's next claim, and the peak word is still the resident's",
        program: |o| {
            key_of_the_next_claim(o, "key/inline.rs put: cell.store", "key/inline.rs read: cell.load")
        },
    },
    Litmus {
        name: "a_pointer_of_the_next_claim",
        bad: "a pointer is read that the slot's next claim has put there, and the peak word is still the resident's",
        program: |o| key_of_the_next_claim(o, PUT, READ),
    },
    Litmus {
        name: "a_key_behind_its_pointer",
        bad: "a resident's pointer is read, and the key behind it is not seen whole",
        program: a_key_behind_its_pointer,
    },
    Litmus {
        name: "a_key_that_is_displaced",
        bad: "the next claim of a slot gets the pointer that was there, and does not see the key behind it whole",
        program: a_key_that_is_displaced,
    },
    Litmus {
        name: "a_pointer_taken_back",
        bad: "a reader accepts a pointer that was put back with the peak of a later resident",
        program: a_pointer_taken_back,
    },
];

const PUT: &str = "key/epoch.rs put: 0.swap";
const READ: &str = "key/epoch.rs key: 0.load";
const TAKE_BACK: &str = "key/epoch.rs take_back: 0.swap";

/// The resident of a slot is evicted, the slot claimed and the new key put there, while a reader
/// reads it.
fn key_of_the_next_claim<'a>(o: &'a Orderings<'a>, put: &'static str, read: &'static str) -> Program<'a> {
    Program::new()
        .initially("slot", 10)
        .initially("key", 1)
        .thread(move |t| replaced(t, o, "slot", 10, KILLED[1]))
        .thread(move |t| {
            let seen = look(t, o, "slot")?;
            t.only_if(seen == KILLED[1])?;
            replaced(t, o, "slot", seen, PENDING[2])?;
            if put.ends_with("store") {
                t.store("key", 2, o.of(put));
            } else {
                t.swap("key", 2, o.of(put))?;
            }
            Some(())
        })
        .thread(move |t| {
            let seen = look(t, o, "slot")?;
            let key = t.load("key", o.of(read))?;
            let still = is_still(t, o, "slot", seen)?;
            t.only_if(seen == 10 && key == 2 && still)
        })
}

/// The key itself is written before it is shared, with no ordering of its own.
fn a_key_behind_its_pointer<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("slot", PENDING[1])
        .thread(move |t| {
            t.store("key", 1, Relaxed);
            t.swap("pointer", 1, o.of(PUT))?;
            replaced(t, o, "slot", PENDING[1], 10)
        })
        .thread(move |t| {
            let seen = look(t, o, "slot")?;
            let pointer = t.load("pointer", o.of(READ))?;
            let still = is_still(t, o, "slot", seen)?;
            t.only_if(seen == 10 && pointer == 1 && still)?;
            let key = t.load("key", Relaxed)?;
            t.only_if(key == 0)
        })
}

fn a_key_that_is_displaced<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("slot", PENDING[1])
        .thread(move |t| {
            t.store("key", 1, Relaxed);
            t.swap("pointer", 1, o.of(PUT))?;
            replaced(t, o, "slot", PENDING[1], 10)
        })
        .thread(move |t| replaced(t, o, "slot", 10, KILLED[2]))
        .thread(move |t| {
            let seen = look(t, o, "slot")?;
            t.only_if(seen == KILLED[2])?;
            replaced(t, o, "slot", seen, PENDING[3])?;
            let displaced = t.swap("pointer", 2, o.of(PUT))?;
            t.only_if(displaced == 1)?;
            let key = t.load("key", Relaxed)?;
            t.only_if(key == 0)
        })
}

fn a_pointer_taken_back<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("slot", PENDING[1])
        .initially("pointer", 1)
        .thread(move |t| {
            let displaced = t.swap("pointer", 2, o.of(PUT))?;
            let own = t.swap("pointer", displaced, o.of(TAKE_BACK))?;
            t.only_if(own == 2)?;
            give_up(t, o, "slot", KILLED[1]);
            Some(())
        })
        .thread(move |t| {
            let seen = look(t, o, "slot")?;
            t.only_if(seen == KILLED[1])?;
            replaced(t, o, "slot", seen, PENDING[2])?;
            t.swap("pointer", 3, o.of(PUT))?;
            replaced(t, o, "slot", PENDING[2], 20)
        })
        .thread(move |t| {
            let seen = look(t, o, "slot")?;
            let pointer = t.load("pointer", o.of(READ))?;
            let still = is_still(t, o, "slot", seen)?;
            t.only_if(seen == 20 && pointer == 1 && still)
        })
}
