//! The classical tests and their known verdicts, so that the checker is checked. For each axiom
//! there is one whose verdict changes when that axiom is dropped.

use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};

use crate::{
    program::{Program, Run},
    rc11::{Axiom, Model},
    search::find,
};

fn allows(program: &Program, without: &[Axiom]) -> bool {
    find(program, Model { without }).is_some()
}

fn allowed(program: &Program) -> bool {
    allows(program, &[])
}

/// Stores and loads of the three usual strengths.
const STRENGTHS: [(Ordering, Ordering); 3] = [(Relaxed, Relaxed), (Release, Acquire), (SeqCst, SeqCst)];

/// Store buffering: can both threads miss the other's store?
fn sb(store: Ordering, load: Ordering, fences: [Option<Ordering>; 2]) -> Program<'static> {
    let side = |here, there, fence: Option<Ordering>| {
        move |t: &mut Run| {
            t.store(here, 1, store);
            fence.into_iter().for_each(|ordering| t.fence(ordering));
            let seen = t.load(there, load)?;
            t.only_if(seen == 0)
        }
    };
    Program::new().thread(side("x", "y", fences[0])).thread(side("y", "x", fences[1]))
}

/// Message passing: can the flag be seen, and the data not?
fn mp(
    store: Ordering,
    load: Ordering,
    before: Option<Ordering>,
    behind: Option<Ordering>,
) -> Program<'static> {
    Program::new()
        .thread(move |t| {
            t.store("data", 1, Relaxed);
            before.into_iter().for_each(|ordering| t.fence(ordering));
            t.store("flag", 1, store);
            Some(())
        })
        .thread(move |t| {
            let flag = t.load("flag", load)?;
            t.only_if(flag == 1)?;
            behind.into_iter().for_each(|ordering| t.fence(ordering));
            let data = t.load("data", Relaxed)?;
            t.only_if(data == 0)
        })
}

/// Load buffering: can both loads see the store that comes after the other?
fn lb(store: Ordering, load: Ordering) -> Program<'static> {
    let side = |here, there| {
        move |t: &mut Run| {
            let seen = t.load(here, load)?;
            t.store(there, 1, store);
            t.only_if(seen == 1)
        }
    };
    Program::new().thread(side("x", "y")).thread(side("y", "x"))
}

/// Independent reads of independent writes: can two readers see them in opposite orders?
fn iriw(store: Ordering, first: Ordering, second: Ordering, fence: Option<Ordering>) -> Program<'static> {
    let writer = |location| {
        move |t: &mut Run| {
            t.store(location, 1, store);
            Some(())
        }
    };
    let reader = |one, other| {
        move |t: &mut Run| {
            let seen = t.load(one, first)?;
            t.only_if(seen == 1)?;
            fence.into_iter().for_each(|ordering| t.fence(ordering));
            let missed = t.load(other, second)?;
            t.only_if(missed == 0)
        }
    };
    Program::new().thread(writer("x")).thread(writer("y")).thread(reader("x", "y")).thread(reader("y", "x"))
}

/// Two threads that write both locations, in opposite orders: can the first store of each be the
/// last of all?
fn two_plus_two_w(store: Ordering) -> Program<'static> {
    let side = |one, other| {
        move |t: &mut Run| {
            t.store(one, 1, store);
            t.store(other, 2, store);
            Some(())
        }
    };
    Program::new().thread(side("x", "y")).thread(side("y", "x")).finally("x", 1).finally("y", 1)
}

/// Write to read causality: does a third thread that sees the second see what the second has seen?
fn wrc(store: Ordering, load: Ordering) -> Program<'static> {
    Program::new()
        .thread(|t| {
            t.store("x", 1, Relaxed);
            Some(())
        })
        .thread(move |t| {
            let x = t.load("x", Relaxed)?;
            t.only_if(x == 1)?;
            t.store("y", 1, store);
            Some(())
        })
        .thread(move |t| {
            let y = t.load("y", load)?;
            t.only_if(y == 1)?;
            let x = t.load("x", Relaxed)?;
            t.only_if(x == 0)
        })
}

