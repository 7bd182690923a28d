//! A thread that calls a ledger by windows and writes down what it was answered.

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};

use highwater::{Tracker, WindowedLedger};

use crate::models::{
    history::{self, Event},
    kinds::{Pair, number, pair},
    windows_rule::{Contents, Operation},
};

/// Few bits for the bytes, as the models record few.
pub type Ledger<S> = WindowedLedger<Pair, S, 8>;

/// A call. Windows are counted back from the one that is current at the beginning of the call.
#[derive(Clone, Copy, Debug)]
pub enum Do {
    Record(u64, u64),
    /// The same through a tracker of this thread's.
    Track(u64, u64),
    Peak(u64),
    Floor,
    Number,
    Current,
    Rotate,
    Closed(u64),
}

pub struct Caller<S: BuildHasher> {
    ledger: Ledger<S>,
    trackers: BTreeMap<u64, Tracker<Ledger<S>>>,
    pub history: Vec<Event<Operation>>,
}

impl<S: BuildHasher> Caller<S> {
    pub fn new(ledger: &Ledger<S>) -> Self {
        Self { ledger: ledger.clone(), trackers: BTreeMap::new(), history: Vec::new() }
    }

    pub fn run(mut self, calls: &[Do]) -> Self {
        calls.iter().for_each(|&call| self.make(call));
        self
    }

    pub fn make(&mut self, what: Do) {
        let number_before = self.ledger.number();
        let call = now();
        let operations = match what {
            Do::Record(key, bytes) => {
                let answer = Some(self.ledger.record_peak(&pair(key), bytes));
                vec![Operation::Now(history::Operation::Record { key, bytes, answer })]
            }
            Do::Track(key, bytes) => {
                let tracker = self.trackers.entry(key).or_insert_with(|| self.ledger.tracker(pair(key)));
                let answer = Some(tracker.record_peak(bytes));
                vec![Operation::Now(history::Operation::Record { key, bytes, answer })]
            }
            Do::Peak(key) => {
                let answer = self.ledger.peak(&pair(key));
                vec![Operation::Now(history::Operation::Peak { key, answer })]
            }
            Do::Floor => {
                vec![Operation::Now(history::Operation::Floor { answer: self.ledger.floor() })]
            }
            Do::Number => vec![Operation::Number { answer: self.ledger.number() }],
            Do::Current => {
                let window = self.ledger.current();
                let peak =
                    |(key, answer)| Operation::PeakIn { window: window.number(), key: number(key), answer };
                window.entries().iter().copied().map(peak).collect()
            }
            Do::Rotate => {
                vec![Operation::Rotate { answer: self.ledger.rotate().expect("there are windows enough") }]
            }
            Do::Closed(back) => {
                let number_of_it = number_before.saturating_sub(back);
                let read = self.ledger.closed(number_of_it);
                let answer = read.map(|window| Contents::of(&window, number));
                vec![Operation::Closed { number: number_of_it, answer }]
            }
        };
        let end = now();
        self.history.extend(operations.into_iter().map(|operation| Event { call, end, operation }));
    }
}

/// A clock that every thread of an execution reads.
fn now() -> u64 {
    static CLOCK: AtomicU64 = AtomicU64::new(0);
    CLOCK.fetch_add(1, Ordering::Relaxed)
}
