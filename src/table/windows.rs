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
    gate::Admissions,
    shape::Shape,
    span::Span,
    values::Values,
    word::{Gate, Peak},
};
use crate::{
    sync::{Ordering, Word, const_fn},
    table::Key,
};

/// How many values a closed window refused, and the largest of them in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Refusals {
    pub(crate) count: u64,
    pub(crate) largest: u64,
}

impl<St> Table<St> {
    const_fn! {
        /// A table over storage with a vacancy in each place. Its shape is
        /// [`windowed`](Shape::windowed).
        pub(crate) fn for_windows(storage: St, shape: &Shape) -> Self {
            let gate = Gate::new(shape.capacity as Word, shape.slots, &shape.gate);
            Self::beginning(storage, Admissions::full(gate))
        }
    }
}

impl<St: Storage> Table<St> {
    /// Makes an ended window final: steps W1 to W3. `None` if it is no longer kept.
    fn freeze<const BYTE_BITS: u32>(&self, span: Span<'_, BYTE_BITS>, kept: Word) -> Option<()> {
        self.close(span, kept)?;
        span.freeze_word(&self.tally.refused);
        span.freeze_word(&self.tally.lost);
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
        // The count last: `refuse` counts first, so that no value is shown without its count.
        let largest = span.read_word(&self.tally.lost);
        Refusals { count: span.read_word(&self.tally.refused), largest }
    }
}

#[cfg(all(test, feature = "alloc", not(highwater_loom)))]
mod tests {
    use core::hash::BuildHasher;
    use std::vec::Vec;

    use super::*;
    use crate::{
        key::{KeyCell, Query, inline::InlineCell},
        ledger::FixedState,
        sync::AtomicWord,
        table::{
            Heap, Recorded,
            span::{Ended, Value},
        },
    };

    const BITS: u32 = 8;
    const KEPT: Word = 1;

    /// A table of a ledger with as many tables as it says, and the present of that ledger.
    struct Ledger {
        present: AtomicWord,
        table: Table<Heap<InlineCell<u64>>>,
    }

    impl Ledger {
        fn new(capacity: usize) -> Self {
            let present = AtomicWord::new(Value::<BITS>::least_of(1).word());
            Self {
                present,
                table: {
                    let heap = Heap::for_windows(capacity, ());
                    let shape = *heap.shape();
                    Table::for_windows(heap, &shape)
                },
            }
        }

        fn span(&self, window: Word) -> Span<'_, BITS> {
            Span::new(&self.present, Value::least_of(window))
        }

        fn begin(&self, window: Word) {
            self.present.store(Value::<BITS>::least_of(window).word(), Ordering::SeqCst);
        }

        fn record(&self, window: Word, key: u64, bytes: u64) -> Result<Recorded, Ended> {
            let value = Value::<BITS>::least_of(window).with_bytes(bytes).word();
            let hash = FixedState.hash_one(key);
            self.table.record_above_floor(hash, &key, value, None, self.span(window), &())
        }

