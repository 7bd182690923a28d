//! The exact answer, kept the simple way, and its comparison with a ledger.

use std::collections::{HashMap, HashSet};
use std::fmt;

use highwater::{MemoryLedger, PrincipalId, Snapshot};
use serde::{Serialize, Serializer};

/// Every principal's maximum, in memory that grows with their number.
#[derive(Debug, Clone, Default)]
pub struct ExactPeaks(HashMap<PrincipalId, u64>);

impl ExactPeaks {
    pub fn record(&mut self, principal: PrincipalId, bytes: u64) {
        let peak = self.0.entry(principal).or_default();
        *peak = bytes.max(*peak);
    }

    /// Takes over what another worker saw. A maximum does not care for order, so neither does this.
    pub fn fold(mut self, other: Self) -> Self {
        for (principal, bytes) in other.0 {
            self.record(principal, bytes);
        }
        self
    }

    /// Principals that used anything at all.
    pub fn len(&self) -> usize {
        self.0.values().filter(|&&peak| peak > 0).count()
    }

    /// All the ways in which `ledger`, with no call in flight, is not the exact top of these peaks.
    ///
    /// The ledger may choose freely among equal principals at its floor, and only there.
    pub fn differences(&self, ledger: &MemoryLedger) -> Vec<Difference> {
        let residents = ledger.snapshot();
        let mut found = self.compare(&residents);
        if ledger.len() != residents.len() {
            let expected = self.len().min(ledger.capacity());
            found.push(Difference::Residents { expected, listed: residents.len(), counted: ledger.len() });
        }
        for &(principal, listed) in &residents {
            let recorded = ledger.peak(&principal);
            if recorded != listed {
                found.push(Difference::Peak { principal, recorded, exact: listed });
            }
        }
        found
    }

    /// The same of a snapshot that was taken with no call in flight, or of a window that has ended.
    pub fn compare(&self, residents: &Snapshot<PrincipalId>) -> Vec<Difference> {
        let mut found = Vec::new();
        if residents.refused() > 0 {
            found.push(Difference::Refused { newcomers: residents.refused() });
        }
        let (expected, listed) = (self.len().min(residents.capacity()), residents.len());
        if listed != expected {
            found.push(Difference::Residents { expected, listed, counted: listed });
        }

        let mut resident = HashSet::new();
        for &(principal, recorded) in residents {
            if !resident.insert(principal) {
                found.push(Difference::Twice { principal });
            }
            let exact = self.0.get(&principal).copied().unwrap_or(0);
            if recorded != exact {
                found.push(Difference::Peak { principal, recorded, exact });
            }
        }

        // A full ledger may leave out principals that its lowest resident equals or exceeds. One
        // with room may leave out none.
        let lowest = residents.iter().map(|&(_, peak)| peak).min().unwrap_or(0);
        let may_be_missing = if listed == residents.capacity() { lowest } else { 0 };
        let certified = residents.untracked_at_most();
        if certified > may_be_missing {
            found.push(Difference::Certificate { certified, lowest: may_be_missing });
        }
        for (&principal, &exact) in &self.0 {
            if exact > may_be_missing.min(certified) && !resident.contains(&principal) {
                found.push(Difference::Missing { principal, exact, may_be_missing, certified });
            }
        }
        found
    }
}

/// One way in which a ledger is not what it should be. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// Newcomers were turned away, so nothing can be said of the others.
    Refused { newcomers: u64 },
    /// The number of residents is wrong, in the list or in the count.
    Residents { expected: usize, listed: usize, counted: usize },
    /// A principal holds two places.
    Twice { principal: PrincipalId },
    /// A resident's peak is not its maximum.
    Peak { principal: PrincipalId, recorded: u64, exact: u64 },
    /// A principal is not resident although it used more than the lowest resident, or than the
    /// certificate says.
    Missing { principal: PrincipalId, exact: u64, may_be_missing: u64, certified: u64 },
    /// The ledger certifies a bound for the untracked that is above what its lowest resident has.
    Certificate { certified: u64, lowest: u64 },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { newcomers } => write!(f, "{newcomers} newcomers were refused"),
            Self::Residents { expected, listed, counted } => {
                write!(f, "{expected} residents expected, {listed} listed, {counted} counted")
            }
            Self::Twice { principal } => write!(f, "{principal} is resident twice"),
            Self::Peak { principal, recorded, exact } => {
                write!(f, "{principal}: {recorded} bytes recorded, {exact} in truth")
            }
            Self::Missing { principal, exact, may_be_missing, certified } => write!(
                f,
                "{principal} is missing: it had {exact} bytes, the lowest resident has {may_be_missing}, and the \
                 ledger certifies at most {certified} for whom it does not track"
            ),
            Self::Certificate { certified, lowest } => {
                write!(f, "the floor is {certified} bytes, the lowest resident has {lowest}")
            }
        }
    }
}

/// As it reads.
impl Serialize for Difference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
