//! The highest residents, in order, in the caller's memory.

use core::cmp::Ordering;

/// Entries that a walk meets, the highest peaks first, each key once.
pub(super) struct Ranking<'t, K, T> {
    places: &'t mut [(K, u64)],
    filled: usize,
    tie: T,
}

impl<'t, K: Eq, T: Fn(&K, &K) -> Ordering> Ranking<'t, K, T> {
    /// Ranks as many entries as `top` has places, but no more than the capacity: a walk may meet a
    /// newcomer and also the resident that it evicted.
    pub(super) fn new(top: &'t mut [(K, u64)], capacity: usize, tie: T) -> Self {
        let places = top.len().min(capacity);
        Self { places: &mut top[..places], filled: 0, tie }
    }

    pub(super) fn insert(&mut self, key: K, peak: u64) {
        let entry = (key, peak);
        let is_full = self.filled == self.places.len();
        // A key that is in the list already is there with a peak no lower than the last entry's.
        if is_full && self.places.last().is_none_or(|last| self.rank(&entry, last).is_ge()) {
            return;
        }
        let known = self.places[..self.filled].iter().position(|(other, _)| *other == entry.0);
        let mut place = match known {
            Some(known) if self.places[known].1 >= peak => return,
            // Evicted and admitted again during the walk, with a higher peak.
            Some(known) => known,
            None if is_full => self.filled - 1,
            None => {
                self.filled += 1;
                self.filled - 1
            }
        };
        self.places[place] = entry;
        while place > 0 && self.rank(&self.places[place], &self.places[place - 1]).is_lt() {
            self.places.swap(place, place - 1);
            place -= 1;
        }
    }

    pub(super) fn into_filled(self) -> &'t mut [(K, u64)] {
        &mut self.places[..self.filled]
    }

    /// Highest peak first.
    fn rank(&self, a: &(K, u64), b: &(K, u64)) -> Ordering {
        b.1.cmp(&a.1).then_with(|| (self.tie)(&a.0, &b.0))
    }
}