        fn read(&self, window: Word) -> Option<Vec<(u64, u64)>> {
            let mut entries = Vec::new();
            self.table.read_closed(self.span(window), KEPT, &(), |key, peak| entries.push((key, peak)))?;
            entries.sort_unstable();
            Some(entries)
        }
    }

    #[test]
    fn each_place_has_a_vacancy_that_is_no_resident() {
        for capacity in [1, 2, 3, 64, 100, 1000] {
            let ledger = Ledger::new(capacity);
            let live = ledger.table.storage.slots().iter().filter_map(|slot| slot.look().as_live());
            assert_eq!(live.count(), capacity);
            // A key whose words and tags are all zero, as those of a vacancy.
            let home = ledger.table.storage.shape().home(0);
            assert!(ledger.table.find(home, &0_u64, ledger.span(1), &()).is_err());
            for key in 0..capacity as u64 {
                assert_eq!(ledger.record(1, key, 5), Ok(Recorded::Admitted));
            }
            assert_eq!(ledger.record(1, 5000, 5), Ok(Recorded::Dropped));
            ledger.begin(2);
            assert_eq!(ledger.read(1).expect("kept").len(), capacity);
        }
    }

    #[test]
    fn a_late_record_is_kept_until_a_reader_has_closed_its_window() {
        let ledger = Ledger::new(2);
        assert_eq!(ledger.record(1, 1, 10), Ok(Recorded::Admitted));
        ledger.begin(2);
        assert_eq!(ledger.record(1, 1, 20), Ok(Recorded::Raised));
        assert_eq!(ledger.read(1), Some([(1, 20)].into()));
        assert_eq!(ledger.record(1, 1, 15), Ok(Recorded::Unchanged));
        assert_eq!(ledger.record(1, 1, 30), Err(Ended));
        assert_eq!(ledger.record(1, 2, 30), Err(Ended));
        assert_eq!(ledger.read(1), Some([(1, 20)].into()));
    }

    #[test]
    fn a_refusal_in_a_final_window_is_none() {
        let ledger = Ledger::new(1);
        let refuse = |window, bytes| {
            let value = Value::<BITS>::least_of(window).with_bytes(bytes).word();
            ledger.span(window).refuse(value, &ledger.table.tally)
        };
        assert_eq!(refuse(1, 7), Ok(Recorded::Refused));
        assert_eq!(refuse(1, 9), Ok(Recorded::Refused));
        assert_eq!(refuse(1, 8), Ok(Recorded::Refused));
        ledger.begin(2);
        let read = || ledger.table.read_closed(ledger.span(1), KEPT, &(), |_, _| ());
        let refusals = Some(Refusals { count: 3, largest: 9 });
        assert_eq!(read(), refusals);
        assert_eq!([refuse(1, 5), refuse(1, 50)], [Err(Ended); 2]);
        assert_eq!(read(), refusals);
        assert_eq!(refuse(3, 4), Ok(Recorded::Refused));
        assert_eq!(ledger.table.refusals(ledger.span(3)), Refusals { count: 1, largest: 4 });
    }

    #[test]
    fn a_window_that_is_overwritten_while_it_is_read_is_none() {
        let ledger = Ledger::new(2);
        for key in [1, 2] {
            assert_eq!(ledger.record(1, key, 10), Ok(Recorded::Admitted));
        }
        ledger.begin(2);
        let mut visited = 0;
        let read = ledger.table.read_closed(ledger.span(1), KEPT, &(), |_, _| {
            visited += 1;
            ledger.begin(3);
            // The other one is gone before the walk gets there, or is beside its victim.
            assert_eq!(
                ledger.record(3, 7, 10),
                Ok(if visited == 1 { Recorded::Admitted } else { Recorded::Unchanged })
            );
        });
        assert_eq!(read, None);
        assert!(visited > 0);
    }

    /// The gate names a slot that is free, since its admission was void. Another admission has
    /// claimed it, and is prepared, when the gate is closed.
    #[test]
    fn a_claim_on_the_slot_that_the_gate_names_is_not_installed_by_a_closing() {
        let ledger = Ledger::new(2);
        let table = &ledger.table;
        for key in [1, 2] {
            assert_eq!(ledger.record(1, key, 10 * key), Ok(Recorded::Admitted));
        }
        let home = table.storage.shape().home(FixedState.hash_one(3_u64));
        let (span, bytes) = (ledger.span(1), Value::<BITS>::least_of(1).with_bytes(50).word());
        let ticket = table.finish_pending();
        let victim = table.lowest_resident(ticket, span).expect("nothing moves");
        let Ok(first) = table.claim(home, ticket) else { panic!("a slot is free") };
        let _ = table.slot(first.slot).cell.put(3_u64.prepare());
        table.write_intent(first.slot, bytes, Some(victim));
        assert_eq!(ledger.record(1, 1, 30), Ok(Recorded::Raised));
        assert!(!table.install(ticket, first), "its victim has grown");
        table.slot(first.slot).give_up(first.stamp);

        let ticket = table.finish_pending();
        let Ok(second) = table.claim(home, ticket) else { panic!("a slot is free") };
        assert_eq!(second.slot, first.slot);
        let _ = table.slot(second.slot).cell.put(3_u64.prepare());
        let victim = table.lowest_resident(ticket, span);
        table.write_intent(second.slot, bytes, victim);
        ledger.begin(2);
        assert_eq!(table.close(span, KEPT), Some(()));
        table.finish_pending();
        assert_eq!(ledger.read(1), Some([(1, 30), (2, 20)].into()));
        assert_eq!(table.slot(second.slot).look(), Peak::pending(second.stamp));
        assert!(!table.install(ticket, second));
    }
}
