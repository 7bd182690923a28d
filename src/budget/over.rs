//! The error of a denied reservation.

use core::fmt;

/// A reservation would have taken a budget over its limit. Nothing was reserved in any budget.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct OverBudget {
    /// Whose limit it was, counted from the budget that was asked: 0 is that budget itself, 1 its
    /// parent, 2 the parent of that.
    pub level: u32,
    /// Bytes that were in use in that budget when it denied the reservation.
    pub used: u64,
    /// The limit in bytes that denied it.
    pub limit: u64,
    /// Bytes that were to be added.
    pub requested: u64,
}

impl fmt::Display for OverBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { level, used, limit, requested } = self;
        write!(f, "over budget: {requested} more bytes on top of {used} exceed the limit of {limit}")?;
        match level {
            0 => Ok(()),
            1 => f.write_str(" of the parent budget"),
            _ => write!(f, " of the budget {level} levels up"),
        }
    }
}

impl core::error::Error for OverBudget {}
