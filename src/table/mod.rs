//! The table: slots, the gate, and the calls on residents. Look-ups are in [`find`], admission is
//! in [`admit`], the search for the victim in [`lowest`], walks over all residents in [`walk`], the
//! words that admissions go through in [`gate`], [`group`] and [`bounds`].

mod admit;
mod bounds;
mod find;
mod gate;
mod group;
mod hint;
mod lowest;
pub(crate) mod shape;
mod slot;
mod storage;
mod walk;
pub(crate) mod word;

use crate::{
    key::{Comparison, Query},
    sync::{AtomicUsize, AtomicWord, CachePadded, Ordering, Word, const_fn, widen},
};
use bounds::Bounds;
use gate::{Admissions, Ticket};
use group::Groups;
pub use hint::Hint;
use shape::Home;
use slot::Slot;
#[cfg(not(highwater_loom))]
pub(crate) use storage::Fixed;
#[cfg(feature = "alloc")]
pub(crate) use storage::Heap;
pub(crate) use storage::{Key, Pin, Storage};
use word::{Peak, saturate};

/// The effect of a [`record_peak`](crate::InlineLedger::record_peak).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Recorded {
    /// The principal's peak, or the floor, was already at least this value.
    Unchanged,
    /// The principal was resident, and its peak is now this value.
    Raised,
    /// The principal is resident now, in the place of the lowest resident if the ledger was full.
    Admitted,
    /// The ledger is full and no resident is lower than this value.
    Dropped,
    /// The value is above the floor and was **not** kept: admissions in flight held every spare
    /// slot, or, with epoch keys, too many retired keys were waiting behind a stalled thread.
    /// Counted by `refused()`, and covered by `untracked_at_most()`.
    Refused,
}

/// The shared state of a ledger.
pub(crate) struct Table<St> {
    /// The highest peak that was proven to be the lowest of a full table; 0 until then.
    floor: CachePadded<AtomicWord>,
    admissions: CachePadded<Admissions>,
    tally: CachePadded<Tally>,
    storage: St,
}

/// Counts, and the values that go with them.
struct Tally {
    evictions: AtomicWord,
    refused: AtomicUsize,
    /// The largest value that was refused.
    lost: AtomicWord,
    /// The searches that raised a bound.
    raising_searches: AtomicWord,
}

/// A resident: the slot and the peak with which a call met it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    slot: usize,
    peak: Word,
}

impl<St> Table<St> {
    const_fn! {
        /// A table over storage whose bytes are all zero.
        pub(crate) fn new(storage: St) -> Self {
            Self {
                floor: CachePadded(AtomicWord::new(0)),
                admissions: CachePadded(Admissions::new()),
                tally: CachePadded(Tally {
                    evictions: AtomicWord::new(0),
                    refused: AtomicUsize::new(0),
                    lost: AtomicWord::new(0),
                    raising_searches: AtomicWord::new(0),
                }),
                storage,
            }
        }
    }

    #[cfg(feature = "alloc")]
    pub(crate) fn storage(&self) -> &St {
        &self.storage
    }

    /// The floor, to turn values away. SeqCst: a value that is turned away counts for every later
    /// reading of the floor, in the one order of raises and reads across principals. It is also an
    /// acquire load, which shows the residents from which the floor was proven. Pairs with
    /// `raise_floor`.
    #[inline]
    fn floor_word(&self) -> Word {
        self.floor.load(Ordering::SeqCst)
    }

    /// The floor as a reading. SeqCst: it is in the one order of raises and reads across
    /// principals. Pairs with `raise_floor`.
    #[inline]
    pub(crate) fn floor(&self) -> u64 {
        widen(self.floor.load(Ordering::SeqCst))
    }

    pub(crate) fn untracked_at_most(&self) -> u64 {
        // SeqCst, as above: pairs with the update in `refuse`.
        self.floor().max(widen(self.tally.lost.load(Ordering::SeqCst)))
    }

    pub(crate) fn evictions(&self) -> u64 {
        // Relaxed: a count, ordered with nothing.
        widen(self.tally.evictions.load(Ordering::Relaxed))
    }

    pub(crate) fn refused(&self) -> u64 {
        // Acquire: pairs with the update in `refuse`. A thread that sees a refusal counted also
        // sees it in `untracked_at_most`.
        self.tally.refused.load(Ordering::Acquire) as u64
    }
}

