//! The contents that the ledger must have once every call is back: the `PLACES` principals with the
//! largest maxima, each with its exact maximum. Only ties at the lowest place are free.

use core::fmt;

use crate::{Ledger, PLACES, PRINCIPALS, Principal, number, principal};

/// The figures of a run, if the oracle agrees.
#[derive(Clone, Copy, Debug)]
pub struct Summary {
    /// Calls of the ledger at all levels: each record is read back in two ways.
    pub calls: u32,
    /// Calls of `record_peak` among them.
    pub records: u32,
    /// Calls that admitted a newcomer.
    pub admissions: u32,
    /// Newcomers that took a resident's place.
    pub evictions: u64,
    /// Timer interrupts taken.
    pub interrupts: u32,
    /// Calls that admitted a newcomer and were interrupted on the way.
    pub interrupted_admissions: u32,
    /// Admissions that had to begin again, or were completed by others: an interrupt admitted a
    /// newcomer of its own before they were over.
    pub contended_admissions: u32,
    /// Admissions whose newcomer an interrupt met in the ledger before the call was over: hit
    /// between installation and return.
    pub met_admissions: u32,
    /// Ticks seen by the call that saw the most.
    pub longest_call: u32,
    /// The floor at the end.
    pub floor: u64,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "calls of the ledger    {}", self.calls)?;
        writeln!(f, "  record_peak          {}", self.records)?;
        writeln!(f, "admissions             {}", self.admissions)?;
        writeln!(f, "evictions              {}", self.evictions)?;
        writeln!(f, "timer interrupts       {}", self.interrupts)?;
        writeln!(f, "  in an admission      {}", self.interrupted_admissions)?;
        writeln!(f, "  ... and admitting    {}", self.contended_admissions)?;
        writeln!(f, "  ... and installed    {}", self.met_admissions)?;
        writeln!(f, "longest call, in ticks {}", self.longest_call)?;
        write!(f, "floor, in bytes        {}", self.floor)
    }
}

/// How the ledger and the oracle differ.
#[derive(Clone, Copy, Debug)]
pub enum Disagreement {
    /// The ledger holds a key that was never recorded.
    ForeignKey(Principal),
    /// One principal has two places.
    Twice(u16),
    /// A resident's peak is not the maximum of what was recorded for it.
    WrongPeak {
        /// The resident.
        principal: u16,
        /// The ledger's answer.
        peak: u64,
        /// The highest value recorded.
        maximum: u64,
    },
    /// A principal is missing although its maximum is above the lowest resident's.
    Missing {
        /// The missing principal.
        principal: u16,
        /// The highest value recorded for it.
        maximum: u64,
        /// The lowest resident's peak.
        lowest: u64,
    },
    /// Two ways of asking for one number gave different answers.
    Inconsistent {
        /// The question.
        what: &'static str,
        /// The ledger's answer.
        found: u64,
        /// The right answer.
        expected: u64,
    },
    /// The event that the run is for did not occur.
    NothingShown(&'static str),
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ForeignKey(key) => write!(f, "{key:x?} was never recorded"),
            Self::Twice(principal) => write!(f, "principal {principal} has two places"),
            Self::WrongPeak { principal, peak, maximum } => {
                write!(f, "principal {principal} recorded {maximum}, the ledger says {peak}")
            }
            Self::Missing { principal, maximum, lowest } => {
                write!(f, "principal {principal} with {maximum} is missing, yet {lowest} is there")
            }
            Self::Inconsistent { what, found, expected } => {
                write!(f, "{what} is {found}, expected {expected}")
            }
            Self::NothingShown(what) => write!(f, "the run shows nothing: no {what}"),
        }
    }
}

/// Compares the ledger, in which no call is in flight, with the true maxima of all principals.
pub(crate) fn compare(ledger: &Ledger, maximum_of: impl Fn(u16) -> u64) -> Result<(), Disagreement> {
    // One entry more than there are places, so that a surplus would show.
    let mut entries = [(principal(0), 0); PLACES + 1];
    let entries = &*ledger.top_into(&mut entries);
    let residents = entries.len();

    let principals = 0..PRINCIPALS as u16;
    let recorded = principals.clone().filter(|&principal| maximum_of(principal) > 0).count();
    expect("the number of residents", residents as u64, recorded.min(PLACES) as u64)?;
    expect("len()", ledger.len() as u64, residents as u64)?;

    let mut resident = [false; PRINCIPALS];
    for (key, peak) in entries {
        let principal = number(key).ok_or(Disagreement::ForeignKey(*key))?;
        let maximum = maximum_of(principal);
        if *peak != maximum {
            return Err(Disagreement::WrongPeak { principal, peak: *peak, maximum });
        }
        if core::mem::replace(&mut resident[usize::from(principal)], true) {
            return Err(Disagreement::Twice(principal));
        }
    }
    let descending = entries.is_sorted_by(|(_, higher), (_, lower)| higher >= lower);
    expect("top_into() sorted", descending.into(), 1)?;

    let lowest = entries.last().map_or(0, |(_, peak)| *peak);
    let bound = ledger.untracked_at_most();
    expect("untracked_at_most()", bound, ledger.floor())?;
    expect("floor() above the lowest resident", (ledger.floor() > lowest).into(), 0)?;
    for principal in principals {
        let maximum = maximum_of(principal);
        let found = ledger.peak(&crate::principal(principal));
        if resident[usize::from(principal)] {
            expect("peak() of a resident", found, maximum)?;
        } else {
            expect("peak() of a principal without a place", found, 0)?;
            if maximum > lowest || maximum > bound {
                return Err(Disagreement::Missing { principal, maximum, lowest });
            }
        }
    }

    let (mut visited, mut sum) = (0, 0);
    ledger.for_each(|_, peak| {
        visited += 1;
        sum += peak;
    });
    expect("entries seen by for_each()", visited, residents as u64)?;
    expect("the sum seen by for_each()", sum, entries.iter().map(|(_, peak)| peak).sum())
}

/// Requires that a number is what it must be.
pub(crate) fn expect(what: &'static str, found: u64, expected: u64) -> Result<(), Disagreement> {
    if found == expected { Ok(()) } else { Err(Disagreement::Inconsistent { what, found, expected }) }
}