/// Two reads of one location, in the opposite of the order of its changes.
fn corr() -> Program<'static> {
    Program::new()
        .thread(|t| {
            t.store("x", 1, Relaxed);
            Some(())
        })
        .thread(|t| {
            let newer = t.load("x", Relaxed)?;
            let older = t.load("x", Relaxed)?;
            t.only_if(newer == 1 && older == 0)
        })
}

/// Message passing with an update of the flag by a third thread, or a later store by the first, in
/// between.
fn mp_in_between(update: Option<Ordering>) -> Program<'static> {
    let program = Program::new().thread(move |t| {
        t.store("data", 1, Relaxed);
        t.store("flag", 1, Release);
        if update.is_none() {
            t.store("flag", 2, Relaxed);
        }
        Some(())
    });
    let program = match update {
        Some(ordering) => program.thread(move |t| {
            let seen = t.fetch_add("flag", 1, ordering)?;
            t.only_if(seen == 1)
        }),
        None => program,
    };
    program.thread(|t| {
        let flag = t.load("flag", Acquire)?;
        t.only_if(flag == 2)?;
        let data = t.load("data", Relaxed)?;
        t.only_if(data == 0)
    })
}

/// Two updates of one counter that see the same value.
fn lost_update(ordering: Ordering) -> Program<'static> {
    let side = move |t: &mut Run| {
        let seen = t.fetch_add("x", 1, ordering)?;
        t.only_if(seen == 0)
    };
    Program::new().thread(side).thread(side)
}

/// Message passing to a compare-and-swap that fails.
fn mp_to_a_failure(failure: Ordering) -> Program<'static> {
    Program::new()
        .thread(|t| {
            t.store("data", 1, Relaxed);
            t.store("flag", 1, Release);
            Some(())
        })
        .thread(move |t| {
            let swapped = t.compare_exchange("flag", 0, 9, SeqCst, failure)?;
            t.only_if(swapped == Err(1))?;
            let data = t.load("data", Relaxed)?;
            t.only_if(data == 0)
        })
}

/// Read to write causality with SeqCst fences (RWC+syncs in the paper).
fn rwc_with_fences() -> Program<'static> {
    Program::new()
        .thread(|t| {
            t.store("x", 1, Relaxed);
            Some(())
        })
        .thread(|t| {
            let x = t.load("x", Relaxed)?;
            t.fence(SeqCst);
            let y = t.load("y", Relaxed)?;
            t.only_if(x == 1 && y == 0)
        })
        .thread(|t| {
            t.store("y", 1, Relaxed);
            t.fence(SeqCst);
            let x = t.load("x", Relaxed)?;
            t.only_if(x == 0)
        })
}

#[test]
fn store_buffering() {
    assert_eq!(STRENGTHS.map(|(store, load)| allowed(&sb(store, load, [None; 2]))), [true, true, false]);
    // One access that is not SeqCst is enough.
    assert!(allowed(&sb(SeqCst, Acquire, [None; 2])) && allowed(&sb(Release, SeqCst, [None; 2])));
    assert!(!allowed(&sb(Relaxed, Relaxed, [Some(SeqCst); 2])));
    assert!(allowed(&sb(Relaxed, Relaxed, [Some(SeqCst), Some(AcqRel)])));
    assert!(allowed(&sb(Relaxed, Relaxed, [Some(SeqCst), None])));
    // A fence on one side and SeqCst accesses on the other are of one order.
    let fence_and_accesses = Program::new()
        .thread(|t| {
            t.store("x", 1, SeqCst);
            let y = t.load("y", SeqCst)?;
            t.only_if(y == 0)
        })
        .thread(|t| {
            t.store("y", 1, Relaxed);
            t.fence(SeqCst);
            let x = t.load("x", Relaxed)?;
            t.only_if(x == 0)
        });
    assert!(!allowed(&fence_and_accesses));
}