impl<St: Storage> Table<St> {
    pub(crate) fn capacity(&self) -> usize {
        self.storage.shape().capacity
    }

    fn ticket(&self) -> Ticket {
        self.admissions.ticket()
    }

    fn is_current(&self, ticket: Ticket) -> bool {
        self.admissions.is_current(ticket)
    }

    fn bounds(&self) -> Bounds<'_> {
        Bounds::new(self.storage.nodes(), self.storage.shape())
    }

    fn groups(&self) -> Groups<'_> {
        Groups(self.storage.groups())
    }

    fn slot(&self, slot: usize) -> &Slot<St::Cell> {
        &self.storage.slots()[slot]
    }

    /// The value as the table counts it, if it is above the floor. Other values change nothing,
    /// which the hint then notes. A load and a comparison, without a hash or a pin.
    #[inline]
    pub(crate) fn above_floor(&self, bytes: u64, hint: Option<&mut Hint>) -> Option<Word> {
        let bytes = saturate(bytes);
        let floor = self.floor_word();
        if bytes > floor {
            return Some(bytes);
        }
        if let Some(hint) = hint {
            hint.see_floor(floor);
        }
        None
    }

    /// Records a value above the floor for a key, and notes in the hint where the key was met. Always
    /// part of the one function that calls it, which knows what kind of pin it has.
    #[inline(always)]
    pub(crate) fn record_above_floor<W: Query<St::Cell>>(
        &self,
        hash: u64,
        query: &W,
        bytes: Word,
        mut hint: Option<&mut Hint>,
        pin: &Pin<St>,
    ) -> Recorded {
        if let Some((slot, met)) = self.candidate(hash)
            && let Comparison::Equal = met.compare(slot, query, pin)
            && let Some(recorded) = self.raise(met, bytes, hint.as_deref_mut())
        {
            return recorded;
        }
        // No reference to a local, so that this is a tail call.
        self.record_slow(hash, query, bytes, hint, pin)
    }

    /// Raises a resident just found. `None` if the slot has changed since.
    #[inline]
    fn raise(&self, found: Found, bytes: Word, hint: Option<&mut Hint>) -> Option<Recorded> {
        let raises = bytes > found.peak;
        if raises {
            self.slot(found.slot).replace(Peak::live(found.peak), Peak::live(bytes)).ok()?;
        }
        if let Some(hint) = hint {
            hint.see_peak(found.slot, bytes.max(found.peak));
        }
        Some(if raises { Recorded::Raised } else { Recorded::Unchanged })
    }

    /// Records through a hint alone. `None` if the hint does not decide.
    #[inline]
    pub(crate) fn record_by_hint(&self, bytes: u64, hint: &mut Hint) -> Option<Recorded> {
        let bytes = saturate(bytes);
        if bytes <= hint.seen() {
            // The peak was this high once. If the resident was evicted since, the floor is this
            // high.
            return Some(Recorded::Unchanged);
        }
        let slot = hint.slot()?;
        // A peak word never comes back, so if the slot still holds it, it is the same resident's.
        self.raise(Found { slot, peak: hint.seen() }, bytes, Some(hint))
    }

    /// The peak of a key in bytes, or 0 if it is not resident.
    #[inline]
    pub(crate) fn peak<W: Query<St::Cell>>(&self, hash: u64, query: &W, pin: &Pin<St>) -> u64 {
        if let Some((slot, met)) = self.candidate(hash)
            && let Comparison::Equal = met.compare(slot, query, pin)
        {
            return widen(met.peak);
        }
        self.peak_slow(self.storage.shape().home(hash), query, pin)
    }

    /// The same, for a key that is not where residents nearly always are.
    #[inline(never)]
    fn peak_slow<W: Query<St::Cell>>(&self, home: Home, query: &W, pin: &Pin<St>) -> u64 {
        loop {
            match self.find(home, query, pin) {
                Ok(found) => return widen(found.peak),
                Err(ticket) if self.is_current(ticket) => return 0,
                Err(_) => {}
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        let ticket = self.finish_pending();
        let seq = ticket.gate.seq(&self.storage.shape().gate);
        // The minimum first: `seq` may have more bits than a `usize`.
        seq.min(self.capacity() as Word) as usize
    }
}
