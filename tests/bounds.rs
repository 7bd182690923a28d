//! Promise: an eviction takes the lowest resident, wherever the calls that keep the bounds are suspended, and for however long.
//!
//! `ci/steps` runs this, with atomics that run a handler before a chosen step. No word that a suspended call compares may come round
//! to the value that the call has seen.

#![cfg(highwater_steps)]
#![allow(dead_code, reason = "the helpers shared with the other tests are used in part")]

#[path = "common/oracle.rs"]
mod oracle;

use std::cell::Cell;
use std::hash::{BuildHasher, Hasher};
use std::rc::Rc;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use highwater::stepped::{Steps, interrupt_after, withdraw_interrupt};
use highwater::{Recorded, StaticLedger};

use oracle::{Observed, Oracle};

const PLACES: usize = 16;
/// More steps than any call here takes.
const STUCK: u32 = 10_000;

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

/// A full ledger, and what was recorded into it.
struct Scene {
    ledger: StaticLedger<u64, PLACES, Fifths>,
    /// The number of the last new key, and the true maxima.
    recorded: Mutex<(u64, Oracle<u64>)>,
    /// The residents of the first leaf, in its slots from the second one on; the first slot is free.
    leaf: [u64; 3],
}

impl Scene {
    /// The first leaf has peaks of 1100, `second` and 1 000 000, and its bound is 1050. The lowest peak elsewhere is 2000; the
    /// others are 1 500 000. The floor is 1000.
    fn new(second: u64) -> Self {
        let mut scene = Self {
            ledger: StaticLedger::with_hasher(Fifths),
            recorded: Mutex::new((0, Oracle::default())),
            leaf: [0; 3],
        };
        let lowest = scene.newcomer(0, 1_000);
        scene.leaf = [1_050, second, 1_000_000].map(|bytes| scene.newcomer(0, bytes));
        scene.newcomer(2, 2_000);
        for number in 0..11 {
            scene.newcomer([0, 1, 2, 3][number % 4], 1_500_000);
        }
        scene.newcomer(3, 1_500_000);
        assert_eq!(scene.ledger.peak(&lowest), 0);
        scene.record(scene.leaf[0], 1_100);
        scene
    }

    fn record(&self, key: u64, bytes: u64) -> Recorded {
        self.recorded.lock().expect("no test has failed").1.record(&key, bytes);
        self.ledger.record_peak(&key, bytes)
    }

    /// A key with its home in this fifth.
    fn new_key(&self, fifth: u64) -> u64 {
        let number = &mut self.recorded.lock().expect("no test has failed").0;
        *number += 1;
        fifth << 32 | *number
    }

    /// Records for a new key, which it returns.
    fn newcomer(&self, fifth: u64, bytes: u64) -> u64 {
        let key = self.new_key(fifth);
        self.record(key, bytes);
        key
    }

    /// Compares what the ledger shows with what it should, once two more residents have been evicted.
    fn check(&self) -> Result<(), String> {
        for _ in 0..2 {
            self.newcomer(4, 2_000_000);
            let mut contents = vec![(0, 0); PLACES];
            let len = self.ledger.top_into(&mut contents).len();
            contents.truncate(len);
            self.recorded.lock().expect("no test has failed").1.check(&Observed {
                capacity: PLACES,
                len: self.ledger.len(),
                contents,
                floor: self.ledger.floor(),
                untracked_at_most: self.ledger.untracked_at_most(),
                refused: self.ledger.refused(),
            })?;
        }
        Ok(())
    }
}

/// Makes the calls, with a handler before step `due`; tells whether it came.
fn with_interrupt(due: u32, handler: impl FnOnce() + 'static, calls: impl FnOnce()) -> bool {
    let came = Rc::new(Cell::new(false));
    let handler_came = came.clone();
    interrupt_after(due, move || {
        handler_came.set(true);
        handler();
    });
    calls();
    while withdraw_interrupt().is_some() {}
    came.get()
}

/// A newcomer evicts the lowest resident, which is in the first leaf. Before step `first` of that call, once the newcomer is
/// resident, an interrupt records a value that is turned away. `gap` steps later another one raises the next higher resident of that leaf, and
/// so many newcomers come in there, each as high as it takes to evict the one before, and the last one as high as the bound was when the
/// first interrupt was over. Tells which interrupts came.
fn storm(first: u32, gap: u32, newcomers: u64) -> (bool, bool) {
    let scene = Rc::new(Scene::new(1_700_000));
    let key = scene.new_key(3);
    let came = Rc::new(Cell::new((false, false)));
    let (handled, handler_came) = (scene.clone(), came.clone());
    let turn_away = move || {
        if handled.ledger.peak(&key) == 0 {
            return;
        }
        handler_came.set((true, false));
        assert_eq!(handled.record(handled.new_key(1), 1_101), Recorded::Dropped);
        interrupt_after(gap, move || {
            handler_came.set((true, true));
            assert_eq!(handled.record(handled.leaf[2], 1_600_000), Recorded::Raised);
            for number in 1..=newcomers {
                let bytes = 1_000_000 - newcomers + number;
                assert_eq!(handled.record(handled.new_key(0), bytes), Recorded::Admitted);
            }
        });
    };
    with_interrupt(first, turn_away, || assert_eq!(scene.record(key, 1_500_000), Recorded::Admitted));
    if let Err(why) = scene.check() {
        panic!("{newcomers} newcomers {gap} steps after one turned away at {first}: {why}");
    }
    came.get()
}