#[test]
fn message_passing() {
    assert_eq!(STRENGTHS.map(|(store, load)| allowed(&mp(store, load, None, None))), [true, false, false]);
    assert!(allowed(&mp(Release, Relaxed, None, None)) && allowed(&mp(Relaxed, Acquire, None, None)));
    assert!(!allowed(&mp(Relaxed, Relaxed, Some(Release), Some(Acquire))));
    assert!(!allowed(&mp(Relaxed, Acquire, Some(Release), None)));
    assert!(!allowed(&mp(Release, Relaxed, None, Some(Acquire))));
    assert!(allowed(&mp(Relaxed, Relaxed, Some(Acquire), Some(Release))));
    assert!(allowed(&mp(Relaxed, Relaxed, Some(Release), None)));
}

#[test]
fn load_buffering() {
    assert_eq!(STRENGTHS.map(|(store, load)| allowed(&lb(store, load))), [false; 3]);
    // C++20 allows it to relaxed accesses.
    let without_axiom = STRENGTHS.map(|(store, load)| allows(&lb(store, load), &[Axiom::NoThinAir]));
    assert_eq!(without_axiom, [true, false, false]);
}

#[test]
fn independent_reads_of_independent_writes() {
    let verdicts = STRENGTHS.map(|(store, load)| allowed(&iriw(store, load, load, None)));
    assert_eq!(verdicts, [true, true, false]);
    assert!(!allowed(&iriw(Relaxed, Relaxed, Relaxed, Some(SeqCst))));
    assert!(allowed(&iriw(Release, Acquire, Acquire, Some(AcqRel))));
    // The paper's IRIW-acq-sc, which C++11 forbade at too high a price on POWER.
    assert!(allowed(&iriw(SeqCst, Acquire, SeqCst, None)));
}

#[test]
fn two_plus_two_writes() {
    assert_eq!([Relaxed, Release, SeqCst].map(|store| allowed(&two_plus_two_w(store))), [true, true, false]);
}

#[test]
fn write_to_read_causality() {
    assert_eq!(STRENGTHS.map(|(store, load)| allowed(&wrc(store, load))), [true, false, false]);
}

#[test]
fn coherence_of_one_location() {
    assert!(!allowed(&corr()));
    // A thread's own later store is not read before it, and its own earlier one hides what came
    // before.
    let reads_its_future = Program::new().thread(|t| {
        let seen = t.load("x", Relaxed)?;
        t.store("x", 1, Relaxed);
        t.only_if(seen == 1)
    });
    assert!(!allowed(&reads_its_future) && !allows(&reads_its_future, &[Axiom::NoThinAir]));
    let forgets_its_own = Program::new().thread(|t| {
        t.store("x", 1, Relaxed);
        let seen = t.load("x", Relaxed)?;
        t.only_if(seen == 0)
    });
    assert!(!allowed(&forgets_its_own));
    let writes_backwards = Program::new()
        .thread(|t| {
            t.store("x", 1, Relaxed);
            t.store("x", 2, Relaxed);
            Some(())
        })
        .finally("x", 1);
    assert!(!allowed(&writes_backwards));
}

#[test]
fn release_sequences() {
    assert_eq!([Relaxed, Acquire, AcqRel].map(|update| allowed(&mp_in_between(Some(update)))), [false; 3]);
    // C++11 had later stores of the same thread in the sequence, C++20 has not.
    assert!(allowed(&mp_in_between(None)));
}

#[test]
fn updates_are_atomic() {
    assert!(!allowed(&lost_update(Relaxed)) && !allowed(&lost_update(SeqCst)));
    let both_win = Program::new()
        .thread(|t| {
            let swapped = t.compare_exchange("x", 0, 1, SeqCst, SeqCst)?;
            t.only_if(swapped.is_ok())
        })
        .thread(|t| {
            let swapped = t.compare_exchange("x", 0, 2, SeqCst, SeqCst)?;
            t.only_if(swapped.is_ok())
        });
    assert!(!allowed(&both_win));
}

