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
    /// The growth was approved, but the engine could not do it (a pool's slot too small, no memory,
    /// no fuel), or a limiter around the meter denied it.
    FailedByEngine,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OverCeiling => "growth denied: over the memory ceiling",
            Self::OverTypeMaximum => "growth denied: over the maximum of the memory or table",
            Self::Table => "growth denied: over the limits for tables",
            Self::FailedByEngine => "growth approved, but failed in the engine",
        })
    }
}

impl core::error::Error for Denial {}
