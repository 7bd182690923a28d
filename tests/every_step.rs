//! Promise: an interrupt may come before any step of a call, and call the same ledger itself, and
//! be interrupted too.
//!
//! `ci/steps` runs this: with atomics that run a handler before a chosen step, every place of every
//! call is hit, not only those that a timer happens to find.

#![cfg(highwater_steps)]
#![allow(dead_code, reason = "the helpers shared with the other tests are used in part")]

#[path = "common/effort.rs"]
mod effort;
#[path = "common/history.rs"]
mod history;
#[path = "common/linearizability.rs"]
mod linearizability;
#[path = "common/oracle.rs"]
mod oracle;
#[path = "common/subject.rs"]
mod subject;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use highwater::stepped::{Steps, interrupt_after, withdraw_interrupt};
use highwater::{Recorded, StaticLedger};

use history::{Call, Event, Operation};
use subject::{Readings, Subject};

/// The most places; there are as many spare slots, and three calls can be under way at once.
const PLACES: usize = 3;
const KEYS: u64 = 6;
const LARGEST: u64 = 24;
/// Many times as many steps as a call takes, with all that interrupts it.
const STUCK: u32 = 10_000;

/// A ledger as it would lie in a static. With 32-bit words its keys have two words.
struct Static<const CAPACITY: usize>(StaticLedger<u64, CAPACITY>);

impl<const CAPACITY: usize> Subject for Static<CAPACITY> {
    type Key = u64;

    const MAY_REFUSE: bool = CAPACITY < PLACES;

    fn with_capacity(_: usize) -> Self {
        Self(StaticLedger::new())
    }

    fn key(number: u64) -> u64 {
        number
    }

    fn ledger(&self) -> &dyn Readings {
        &self.0
    }

    fn record_peak(&self, key: &u64, bytes: u64) -> Recorded {
        self.0.record_peak(key, bytes)
    }

    fn peak(&self, key: &u64) -> u64 {
        self.0.peak(key)
    }

    fn snapshot(&self) -> Vec<(u64, u64)> {
        self.top(CAPACITY)
    }

    fn top(&self, n: usize) -> Vec<(u64, u64)> {
        self.0.top_into(&mut vec![(0, 0); n]).to_vec()
    }
}

/// A call, and the calls of two handlers that interrupt it or each other, on a ledger that others
/// have filled.
struct Scene {
    before: Vec<Call>,
    call: Call,
    handlers: [Vec<Call>; 2],
}

/// How one run of a scene went.
struct Run {
    /// The steps of the interrupted call, without those of the handlers.
    steps: u32,
    /// The handlers that ran before it was over.
    came: usize,
    answer: Option<Operation>,
}

impl Scene {
    fn random(rng: &mut fastrand::Rng) -> Self {
        let mut calls = |least, most| {
            (0..rng.usize(least..=most)).map(|_| Call::random(rng, KEYS, LARGEST)).collect::<Vec<_>>()
        };
        Self { before: calls(3, 10), call: calls(1, 1)[0], handlers: [calls(1, 3), calls(1, 3)] }
    }

    /// Plays the scene with handlers before the steps given, and checks everything that was
    /// answered.
    fn play<const CAPACITY: usize>(&self, due: &[u32]) -> Run {
        let ledger = Rc::new(Static::<CAPACITY>::with_capacity(CAPACITY));
        let clock = Rc::new(Cell::new(0));
        let history = Rc::new(RefCell::new(Vec::<Event>::new()));
        // The steps of all handlers, and how many have come.
        let handled = Rc::new(Cell::new((0, 0)));
        let make = {
            let (ledger, clock, history) = (ledger.clone(), clock.clone(), history.clone());
            move |call: Call| {
                let now = || clock.replace(clock.get() + 1);
                let mut events = Vec::new();
                call.run(&*ledger, &now, &mut events);
                let answer = events.first().map(|event| event.operation);
                history.borrow_mut().append(&mut events);
                answer
            }
        };
        for &call in &self.before {
            make(call);
        }
        for (&due, calls) in due.iter().zip(&self.handlers) {
            let (make, handled, calls) = (make.clone(), handled.clone(), calls.clone());
            interrupt_after(due, move || {
                let began = Steps::until_now();
                let (before, came) = handled.get();
                handled.set((before, came + 1));
                for call in calls {
                    make(call);
                }
                // One handler's steps within another's count once.
                let (_, came) = handled.get();
                handled.set((before + Steps::since(began).total(), came));
            });
        }
        interrupt_after(STUCK, || panic!("a call does not come back"));
        let began = Steps::until_now();
        let answer = make(self.call);
        let (of_handlers, came) = handled.get();
        let steps = Steps::since(began).total() - of_handlers;
        while withdraw_interrupt().is_some() {}

        for key in 0..KEYS {
            make(Call::Peak { key });
        }
        for call in [Call::Len, Call::Floor, Call::Snapshot] {
            make(call);
        }
        assert!(CAPACITY < PLACES || ledger.refused() == 0, "refused although three slots are to spare");
        if let Err(why) = linearizability::check(&history.borrow(), CAPACITY) {
            panic!("{:?} interrupted at {due:?} by {:?}: {why}", self.call, self.handlers);
        }
        Run { steps, came, answer }
    }
}

/// Every call with a handler before each of its steps, and a second one before each step that
/// follows, the first handler's included.
fn every_place<const CAPACITY: usize>() {
    let first = effort::first_seed();
    // By the number of handlers that came: the steps of the longest call.
    let mut longest = BTreeMap::<usize, u32>::new();
    let (mut runs, mut hits, mut nested) = (0_u64, 0_u64, 0_u64);
    for seed in (0..effort::scaled(120)).map(|round| first.wrapping_add(round)) {
        let scene = Scene::random(&mut fastrand::Rng::with_seed(seed));
        let mut note = |run: &Run| {
            let most = longest.entry(run.came).or_insert(0);
            *most = run.steps.max(*most);
            runs += 1;
            if let Some(Operation::Record { answer: Some(Recorded::Admitted), .. }) = run.answer {
                hits += u64::from(run.came > 0);
                nested += u64::from(run.came > 1);
            }
            run.came
        };
        note(&scene.play::<CAPACITY>(&[]));
        for one in 0.. {
            if note(&scene.play::<CAPACITY>(&[one])) == 0 {
                break;
            }
            for other in one + 1.. {
                if note(&scene.play::<CAPACITY>(&[one, other])) == 1 {
                    break;
                }
            }
        }
    }
    println!("{CAPACITY} places: {runs} runs, {hits} admissions interrupted, {nested} of them twice");
    println!("  steps of the longest call by the interrupts that came: {longest:?}");
    assert!(nested > 0);
    // The bound of docs/embedded.md for a call that is interrupted.
    for (&came, &steps) in &longest {
        assert!(steps <= longest[&0] * (came as u32 + 1), "{steps} steps with {came} interrupts");
    }
}

#[test]
fn a_ledger_of_one_place() {
    every_place::<1>();
}

#[test]
fn a_ledger_of_two_places() {
    every_place::<2>();
}

#[test]
fn a_ledger_of_three_places() {
    every_place::<3>();
}