#[test]
fn an_update_reads_and_writes_with_what_its_ordering_says() {
    let all = [Relaxed, Acquire, Release, AcqRel, SeqCst];
    // Store buffering with updates instead of stores.
    let sb = |ordering| {
        let side = move |here, there| {
            move |t: &mut Run| {
                t.swap(here, 1, ordering)?;
                let seen = t.load(there, SeqCst)?;
                t.only_if(seen == 0)
            }
        };
        Program::new().thread(side("x", "y")).thread(side("y", "x"))
    };
    assert_eq!(all.map(|ordering| allowed(&sb(ordering))), [true, true, true, true, false]);
    // Message passing by an update, and to one.
    let mp = |sends, receives| {
        Program::new()
            .thread(move |t| {
                t.store("data", 1, Relaxed);
                t.swap("flag", 1, sends)?;
                Some(())
            })
            .thread(move |t| {
                let flag = t.swap("flag", 2, receives)?;
                t.only_if(flag == 1)?;
                let data = t.load("data", Relaxed)?;
                t.only_if(data == 0)
            })
    };
    assert_eq!(all.map(|sends| allowed(&mp(sends, Acquire))), [true, true, false, false, false]);
    assert_eq!(all.map(|receives| allowed(&mp(Release, receives))), [true, false, true, false, false]);
}

#[test]
fn a_failed_exchange_is_a_load_of_its_own_ordering() {
    assert_eq!(
        [Relaxed, Acquire, SeqCst].map(|failure| allowed(&mp_to_a_failure(failure))),
        [true, false, false]
    );
    // It may read a value that is not the newest.
    let reads_an_older_value = Program::new()
        .thread(|t| {
            t.store("x", 1, SeqCst);
            t.store("x", 2, SeqCst);
            t.store("flag", 1, Relaxed);
            Some(())
        })
        .thread(|t| {
            let flag = t.load("flag", Relaxed)?;
            let swapped = t.compare_exchange("x", 0, 9, SeqCst, SeqCst)?;
            t.only_if(flag == 1 && swapped == Err(1))
        });
    assert!(allowed(&reads_an_older_value));
    // Whereas a success is an update, and reads the newest.
    let takes_an_older_value = Program::new()
        .thread(|t| {
            t.store("x", 1, Relaxed);
            t.store("x", 2, Relaxed);
            Some(())
        })
        .thread(|t| {
            let swapped = t.compare_exchange("x", 1, 9, Relaxed, Relaxed)?;
            t.only_if(swapped.is_ok())
        })
        .finally("x", 9);
    assert!(!allowed(&takes_an_older_value));
}

#[test]
fn weaker_beside_seq_cst_as_in_the_paper() {
    assert!(!allowed(&rwc_with_fences()));
    // Z6.U: what comes between two SeqCst accesses through a release is no part of their order.
    let z6u = Program::new()
        .thread(|t| {
            t.store("x", 1, SeqCst);
            t.store("y", 1, Release);
            Some(())
        })
        .thread(|t| {
            let before = t.fetch_add("y", 1, SeqCst)?;
            let later = t.load("y", Relaxed)?;
            t.only_if(before == 1 && later == 3)
        })
        .thread(|t| {
            t.store("y", 3, SeqCst);
            let x = t.load("x", SeqCst)?;
            t.only_if(x == 0)
        });
    assert!(allowed(&z6u));
}

/// A checker without one of the axioms is a wrong checker: a verdict shows it.
#[test]
fn no_axiom_can_be_dropped_unnoticed() {
    let shown_by = |axiom| match axiom {
        Axiom::Coherence => corr(),
        Axiom::Atomicity => lost_update(SeqCst),
        Axiom::SeqCst => sb(SeqCst, SeqCst, [None; 2]),
        Axiom::SeqCstFences => rwc_with_fences(),
        Axiom::NoThinAir => lb(Relaxed, Relaxed),
        Axiom::Synchronization => mp(Release, Acquire, None, None),
        Axiom::ReleaseSequences => mp_in_between(Some(Relaxed)),
        Axiom::Fences => mp(Relaxed, Relaxed, Some(Release), Some(Acquire)),
    };
    for axiom in [
        Axiom::Coherence,
        Axiom::Atomicity,
        Axiom::SeqCst,
        Axiom::SeqCstFences,
        Axiom::NoThinAir,
        Axiom::Synchronization,
        Axiom::ReleaseSequences,
        Axiom::Fences,
    ] {
        assert!(!allowed(&shown_by(axiom)) && allows(&shown_by(axiom), &[axiom]), "{axiom:?}");
    }
}
