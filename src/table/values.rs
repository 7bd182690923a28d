//! What the values of a table are: the bytes of all time, or the bytes of one window after another.
//!
//! The record path is written once, for both. It asks this trait wherever windows make a
//! difference. For values of all time, every answer is a constant, which costs nothing.

use core::convert::Infallible;

use super::{recorded::Recorded, tally::Tally, word::Peak};
use crate::sync::{AtomicWord, Ordering, Word, widen};

/// What a call knows of the values that it records or reads.
pub(crate) trait Values: Copy {
    /// The window of the call has ended, and the call must begin again in the present one.
    type Ended;

    /// The value of the resident that a peak word shows, if it is one that has a key.
    fn resident(self, seen: Peak) -> Option<Word>;

    /// What a reading shows of the resident whose word is `peak`, in bytes: 0 if it has no value in
    /// the window of the call.
    fn bytes(self, peak: Word) -> Result<u64, Self::Ended>;

    /// What the value does to a resident whose word is `peak`.
    fn effect(self, value: Word, peak: Word) -> Result<Recorded, Self::Ended>;

    /// Whether the call may go on, after it has taken a ticket, or before it concludes that its
    /// value is no higher than that of any resident.
    fn go_on(self) -> Result<(), Self::Ended>;

    /// Whether this is the word of a resident, or of a vacancy, whose place may be had at once: it
    /// has no value in the window of the call.
    fn is_stale(self, peak: Word) -> bool;

    /// The word that turns values away, given the floor of the table.
    fn floor<'a>(self, of_table: &'a AtomicWord) -> &'a AtomicWord
    where
        Self: 'a;

    /// Counts a value that cannot be kept.
    fn refuse(self, value: Word, tally: &Tally) -> Result<Recorded, Self::Ended>;
}

/// Values that are bytes, and count for all time.
#[derive(Clone, Copy)]
pub(crate) struct AllTime;

impl Values for AllTime {
    type Ended = Infallible;

    #[inline(always)]
    fn resident(self, seen: Peak) -> Option<Word> {
        seen.as_live()
    }

    #[inline(always)]
    fn bytes(self, peak: Word) -> Result<u64, Infallible> {
        Ok(widen(peak))
    }

    #[inline(always)]
    fn effect(self, value: Word, peak: Word) -> Result<Recorded, Infallible> {
        Ok(if value > peak { Recorded::Raised } else { Recorded::Unchanged })
    }

    #[inline(always)]
    fn go_on(self) -> Result<(), Infallible> {
        Ok(())
    }

    #[inline(always)]
    fn is_stale(self, _peak: Word) -> bool {
        false
    }

    #[inline(always)]
    fn floor<'a>(self, of_table: &'a AtomicWord) -> &'a AtomicWord
    where
        Self: 'a,
    {
        of_table
    }

    fn refuse(self, value: Word, tally: &Tally) -> Result<Recorded, Infallible> {
        // SeqCst, as the floor. Before the count: a thread that sees the count sees the value.
        tally.lost.fetch_max(value, Ordering::SeqCst);
        // Release: pairs with the load in `refused`.
        tally.refused.fetch_add(1, Ordering::Release);
        Ok(Recorded::Refused)
    }
}
