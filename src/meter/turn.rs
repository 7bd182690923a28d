//! The turns of one Store by number, and what a turn inside another puts aside.

use super::{account::Used, limits::MeterLimits};
use crate::Reservation;

/// The number of a turn that no guard ends; those of guards begin at 1.
pub(super) const BY_HAND: u64 = 0;

/// The turns of one meter.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// The one that is on.
    pub(super) current: u64,
    /// The one that a guard began last.
    pub(super) last: u64,
    /// Turns up to this one were ended by hand: their guards have nothing left to end.
    pub(super) over: u64,
    /// The innermost turn that was ended by hand while its guard was still there, and what it had
    /// used.
    pub(super) ended: (u64, Used),
    /// Guards that are there, those that have been leaked included.
    pub(super) guards: u64,
}

/// The turn that was on when a guard began one inside it, to be restored when that ends.
pub(super) struct Outer<P> {
    pub(super) turn: u64,
    pub(super) principal: Option<P>,
    pub(super) limits: MeterLimits,
    pub(super) used: Used,
    /// What it has in a budget of its own.
    pub(super) reserved: Option<Reservation>,
    pub(super) ended: (u64, Used),
}
