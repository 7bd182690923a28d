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
mod recorded;
pub(crate) mod shape;
mod slot;
#[cfg(all(target_has_atomic = "64", not(highwater_narrow)))]
pub(crate) mod span;
mod storage;
mod tally;
mod values;
mod walk;
#[cfg(all(target_has_atomic = "64", not(highwater_narrow)))]
pub(crate) mod windows;
pub(crate) mod word;

use crate::{
    key::{Comparison, Query},
    sync::{AtomicWord, CachePadded, Ordering, Word, const_fn, widen},
};
use bounds::Bounds;
use gate::{Admissions, Ticket};
use group::Groups;
pub use hint::Hint;
pub use recorded::Recorded;
use shape::Home;
use slot::Slot;
#[cfg(not(highwater_loom))]
pub(crate) use storage::Fixed;
#[cfg(feature = "alloc")]
pub(crate) use storage::Heap;
pub(crate) use storage::{Key, Pin, Storage};
use tally::Tally;
pub(crate) use values::{AllTime, Values};
use word::{Peak, saturate};

/// The shared state of a ledger.
pub(crate) struct Table<St> {
    /// The highest peak that was proven to be the lowest of a full table; 0 until then. Under
    /// windows: the largest value of those windows that are closed for admissions.
    floor: CachePadded<AtomicWord>,
    admissions: CachePadded<Admissions>,
    tally: CachePadded<Tally>,
    storage: St,
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
            Self::beginning(storage, Admissions::new())
        }
    }

    const_fn! {
        fn beginning(storage: St, admissions: Admissions) -> Self {
            Self {
                floor: CachePadded(AtomicWord::new(0)),
                admissions: CachePadded(admissions),
                tally: CachePadded(Tally::new()),
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
        widen(self.tally.refused.load(Ordering::Acquire))
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
    pub(crate) fn record_above_floor<W: Query<St::Cell>, V: Values>(
        &self,
        hash: u64,
        query: &W,
        value: Word,
        mut hint: Option<&mut Hint>,
        values: V,
        pin: &Pin<St>,
    ) -> Result<Recorded, V::Ended> {
        if let Some(recorded) = self.record_at_home(hash, query, value, hint.as_deref_mut(), values, pin) {
            return recorded;
        }
        // No reference to a local, so that this is a tail call.
        self.record_slow(hash, query, value, hint, values, pin)
    }

    /// Records for a resident that is where residents nearly always are. `None` if this look does
    /// not decide.
    #[inline(always)]
    pub(crate) fn record_at_home<W: Query<St::Cell>, V: Values>(
        &self,
        hash: u64,
        query: &W,
        value: Word,
        hint: Option<&mut Hint>,
        values: V,
        pin: &Pin<St>,
    ) -> Option<Result<Recorded, V::Ended>> {
        let (slot, met) = self.candidate(hash, values)?;
        let Comparison::Equal = met.compare(slot, query, pin) else { return None };
        self.raise(met, value, hint, values)
    }

    /// Raises a resident just found. `None` if the slot has changed since.
    #[inline]
    fn raise<V: Values>(
        &self,
        found: Found,
        value: Word,
        hint: Option<&mut Hint>,
        values: V,
    ) -> Option<Result<Recorded, V::Ended>> {
        let effect = values.effect(value, found.peak);
        if let Ok(recorded) = effect {
            if recorded != Recorded::Unchanged {
                self.slot(found.slot).replace(Peak::live(found.peak), Peak::live(value)).ok()?;
            }
            if let Some(hint) = hint {
                hint.see_peak(found.slot, value.max(found.peak));
            }
        }
        Some(effect)
    }

    /// Raises through a hint alone. `None` if the hint does not decide.
    #[inline]
    pub(crate) fn raise_by_hint<V: Values>(
        &self,
        value: Word,
        hint: &mut Hint,
        values: V,
    ) -> Option<Result<Recorded, V::Ended>> {
        let slot = hint.slot()?;
        // A peak word never comes back, so if the slot still holds it, it is the same resident's.
        // (Under windows, the slot may be one of another table, which never had that word.)
        self.raise(Found { slot, peak: hint.seen() }, value, Some(hint), values)
    }

    /// The peak of a key in bytes, or 0 if it is not resident.
    #[inline]
    pub(crate) fn peak<W: Query<St::Cell>, V: Values>(
        &self,
        hash: u64,
        query: &W,
        values: V,
        pin: &Pin<St>,
    ) -> Result<u64, V::Ended> {
        if let Some((slot, met)) = self.candidate(hash, values)
            && let Comparison::Equal = met.compare(slot, query, pin)
        {
            return values.bytes(met.peak);
        }
        self.peak_slow(self.storage.shape().home(hash), query, values, pin)
    }

    /// The same, for a key that is not where residents nearly always are.
    #[inline(never)]
    fn peak_slow<W: Query<St::Cell>, V: Values>(
        &self,
        home: Home,
        query: &W,
        values: V,
        pin: &Pin<St>,
    ) -> Result<u64, V::Ended> {
        loop {
            match self.find(home, query, values, pin) {
                Ok(found) => return values.bytes(found.peak),
                Err(ticket) if self.is_current(ticket) => return Ok(0),
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
