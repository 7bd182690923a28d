//! Promise: an interrupt may come before any step of a call on a ledger by windows, and record,
//! end the window, and read windows that have ended, itself.
//!
//! `ci/steps` runs this, as it runs `every_step`.

#![cfg(all(highwater_steps, target_has_atomic = "64", not(highwater_narrow)))]
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
#[path = "common/windows.rs"]
mod windows;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use highwater::stepped::{Steps, interrupt_after, withdraw_interrupt};
use highwater::{Recorded, StaticWindowedLedger};

use history::Event;
use linearizability::check_by;
use windows::{Contents, Operation, Windows};

const KEYS: u64 = 5;
const LARGEST: u64 = 20;
/// Closed windows that are kept.
const KEPT: usize = 2;
/// Many times as many steps as a call takes, with all that interrupts it.
const STUCK: u32 = 20_000;

type Ledger<const CAPACITY: usize> = StaticWindowedLedger<u64, CAPACITY, { KEPT + 1 }>;

#[derive(Clone, Copy, Debug)]
enum Call {
    Record(u64, u64),
    Peak(u64),
    Floor,
    Rotate,
    Current,
    /// So many windows back.
    Closed(u64),
}

impl Call {
    fn random(rng: &mut fastrand::Rng) -> Self {
        match rng.u8(..14) {
            0..6 => Self::Record(rng.u64(..KEYS), rng.u64(..=LARGEST)),
            6 => Self::Peak(rng.u64(..KEYS)),
            7 => *rng.choice([&Self::Floor, &Self::Current]).expect("one of two"),
            8..11 => Self::Closed(rng.u64(1..=KEPT as u64 + 1)),
            _ => Self::Rotate,
        }
    }

    fn run<const CAPACITY: usize>(self, ledger: &Ledger<CAPACITY>) -> Vec<Operation> {
        let now = |operation| vec![Operation::Now(operation)];
        match self {
            Self::Record(key, bytes) => {
                let answer = Some(ledger.record_peak(&key, bytes));
                now(history::Operation::Record { key, bytes, answer })
            }
            Self::Peak(key) => now(history::Operation::Peak { key, answer: ledger.peak(&key) }),
            Self::Floor => now(history::Operation::Floor { answer: ledger.floor() }),
            Self::Rotate => vec![Operation::Rotate { answer: ledger.rotate().unwrap() }],
            Self::Current => {
                let mut buffer = [(0, 0); CAPACITY];
                let window = ledger.current(&mut buffer);
                let peaks = (0..KEYS).map(|key| (key, window.peak(&key))).filter(|entry| entry.1 > 0);
                peaks
                    .map(|(key, answer)| Operation::PeakIn { window: window.number(), key, answer })
                    .collect()
            }
            Self::Closed(back) => {
                let number = ledger.number().saturating_sub(back);
                let mut buffer = [(0, 0); CAPACITY];
                let answer = ledger.closed(number, &mut buffer).map(|window| {
                    assert_eq!(window.refused(), 0);
                    Contents::of(&window, |key| key)
                });
                vec![Operation::Closed { number, answer }]
            }
        }
    }
}

/// A call, and the calls of two handlers that interrupt it or each other.
struct Scene {
    before: Vec<Call>,
    call: Call,
    handlers: [Vec<Call>; 2],
}

impl Scene {
    fn random(rng: &mut fastrand::Rng) -> Self {
        let mut calls =
            |least, most| (0..rng.usize(least..=most)).map(|_| Call::random(rng)).collect::<Vec<_>>();
        Self { before: calls(3, 9), call: calls(1, 1)[0], handlers: [calls(1, 4), calls(1, 4)] }
    }

