//! Keys that were evicted: the lists in which they wait, and the moment from which they may be freed.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::Litmus;
use crate::{program::Program, source::Orderings};

pub const LITMUS: &[Litmus] = &[
    Litmus {
        name: "a_key_taken_for_a_parcel",
        bad: "a call takes the loose keys, and does not see where the first of them links to",
        program: |o| taken_from_a_list(o, "key/limbo.rs seal: loose.swap"),
    },
    Litmus {
        name: "a_parcel_that_begins_to_age",
        bad: "a call takes the fresh parcels, and does not see where the first of them links to",
        program: |o| taken_from_a_list(o, "key/limbo.rs age: fresh.swap"),
    },
    Litmus {
        name: "lists_under_the_lock",
        bad: "a call has the lock, and does not see a list as the call before it left it",
        program: lists_under_the_lock,
    },
    Litmus {
        name: "a_key_read_before_it_is_freed",
        bad: "a key is freed as one that no thread can read, and a thread's use of it is not over",
        program: a_key_read_before_it_is_freed,
    },
];

/// One thread retires a key, another takes the list that it is in.
fn taken_from_a_list<'a>(o: &'a Orderings<'a>, take: &'static str) -> Program<'a> {
    Program::new()
        .thread(move |t| {
            t.store("next", 1, Relaxed);
            let push = o.of("key/limbo.rs push: list.compare_exchange");
            let pushed = t.compare_exchange("list", 0, 1, push, Relaxed)?;
            t.only_if(pushed.is_ok())
        })
        .thread(move |t| {
            let first = t.swap("list", 0, o.of(take))?;
            t.only_if(first == 1)?;
            let next = t.load("next", Relaxed)?;
            t.only_if(next == 0)
        })
}

/// The first thread has the lock.
fn lists_under_the_lock<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .initially("locked", 1)
        .thread(move |t| {
            t.store("due", 1, Relaxed);
            t.store("locked", 0, o.of("key/limbo.rs drop: 0.store"));
            Some(())
        })
        .thread(move |t| {
            let locked = t.swap("locked", 1, o.of("key/limbo.rs free: locked.swap"))?;
            t.only_if(locked == 0)?;
            let due = t.load("due", Relaxed)?;
            t.only_if(due == 0)
        })
}

/// A thread uses a key under its pin and lets go of that (release, as the collector does). The collector
/// has seen that (acquire) when it runs the function that was deferred; another thread then frees the key.
/// The use stands as a store, which the free has to see if it comes after.
fn a_key_read_before_it_is_freed<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    Program::new()
        .thread(move |t| {
            t.store("used", 1, Relaxed);
            t.store("unpinned", 1, Release);
            Some(())
        })
        .thread(move |t| {
            let unpinned = t.load("unpinned", Acquire)?;
            t.only_if(unpinned == 1)?;
            t.store("aged", 1, o.of("key/limbo.rs age: aged.store"));
            Some(())
        })
        .thread(move |t| {
            let aged = t.load("aged", o.of("key/limbo.rs age: aged.load"))?;
            t.only_if(aged == 1)?;
            let used = t.load("used", Relaxed)?;
            t.only_if(used == 0)
        })
}
