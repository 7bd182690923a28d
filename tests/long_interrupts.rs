//! Promise: an eviction takes the lowest resident, however many newcomers an interrupt records in the middle of a call.
//!
//! `ci/steps` runs this. No field of a word that an interrupted call compares may come round to the value that the call has seen.

#![cfg(highwater_steps)]
#![allow(dead_code, reason = "the helpers shared with the other tests are used in part")]

#[path = "common/oracle.rs"]
mod oracle;

use std::cell::RefCell;
use std::hash::{BuildHasher, Hasher};
use std::rc::Rc;

use highwater::stepped::{interrupt_after, withdraw_interrupt};
use highwater::{Recorded, StaticLedger};

use oracle::{Observed, Oracle};

const PLACES: usize = 16;

/// A key is `[fifth | number]`, and its home is in that fifth of the slots, which is one group of them with 64-bit words.
#[derive(Clone, Copy, Default)]
struct Fifths;

impl BuildHasher for Fifths {
    type Hasher = Fifth;

    fn build_hasher(&self) -> Fifth {
        Fifth(0)
    }
}

struct Fifth(u64);

impl Hasher for Fifth {
    fn write(&mut self, bytes: &[u8]) {
        let key = u64::from_ne_bytes(bytes.try_into().expect("keys are numbers of eight bytes"));
        let (fifth, number) = (key >> 32, key & 0xffff_ffff);
        self.0 = fifth * (u64::MAX / 5 + 1) + number;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A ledger, and what was recorded into it.
struct Scene {
    ledger: StaticLedger<u64, PLACES, Fifths>,
    recorded: RefCell<(u64, Oracle<u64>)>,
}

impl Scene {
    /// A key with its home in this fifth that had not been recorded before.
    fn newcomer(&self, fifth: u64) -> u64 {
        let number = &mut self.recorded.borrow_mut().0;
        *number += 1;
        fifth << 32 | *number
    }

    fn record(&self, key: u64, bytes: u64) -> Recorded {
        self.recorded.borrow_mut().1.record(&key, bytes);
        self.ledger.record_peak(&key, bytes)
    }

    fn check(&self) -> Result<(), String> {
        let mut contents = vec![(0, 0); PLACES];
        let len = self.ledger.top_into(&mut contents);
        contents.truncate(len);
        self.recorded.borrow().1.check(&Observed {
            capacity: PLACES,
            len: self.ledger.len(),
            contents,
            floor: self.ledger.floor(),
            untracked_at_most: self.ledger.untracked_at_most(),
            refused: self.ledger.refused(),
        })
    }
}

/// A newcomer evicts the lowest of the first fifth. Before step `first` of that call, once the newcomer is resident, an interrupt
/// records a value that is turned away, `gap` steps later another raises the next higher resident of the first fifth and records
/// so many newcomers with homes there, each as high as it takes to evict the one before. What the call goes on to write must not be
/// what it saw before. Returns which interrupts came.
fn play(first: u32, gap: u32, newcomers: u64) -> (bool, bool) {
    let scene = Rc::new(Scene { ledger: StaticLedger::with_hasher(Fifths), recorded: RefCell::default() });
    let low = scene.newcomer(0);
    let lower = scene.newcomer(0);
    scene.record(lower, 1_000);
    scene.record(low, 1_100);
    scene.record(scene.newcomer(0), 1_700_000);
    let next = scene.newcomer(0);
    scene.record(next, 1_000_000);
    scene.record(scene.newcomer(2), 2_000);
    for number in 0..11 {
        scene.record(scene.newcomer([0, 1, 2, 3][number % 4]), 1_500_000);
    }
    assert_eq!(scene.record(scene.newcomer(3), 1_500_000), Recorded::Admitted);
    assert_eq!(scene.ledger.peak(&lower), 0);

    let key = scene.newcomer(3);
    let came = Rc::new(RefCell::new((false, false)));
    let (handled, handler_came) = (scene.clone(), came.clone());
    interrupt_after(first, move || {
        if handled.ledger.peak(&key) == 0 {
            return;
        }
        handler_came.borrow_mut().0 = true;
        assert_eq!(handled.record(handled.newcomer(1), 1_101), Recorded::Dropped);
        interrupt_after(gap, move || {
            handler_came.borrow_mut().1 = true;
            assert_eq!(handled.record(next, 1_600_000), Recorded::Raised);
            for number in 1..=newcomers {
                let bytes = 1_000_000 - newcomers + number;
                assert_eq!(handled.record(handled.newcomer(0), bytes), Recorded::Admitted);
            }
        });
    });
    assert_eq!(scene.record(key, 1_500_000), Recorded::Admitted);
    while withdraw_interrupt().is_some() {}

    for _ in 0..2 {
        assert_eq!(scene.record(scene.newcomer(4), 2_000_000), Recorded::Admitted);
        if let Err(why) = scene.check() {
            panic!("{newcomers} newcomers {gap} steps after one turned away at {first}: {why}");
        }
    }
    came.take()
}

/// With an interrupt before every step that is left of the call.
fn every_place(newcomers: u64) {
    let first =
        (0..1_000).find(|&first| play(first, 0, 1).0).expect("some step is the first after the admission");
    let steps = (0..).find(|&gap| !play(first, gap, newcomers).1).expect("the call has an end");
    println!("{newcomers} newcomers before each of {steps} steps");
    assert!(steps > 1);
}

#[test]
fn one_newcomer() {
    every_place(1);
}

#[test]
fn one_less_than_two_to_the_sixteenth() {
    every_place(65_535);
}

#[test]
fn two_to_the_sixteenth() {
    every_place(65_536);
}

#[test]
fn one_more_than_two_to_the_sixteenth() {
    every_place(65_537);
}
