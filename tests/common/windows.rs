//! Histories of a ledger by windows, and the sequential rule for them: the rule of a ledger in each
//! window, rotations between them, and windows that have ended and stay as they are.

use highwater::{Recorded, Window};

use super::history;
use super::linearizability::{Ledger, Rule};

/// A call with its answer, keys by number.
#[derive(Clone, Debug)]
pub enum Operation {
    /// One that concerns the current window.
    Now(history::Operation),
    /// The peak of a key, read while this window was current.
    PeakIn {
        window: u64,
        key: u64,
        answer: u64,
    },
    Number {
        answer: u64,
    },
    Rotate {
        answer: u64,
    },
    Closed {
        number: u64,
        answer: Option<Contents>,
    },
}

/// What a window held when it ended.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Contents {
    /// By key.
    pub entries: Vec<(u64, u64)>,
    pub floor: u64,
    pub untracked_at_most: u64,
}

impl Contents {
    pub fn of<K: Copy + std::fmt::Debug>(window: &Window<'_, K>, number: impl Fn(K) -> u64) -> Self {
        let mut entries: Vec<_> = window.entries().iter().map(|&(key, peak)| (number(key), peak)).collect();
        entries.sort_unstable();
        let (floor, untracked_at_most) = (window.floor(), window.untracked_at_most());
        assert!(window.refused() > 0 || floor == untracked_at_most, "refused without a count: {window:?}");
        Self { entries, floor, untracked_at_most }
    }
}

/// The rule of a ledger with so many places a window that keeps so many closed windows.
pub struct Windows {
    pub capacity: usize,
    pub kept: usize,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct State {
    number: u64,
    now: Ledger,
    /// The largest value refused in the current window.
    lost: u64,
    /// The last one first.
    closed: Vec<Contents>,
}

impl Rule for Windows {
    type Operation = Operation;
    type State = State;

    fn start(&self) -> State {
        State { number: 1, now: Ledger::default(), lost: 0, closed: Vec::new() }
    }

    fn after(&self, state: &State, operation: &Operation) -> Vec<State> {
        let unchanged_if = |legal: bool| if legal { vec![state.clone()] } else { Vec::new() };
        match operation {
            Operation::Now(operation) => {
                let mut lost = state.lost;
                if let history::Operation::Record { bytes, answer: Some(Recorded::Refused), .. } = operation {
                    lost = lost.max(*bytes);
                }
                let next = state.now.after(operation, self.capacity);
                next.into_iter().map(|now| State { now, lost, ..state.clone() }).collect()
            }
            &Operation::PeakIn { window, key, answer } => unchanged_if(
                state.number == window && state.now.residents.get(&key).copied().unwrap_or(0) == answer,
            ),
            Operation::Number { answer } => unchanged_if(state.number == *answer),
            Operation::Rotate { answer } if *answer == state.number => vec![self.rotated(state)],
            Operation::Rotate { .. } => Vec::new(),
            Operation::Closed { number, answer } => {
                unchanged_if(self.closed(state, *number) == answer.as_ref())
            }
        }
    }
}

impl Windows {
    fn rotated(&self, state: &State) -> State {
        let floor = state.now.lowest(self.capacity);
        let ended = Contents {
            entries: state.now.residents.iter().map(|(&key, &peak)| (key, peak)).collect(),
            floor,
            untracked_at_most: floor.max(state.lost),
        };
        let mut closed = state.closed.clone();
        closed.insert(0, ended);
        closed.truncate(self.kept);
        State { number: state.number + 1, now: Ledger::default(), lost: 0, closed }
    }

    fn closed<'s>(&self, state: &'s State, number: u64) -> Option<&'s Contents> {
        let back = state.number.checked_sub(number)?.checked_sub(1)?;
        state.closed.get(back as usize)
    }
}
