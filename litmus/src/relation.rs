//! Binary relations on the events of one execution, as matrices of bits.

use std::ops::BitOr;

/// The most events of an execution, initial writes included.
pub const MAX_EVENTS: usize = 32;

/// Some of the events: bit `e` stands for event `e`.
pub type Set = u32;

/// Bit `b` of row `a` says that `a` is related to `b`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relation([Set; MAX_EVENTS]);

impl Relation {
    pub const EMPTY: Self = Self([0; MAX_EVENTS]);

    /// Every event of the set to itself: `[S]` in papers.
    pub fn identity(set: Set) -> Self {
        Self(std::array::from_fn(|event| set & 1 << event))
    }

    pub fn insert(&mut self, from: usize, to: usize) {
        self.0[from] |= 1 << to;
    }

    pub fn contains(&self, from: usize, to: usize) -> bool {
        self.0[from] & 1 << to != 0
    }

    /// Composition: `self; next`.
    pub fn then(self, next: Self) -> Self {
        Self(self.0.map(|row| bits(row).fold(0, |reached, event| reached | next.0[event])))
    }

    /// The pairs that begin in `from` and end in `to`.
    pub fn between(self, from: Set, to: Set) -> Self {
        Self(std::array::from_fn(|event| if from & 1 << event == 0 { 0 } else { self.0[event] & to }))
    }

    pub fn inverse(self) -> Self {
        let mut inverse = Self::EMPTY;
        for (from, row) in self.0.into_iter().enumerate() {
            bits(row).for_each(|to| inverse.insert(to, from));
        }
        inverse
    }

    pub fn and(self, other: Self) -> Self {
        Self(std::array::from_fn(|event| self.0[event] & other.0[event]))
    }

    pub fn minus(self, other: Self) -> Self {
        Self(std::array::from_fn(|event| self.0[event] & !other.0[event]))
    }

    /// `self` or nothing: the identity of all events added.
    pub fn optional(self) -> Self {
        self | Self::identity(Set::MAX)
    }

    /// The transitive closure.
    pub fn closure(mut self) -> Self {
        for middle in 0..MAX_EVENTS {
            let beyond = self.0[middle];
            for row in &mut self.0 {
                if *row & 1 << middle != 0 {
                    *row |= beyond;
                }
            }
        }
        self
    }

    pub fn is_irreflexive(self) -> bool {
        (0..MAX_EVENTS).all(|event| !self.contains(event, event))
    }

    pub fn is_acyclic(self) -> bool {
        self.closure().is_irreflexive()
    }

    pub fn is_empty(self) -> bool {
        self == Self::EMPTY
    }
}

impl BitOr for Relation {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(std::array::from_fn(|event| self.0[event] | other.0[event]))
    }
}

fn bits(mut set: Set) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let event = (set != 0).then(|| set.trailing_zeros() as usize)?;
        set &= set - 1;
        Some(event)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relation(pairs: &[(usize, usize)]) -> Relation {
        let mut relation = Relation::EMPTY;
        pairs.iter().for_each(|&(from, to)| relation.insert(from, to));
        relation
    }

    #[test]
    fn relations_are_composed_inverted_and_closed() {
        let chain = relation(&[(0, 1), (1, 2), (2, 31)]);
        assert_eq!(chain.then(chain), relation(&[(0, 2), (1, 31)]));
        assert_eq!(chain.inverse(), relation(&[(1, 0), (2, 1), (31, 2)]));
        assert_eq!(chain.closure(), chain | relation(&[(0, 2), (0, 31), (1, 31)]));
        assert_eq!(chain.between(0b11, 0b100), relation(&[(1, 2)]));
        assert_eq!(chain.minus(relation(&[(0, 1)])), relation(&[(1, 2), (2, 31)]));
        assert_eq!(chain.and(relation(&[(0, 1), (5, 6)])), relation(&[(0, 1)]));
        assert!(chain.is_acyclic() && !(chain | relation(&[(31, 0)])).is_acyclic());
        assert!(!chain.optional().is_irreflexive() && chain.minus(chain).is_empty());
    }
}