    /// Plays the scene with handlers before the steps given, and checks all answers. Returns how
    /// many handlers came, and whether the call admitted a key.
    fn play<const CAPACITY: usize>(&self, due: &[u32]) -> (usize, bool) {
        let ledger = Rc::new(Ledger::<CAPACITY>::new());
        let clock = Rc::new(Cell::new(0));
        let history = Rc::new(RefCell::new(Vec::<Event<Operation>>::new()));
        let came = Rc::new(Cell::new(0));
        let make = {
            let (ledger, clock, history) = (ledger.clone(), clock.clone(), history.clone());
            move |call: Call| {
                let now = || clock.replace(clock.get() + 1);
                let began = now();
                let operations = call.run(&*ledger);
                let end = now();
                let admitted = operations.iter().any(|operation| {
                    let admitted = Some(Recorded::Admitted);
                    matches!(operation, Operation::Now(history::Operation::Record { answer, .. }) if *answer == admitted)
                });
                let events = operations.into_iter().map(|operation| Event { call: began, end, operation });
                history.borrow_mut().extend(events);
                admitted
            }
        };
        for &call in &self.before {
            make(call);
        }
        for (&due, calls) in due.iter().zip(&self.handlers) {
            let (make, came, calls) = (make.clone(), came.clone(), calls.clone());
            interrupt_after(due, move || {
                came.set(came.get() + 1);
                for call in calls {
                    make(call);
                }
            });
        }
        interrupt_after(STUCK, || panic!("a call does not come back"));
        let admitted = make(self.call);
        let came = came.get();
        while withdraw_interrupt().is_some() {}

        for key in 0..KEYS {
            make(Call::Peak(key));
        }
        make(Call::Rotate);
        for back in 1..=KEPT as u64 + 1 {
            make(Call::Closed(back));
        }
        if let Err(why) = check_by(&Windows { capacity: CAPACITY, kept: KEPT }, &history.borrow()) {
            panic!("{:?} interrupted at {due:?} by {:?}: {why}", self.call, self.handlers);
        }
        (came, admitted)
    }
}

/// Every call with a handler before each of its steps, and a second one before some of the steps
/// that follow, the first handler's included.
fn every_place<const CAPACITY: usize>() {
    let first = effort::first_seed();
    let (mut runs, mut hits, mut nested) = (0_u64, 0_u64, 0_u64);
    for seed in (0..effort::scaled(150)).map(|round| first.wrapping_add(round)) {
        let mut rng = fastrand::Rng::with_seed(seed);
        let scene = Scene::random(&mut rng);
        let mut note = |(came, admitted): (usize, bool)| {
            runs += 1;
            hits += u64::from(admitted && came > 0);
            nested += u64::from(admitted && came > 1);
            came
        };
        for one in 0.. {
            if note(scene.play::<CAPACITY>(&[one])) == 0 {
                break;
            }
            let mut other = one;
            loop {
                other += rng.u32(1..8);
                if note(scene.play::<CAPACITY>(&[one, other])) == 1 {
                    break;
                }
            }
        }
    }
    println!("{CAPACITY} places: {runs} runs, {hits} admissions interrupted, {nested} of them twice");
    assert!(nested > 0);
}

#[test]
fn a_ledger_of_three_places() {
    every_place::<3>();
}

#[test]
fn a_ledger_of_four_places() {
    every_place::<4>();
}

#[test]
fn a_value_at_the_floor_is_one_load_and_a_rotation_one_update() {
    let ledger = Ledger::<3>::new();
    for key in 0..3 {
        assert_eq!(ledger.record_peak(&key, 10), Recorded::Admitted);
    }
    assert_eq!(ledger.record_peak(&3, 10), Recorded::Dropped);
    let steps = |call: &dyn Fn()| {
        let began = Steps::until_now();
        call();
        Steps::since(began)
    };
    let at_the_floor = steps(&|| assert_eq!(ledger.record_peak(&4, 10), Recorded::Unchanged));
    assert_eq!(at_the_floor, Steps { loads: 1, stores: 0, updates: 0 });
    let rotation = steps(&|| assert_eq!(ledger.rotate(), Ok(1)));
    assert_eq!(rotation, Steps { loads: 1, stores: 0, updates: 1 });
}
