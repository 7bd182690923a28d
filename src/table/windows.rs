//! A table that one window uses after another: how it begins, and how a window is closed and read.
//!
//! The tables of a ledger take turns. A rotation touches none of them: it only moves the present.
//! A call that began in a window and takes effect after the rotation is ordered just before the
//! rotation. Only a reader could tell, and a reader first makes the window final:
//!
//! - **W1.** Close the gate: finish the pending admission, and install a *closing*, an admission
//!   number without a newcomer. An admission of this window read the present after it took its
//!   ticket, so its ticket is older than the closing, and it is never installed.
//! - **W2.** Freeze what counts refusals.
//! - **W3.** Freeze each resident: a word of this window by its lowest bit, an older one as 0 bytes
//!   in this window. A raise in this window either came before, or fails.
//! - **W4.** Read the residents under their frozen words.
//! - **W5.** Read the present: if the table belongs to a later window by now, discard everything.
//!
//! A later window uses the table with no preparation, frozen or not. Words hold the whole number of
//! their window, so a resident of an earlier window is known as one. Its place may be had at once.
//!
//! A table is full from the start: a *vacancy* in each of its places is a live word of window 0. So
//! the number of residents never changes, the numbers of the gate need not count them, and a
//! closing may take one.

use super::{
    Pin, Storage, Table,
    span::{Span, Value},
    values::Values,
    word::{Gate, Peak},
};
use crate::{
    sync::{AtomicWord, Ordering, Word},
    table::Key,
};

/// How many values a closed window refused, and the largest of them in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Refusals {
    pub(crate) count: u64,
    pub(crate) largest: u64,
}

impl<St: Storage> Table<St> {
    /// A table with a vacancy in each place, over storage whose bytes are all zero and whose shape
    /// is [`windowed`](super::shape::Shape::windowed).
    pub(crate) fn for_windows<const BYTE_BITS: u32>(storage: St) -> Self {
        let table = Self::new(storage);
        let shape = table.storage.shape();
        for place in 0..shape.capacity {
            // Spread, so that no group is full of them.
            let slot = (place as u64 * shape.slots as u64 / shape.capacity as u64) as usize;
            table.slot(slot).set(Value::<BYTE_BITS>::VACANCY);
        }
        table.admissions.begin_full(Gate::new(shape.capacity as Word, shape.slots, &shape.gate));
        table
    }

    /// Makes an ended window final: steps W1 to W3. `None` if it is no longer kept.
    fn freeze<const BYTE_BITS: u32>(&self, span: Span<'_, BYTE_BITS>, kept: Word) -> Option<()> {
        self.close(span, kept)?;
        freeze_word(&self.tally.refused, span);
        freeze_word(&self.tally.lost, span);
        for slot in self.storage.slots() {
            // Repeats only if a call that got ahead has changed the word: that is progress.
            loop {
                let seen = slot.look();
                let Some(frozen) = span.resident(seen).and_then(|word| span.freeze(word)) else { break };
                if slot.replace(seen, Peak::live(frozen)).is_ok() {
                    break;
                }
            }
        }
        Some(())
    }

    /// Ends the admissions of an ended window and of earlier ones: step W1.
    fn close<const BYTE_BITS: u32>(&self, span: Span<'_, BYTE_BITS>, kept: Word) -> Option<()> {
        let shape = self.storage.shape();
        while self.floor_word() < span.largest() {
            let ticket = self.finish_pending();
            if span.age() > kept {
                return None;
            }
            let number = shape.gate.next(ticket.gate.seq(&shape.gate));
            if self.admissions.install(ticket, number, shape.slots, &shape.gate) {
                // SeqCst: pairs with `floor_word`. A reader that sees this need not close.
                self.floor.fetch_max(span.largest(), Ordering::SeqCst);
            }
        }
        Some(())
    }

    /// Makes an ended window final, and calls `visit` for each of its residents. `None` if the
    /// window is no longer kept: then what was visited means nothing.
    pub(crate) fn read_closed<const BYTE_BITS: u32>(
        &self,
        span: Span<'_, BYTE_BITS>,
        kept: Word,
        pin: &Pin<St>,
        visit: impl FnMut(Key<St>, u64),
    ) -> Option<Refusals> {
        self.freeze(span, kept)?;
        self.walk(span, pin, visit);
        let refusals = self.refusals(span);
        (span.age() <= kept).then_some(refusals)
    }

    /// What a window has refused, so far or for good.
    pub(crate) fn refusals<const BYTE_BITS: u32>(&self, span: Span<'_, BYTE_BITS>) -> Refusals {
        // SeqCst: pairs with `Span::update` and `freeze_word`. The count last: `refuse` counts
        // first, so that no value is shown without its count.
        let read = |word: &AtomicWord| span.bytes(word.load(Ordering::SeqCst)).unwrap_or(0);
        let largest = read(&self.tally.lost);
        Refusals { count: read(&self.tally.refused), largest }
    }
}

fn freeze_word<const BYTE_BITS: u32>(word: &AtomicWord, span: Span<'_, BYTE_BITS>) {
    let mut seen = word.load(Ordering::SeqCst);
    while let Some(frozen) = span.freeze(seen)
        && let Err(now) = word.compare_exchange(seen, frozen, Ordering::SeqCst, Ordering::SeqCst)
    {
        seen = now;
    }
}
