//! Why a growth did not take place.

use core::fmt;

/// Why a growth did not take place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Denial {
    /// A memory would grow past a ceiling of the lease's limits.
    OverCeiling,
    /// The growth goes past the maximum that the memory or table declares, or that its type can
    /// represent.
    OverTypeMaximum,
    /// A table would grow past the limits of the lease for tables.
    Table,
    /// A memory or table would take a [budget](crate::MeterLimits::with_budget) over its limit.
    OverBudget {
        /// Whose limit it was, counted from the budget in force: 0 is that budget itself, 1 its
        /// parent, 2 the parent of that.
        level: u32,
    },
    /// The growth was approved, but the engine could not do it (a pool's slot too small, no memory,
    /// no fuel), or a limiter around the meter denied it.
    FailedByEngine,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self {
            Self::OverCeiling => "growth denied: over the memory ceiling",
            Self::OverTypeMaximum => "growth denied: over the maximum of the memory or table",
            Self::Table => "growth denied: over the limits for tables",
            Self::OverBudget { level: 0 } => "growth denied: over the budget",
            Self::OverBudget { level: 1 } => "growth denied: over the parent budget",
            Self::OverBudget { level } => {
                return write!(f, "growth denied: over the budget {level} levels up");
            }
            Self::FailedByEngine => "growth approved, but failed in the engine",
        };
        f.write_str(reason)
    }
}

impl core::error::Error for Denial {}
