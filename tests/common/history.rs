//! Histories of calls: who called what, when it began and ended, and what it answered.

use std::fmt::Debug;

use highwater::Recorded;

use super::subject::Subject;

/// A call with its answer, keys by number. `None` stands for the answer of a call that never
/// returned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    Record {
        key: u64,
        bytes: u64,
        answer: Option<Recorded>,
    },
    Peak {
        key: u64,
        answer: u64,
    },
    Len {
        answer: usize,
    },
    /// A certificate: at most the lowest resident's peak, at least every untracked maximum.
    Floor {
        answer: u64,
    },
}

/// An operation between two readings of a clock; it took effect somewhere in `call..=end`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Event<O = Operation> {
    pub call: u64,
    /// [`PENDING`] when the call never returned.
    pub end: u64,
    pub operation: O,
}

/// The end of a call that never returned.
pub const PENDING: u64 = u64::MAX;

/// A call that a random program makes.
#[derive(Clone, Copy, Debug)]
pub enum Call {
    Record { key: u64, bytes: u64 },
    Peak { key: u64 },
    Len,
    Floor,
    Snapshot,
}

impl Call {
    /// Few keys, few values: calls that have something to do with each other.
    pub fn random(rng: &mut fastrand::Rng, keys: u64, largest: u64) -> Self {
        match rng.u8(..10) {
            0..5 => Self::Record { key: rng.u64(..keys), bytes: rng.u64(1..=largest) },
            5..7 => Self::Peak { key: rng.u64(..keys) },
            7 => Self::Len,
            8 => Self::Floor,
            _ => Self::Snapshot,
        }
    }

    /// Makes the call and writes down what it answered. A snapshot is a read of every entry that it
    /// shows.
    pub fn run<S: Subject>(self, ledger: &S, now: &impl Fn() -> u64, history: &mut Vec<Event>) {
        let call = now();
        let mut note = |end, operation| history.push(Event { call, end, operation });
        match self {
            Self::Record { key, bytes } => {
                let answer = ledger.record_peak(&S::key(key), bytes);
                note(now(), Operation::Record { key, bytes, answer: Some(answer) });
            }
            Self::Peak { key } => {
                let answer = ledger.peak(&S::key(key));
                note(now(), Operation::Peak { key, answer });
            }
            Self::Len => {
                let answer = ledger.len();
                note(now(), Operation::Len { answer });
            }
            Self::Floor => {
                let answer = ledger.floor();
                note(now(), Operation::Floor { answer });
            }
            Self::Snapshot => {
                let entries = ledger.snapshot();
                let end = now();
                assert!(entries.len() <= ledger.capacity(), "a snapshot of {} entries", entries.len());
                for (shown, answer) in entries {
                    let key = (0..).find(|&key| S::key(key) == shown).expect("every shown key was recorded");
                    note(end, Operation::Peak { key, answer });
                }
            }
        }
    }
}
