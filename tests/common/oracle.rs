//! The one-line oracle: fold by maximum, sort, truncate. It knows nothing of the order in which the
//! calls were made.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

/// The largest peak that a ledger can hold; larger values are recorded as this one.
pub const LARGEST_PEAK: u64 =
    if cfg!(any(highwater_narrow, not(target_has_atomic = "64"))) { (1 << 31) - 1 } else { (1 << 63) - 1 };

/// The readings of a ledger when no call was in flight.
#[derive(Clone, Debug)]
pub struct Observed<K> {
    pub capacity: usize,
    pub len: usize,
    pub contents: Vec<(K, u64)>,
    pub floor: u64,
    pub untracked_at_most: u64,
    pub refused: u64,
}

/// The true maximum of every key that anything was recorded for.
#[derive(Clone, Debug)]
pub struct Oracle<K> {
    maxima: BTreeMap<K, u64>,
}

impl<K> Default for Oracle<K> {
    fn default() -> Self {
        Self { maxima: BTreeMap::new() }
    }
}

impl<K: Clone + Ord + Debug> Oracle<K> {
    pub fn record(&mut self, key: &K, bytes: u64) {
        let bytes = bytes.min(LARGEST_PEAK);
        if bytes > 0 {
            let maximum = self.maxima.entry(key.clone()).or_insert(0);
            *maximum = bytes.max(*maximum);
        }
    }

    /// The contents of one ledger that was fed everything that `self` and `other` were fed.
    pub fn merge(&mut self, other: &Self) {
        for (key, &bytes) in &other.maxima {
            self.record(key, bytes);
        }
    }

    pub fn maximum(&self, key: &K) -> u64 {
        self.maxima.get(key).copied().unwrap_or(0)
    }

    /// The `capacity` largest maxima, largest first.
    pub fn largest(&self, capacity: usize) -> Vec<u64> {
        let mut values: Vec<u64> = self.maxima.values().copied().collect();
        values.sort_unstable_by(|a, b| b.cmp(a));
        values.truncate(capacity);
        values
    }

    /// Compares what a ledger shows with the exact top `capacity`; ties at the floor may go either
    /// way.
    ///
    /// # Errors
    /// The first difference, in words.
    pub fn check(&self, observed: &Observed<K>) -> Result<(), String> {
        self.check_form(observed)?;
        if observed.refused == 0 { self.check_exact(observed) } else { self.check_bounds(observed) }
    }

    /// The rules that hold even if a key was refused.
    fn check_form(&self, observed: &Observed<K>) -> Result<(), String> {
        let mut seen = BTreeSet::new();
        for (key, peak) in &observed.contents {
            if !seen.insert(key) {
                return Err(format!("{key:?} occupies two places"));
            }
            if *peak == 0 || *peak > self.maximum(key) {
                return Err(format!("{key:?} shows {peak}, its true maximum is {}", self.maximum(key)));
            }
            if *peak < observed.floor {
                return Err(format!("{key:?} shows {peak}, below the floor {}", observed.floor));
            }
        }
        if observed.contents.len() > observed.capacity {
            return Err(format!("{} residents in {} places", observed.contents.len(), observed.capacity));
        }
        if observed.len != observed.contents.len() {
            return Err(format!(
                "len() is {}, but there are {} residents",
                observed.len,
                observed.contents.len()
            ));
        }
        if observed.floor > 0 && observed.len < observed.capacity {
            return Err(format!("a floor of {} with free places", observed.floor));
        }
        if observed.untracked_at_most < observed.floor {
            return Err(format!("untracked_at_most() {} is below the floor", observed.untracked_at_most));
        }
        for (key, &maximum) in &self.maxima {
            if !seen.contains(key) && maximum > observed.untracked_at_most {
                return Err(format!(
                    "{key:?} is not tracked, its maximum {maximum} exceeds untracked_at_most() {}",
                    observed.untracked_at_most
                ));
            }
        }
        Ok(())
    }

    /// Nothing was refused: exactly the top `capacity`, each with its exact maximum.
    fn check_exact(&self, observed: &Observed<K>) -> Result<(), String> {
        for (key, peak) in &observed.contents {
            if *peak != self.maximum(key) {
                return Err(format!("{key:?} shows {peak}, its true maximum is {}", self.maximum(key)));
            }
        }
        let mut shown: Vec<u64> = observed.contents.iter().map(|entry| entry.1).collect();
        shown.sort_unstable_by(|a, b| b.cmp(a));
        let expected = self.largest(observed.capacity);
        if shown != expected {
            return Err(format!("the peaks are {shown:?}, should be {expected:?}"));
        }
        for (key, &maximum) in &self.maxima {
            if maximum > observed.floor && !observed.contents.iter().any(|entry| entry.0 == *key) {
                return Err(format!(
                    "{key:?} is not tracked, its maximum {maximum} exceeds the floor {}",
                    observed.floor
                ));
            }
        }
        Ok(())
    }

    /// Something was refused: a resident may miss only values that the certificate still covers.
    fn check_bounds(&self, observed: &Observed<K>) -> Result<(), String> {
        for (key, peak) in &observed.contents {
            if self.maximum(key) > (*peak).max(observed.untracked_at_most) {
                return Err(format!("{key:?} shows {peak}, its true maximum is {}", self.maximum(key)));
            }
        }
        Ok(())
    }
}
