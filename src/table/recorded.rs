//! The answer to a record.

/// The effect of a [`record_peak`](crate::InlineLedger::record_peak).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Recorded {
    /// The principal's peak, or the floor, was already at least this value.
    Unchanged,
    /// The principal was resident, and its peak is now this value.
    Raised,
    /// The principal is resident now, in the place of the lowest resident if the ledger was full.
    /// In a ledger by windows: this is the first value that it has in the window.
    Admitted,
    /// The ledger is full and no resident is lower than this value.
    Dropped,
    /// The value is above the floor and was **not** kept: admissions in flight held every spare
    /// slot, or, with epoch keys, too many retired keys were waiting behind a stalled thread.
    /// Counted by `refused()`, and covered by `untracked_at_most()`.
    Refused,
}