/// With the storm before every step that is left of the call.
fn storms(newcomers: u64) {
    let first = (0..STUCK).find(|&first| storm(first, 0, 1).0).expect("some step follows the admission");
    let steps = (0..STUCK).find(|&gap| !storm(first, gap, newcomers).1).expect("the call has an end");
    println!("{newcomers} newcomers before each of {steps} steps");
    assert!(steps > 1);
}

#[test]
fn one_newcomer() {
    storms(1);
}

#[test]
fn one_less_than_two_to_the_sixteenth() {
    storms(65_535);
}

#[test]
fn two_to_the_sixteenth() {
    storms(65_536);
}

#[test]
fn one_more_than_two_to_the_sixteenth() {
    storms(65_537);
}

/// What a thread does with a new scene.
type Calls = fn(&Scene);

/// A newcomer to another leaf evicts the lowest resident of the first one.
const EVICTS: Calls = |scene| {
    scene.newcomer(3, 1_500_000);
};
/// A newcomer is turned away, and its search raises the bound of the first leaf.
const IS_TURNED_AWAY: Calls = |scene| {
    scene.newcomer(1, 1_060);
};

/// A newcomer takes the first slot and evicts the lowest resident, in one of the next slots.
fn comes_in<const BYTES: u64>(scene: &Scene) {
    scene.newcomer(0, BYTES);
}

/// The same, and then it grows, so that the search for another one raises the bound of the first leaf.
fn comes_in_and_grows<const BYTES: u64>(scene: &Scene) {
    let key = scene.newcomer(0, BYTES);
    scene.record(key, BYTES + 10);
    scene.newcomer(1, BYTES + 5);
}

/// Two threads. One is suspended before step `first` of its calls; then the other begins, and is suspended before step `second`
/// until the first one is through. Tells which of them were.
fn two_at_once(leaf: u64, calls: [Calls; 2], first: u32, second: u32) -> (bool, bool) {
    let scene = Arc::new(Scene::new(leaf));
    let (resume, resumed) = mpsc::channel::<()>();
    let began = Rc::new(Cell::new(None));
    let (handled, handler_began) = (scene.clone(), began.clone());
    let other = move || {
        let (suspend, suspended) = mpsc::channel();
        handler_began.set(Some(thread::spawn(move || {
            let wait = {
                let suspend = suspend.clone();
                move || {
                    suspend.send(()).expect("the first thread waits");
                    let _ = resumed.recv();
                }
            };
            let came = with_interrupt(second, wait, || calls[1](&handled));
            let _ = suspend.send(());
            came
        })));
        suspended.recv().expect("the second thread does not fail");
    };
    let came = with_interrupt(first, other, || calls[0](&scene));
    drop(resume);
    let other_came =
        began.take().is_some_and(|thread| thread.join().expect("the second thread does not fail"));
    if let Err(why) = scene.check() {
        panic!("one suspended before step {first}, and then the other before step {second}: {why}");
    }
    (came, other_came)
}

/// With both threads suspended before each of their steps.
fn every_two_steps(leaf: u64, calls: [Calls; 2]) {
    let mut pairs = 0;
    for first in 0..STUCK {
        for second in 0..STUCK {
            match two_at_once(leaf, calls, first, second) {
                (true, true) => pairs += 1,
                (true, false) => break,
                (false, _) => {
                    println!("{first} steps of one call, {pairs} pairs");
                    assert!(pairs > first);
                    return;
                }
            }
        }
    }
}

#[test]
fn an_eviction_and_a_newcomer() {
    every_two_steps(1_200, [EVICTS, comes_in::<1_250>]);
}

#[test]
fn an_eviction_and_a_search() {
    every_two_steps(1_200, [EVICTS, comes_in_and_grows::<1_250>]);
}

#[test]
fn a_search_and_an_eviction() {
    every_two_steps(1_700_000, [IS_TURNED_AWAY, comes_in::<1_150>]);
}

#[test]
fn two_searches() {
    every_two_steps(1_700_000, [IS_TURNED_AWAY, comes_in_and_grows::<1_150>]);
}

/// The steps of so many evictions, the first few left out, by newcomers that are higher each time.
#[cfg(not(highwater_narrow))]
fn steps_of_evictions<const PLACES: usize>(lowest: u64) -> u32 {
    const EVICTIONS: u64 = 1_000;
    let ledger = Box::new(StaticLedger::<u64, PLACES>::new());
    let before = PLACES as u64 + EVICTIONS;
    let record = |number| ledger.record_peak(&number, lowest + number);
    for number in 0..before {
        record(number);
    }
    let began = Steps::until_now();
    for number in before..before + EVICTIONS {
        assert_eq!(record(number), Recorded::Admitted);
    }
    Steps::since(began).total()
}

/// An eviction costs as many steps with the highest peaks as with low ones, and few more in a table that is much larger.
#[cfg(not(highwater_narrow))]
#[test]
fn evictions_are_logarithmic_at_any_peak() {
    let steps = [1, 1 << 32, 1 << 48, oracle::LARGEST_PEAK - 5_000].map(steps_of_evictions::<256>);
    assert_eq!(steps, [steps[0]; 4]);
    let of_more = steps_of_evictions::<2048>(1 << 48);
    println!("1000 evictions: {} steps at 256 places, {of_more} at 2048", steps[0]);
    assert!(of_more < steps[0] * 2);
}
