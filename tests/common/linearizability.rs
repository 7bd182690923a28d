//! Is a history linearizable? A search in the manner of Wing and Gong, with the memory of dead ends
//! that Lowe added.
//!
//! The search takes, one after another, operations that no other remaining operation precedes in
//! real time, and asks the sequential rule whether the answer was legal. Which of several lowest
//! residents is evicted is left open by the rule, so each of them is tried. Two ways to the same
//! set of operations and the same state need not both be followed.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Debug;
use std::hash::Hash;

use highwater::Recorded;

use super::history::{Event, Operation, PENDING};
use super::oracle::LARGEST_PEAK;

/// The longest history that fits the set of operations taken.
pub const LONGEST: usize = 128;

/// A sequential rule: which states an operation may lead to, given its answer.
pub trait Rule {
    type Operation: Debug;
    type State: Clone + Eq + Hash;

    fn start(&self) -> Self::State;

    /// None when the answer is illegal here.
    fn after(&self, state: &Self::State, operation: &Self::Operation) -> Vec<Self::State>;
}

/// The rule of a ledger with so many places.
struct Places(usize);

impl Rule for Places {
    type Operation = Operation;
    type State = Ledger;

    fn start(&self) -> Ledger {
        Ledger::default()
    }

    fn after(&self, state: &Ledger, operation: &Operation) -> Vec<Ledger> {
        state.after(operation, self.0)
    }
}

/// The sequential ledger: what is resident, and the largest value so far of every key that anything
/// was recorded for.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Ledger {
    pub residents: BTreeMap<u64, u64>,
    maxima: BTreeMap<u64, u64>,
}

impl Ledger {
    /// The lowest resident's peak, 0 while there are free places.
    pub fn lowest(&self, capacity: usize) -> u64 {
        if self.residents.len() < capacity { 0 } else { self.residents.values().copied().min().unwrap_or(0) }
    }

    /// The states that `operation` may lead to, given its answer; none when the answer is illegal
    /// here.
    pub fn after(&self, operation: &Operation, capacity: usize) -> Vec<Self> {
        match *operation {
            Operation::Record { key, bytes, answer } => {
                self.after_record(key, bytes.min(LARGEST_PEAK), answer, capacity)
            }
            Operation::Peak { key, answer } => {
                self.unchanged_if(self.residents.get(&key).copied().unwrap_or(0) == answer)
            }
            Operation::Len { answer } => self.unchanged_if(self.residents.len() == answer),
            Operation::Floor { answer } => {
                let covers =
                    |(key, &maximum): (&u64, &u64)| self.residents.contains_key(key) || maximum <= answer;
                self.unchanged_if(answer <= self.lowest(capacity) && self.maxima.iter().all(covers))
            }
        }
    }

    fn unchanged_if(&self, legal: bool) -> Vec<Self> {
        if legal { vec![self.clone()] } else { Vec::new() }
    }

    fn after_record(&self, key: u64, bytes: u64, answer: Option<Recorded>, capacity: usize) -> Vec<Self> {
        let lowest = self.lowest(capacity);
        if answer == Some(Recorded::Refused) {
            // Not kept: for the rule it is as if the call had not been made. A test of a ledger
            // that may not refuse checks that.
            return vec![self.clone()];
        }
        let mut next = self.clone();
        if bytes > 0 {
            let maximum = next.maxima.entry(key).or_insert(0);
            *maximum = bytes.max(*maximum);
        }
        let is = |expected: Recorded| answer.is_none_or(|given| given == expected);
        if bytes <= lowest {
            return if is(Recorded::Unchanged) || is(Recorded::Dropped) { vec![next] } else { Vec::new() };
        }
        if let Some(&peak) = self.residents.get(&key) {
            next.residents.insert(key, bytes.max(peak));
            let expected = if bytes > peak { Recorded::Raised } else { Recorded::Unchanged };
            return if is(expected) { vec![next] } else { Vec::new() };
        }
        if !is(Recorded::Admitted) {
            return Vec::new();
        }
        if self.residents.len() < capacity {
            next.residents.insert(key, bytes);
            return vec![next];
        }
        let victims = self.residents.iter().filter(|resident| *resident.1 == lowest);
        victims
            .map(|(victim, _)| {
                let mut evicted = next.clone();
                evicted.residents.remove(victim);
                evicted.residents.insert(key, bytes);
                evicted
            })
            .collect()
    }
}

/// The number of states that the search saw on its way to a legal order, or an error when there is
/// none.
///
/// Operations of one thread must not overlap. A [`PENDING`] operation may have taken effect, or
/// not.
///
/// # Errors
/// The longest legal order of a prefix that was found, for a human to look at.
///
/// # Panics
/// If the history has more than [`LONGEST`] operations.
pub fn check(history: &[Event], capacity: usize) -> Result<usize, String> {
    check_by(&Places(capacity), history)
}

/// The same by any rule.
///
/// # Errors
/// As [`check`].
///
/// # Panics
/// As [`check`].
pub fn check_by<R: Rule>(rule: &R, history: &[Event<R::Operation>]) -> Result<usize, String> {
    assert!(history.len() <= LONGEST, "{} operations are more than the {LONGEST} that fit", history.len());
    let mut search = Search { history, rule, seen: HashSet::new(), order: Vec::new(), longest: Vec::new() };
    if search.extend(0, &rule.start()) {
        return Ok(search.seen.len());
    }
    let mut text = "no legal order; the longest legal beginning:\n".to_owned();
    for &index in &search.longest {
        text += &format!("  {:?}\n", history[index]);
    }
    text += "left over:\n";
    for (index, event) in history.iter().enumerate().filter(|(index, _)| !search.longest.contains(index)) {
        text += &format!("  {index}: {event:?}\n");
    }
    Err(text)
}

struct Search<'a, R: Rule> {
    history: &'a [Event<R::Operation>],
    rule: &'a R,
    seen: HashSet<(u128, R::State)>,
    order: Vec<usize>,
    longest: Vec<usize>,
}

impl<R: Rule> Search<'_, R> {
    /// Whether the operations outside `taken` can follow on `state` in some legal order.
    fn extend(&mut self, taken: u128, state: &R::State) -> bool {
        let left = || (0..self.history.len()).filter(|index| taken & 1 << index == 0);
        // The call that ends first must come before every call that began after that.
        let first_end = left().map(|index| self.history[index].end).min().unwrap_or(PENDING);
        if first_end == PENDING {
            return true;
        }
        if !self.seen.insert((taken, state.clone())) {
            return false;
        }
        let candidates: Vec<usize> = left().filter(|&index| self.history[index].call <= first_end).collect();
        for index in candidates {
            for next in self.rule.after(state, &self.history[index].operation) {
                self.order.push(index);
                if self.order.len() > self.longest.len() {
                    self.longest.clone_from(&self.order);
                }
                if self.extend(taken | 1 << index, &next) {
                    return true;
                }
                self.order.pop();
            }
        }
        false
    }
}
