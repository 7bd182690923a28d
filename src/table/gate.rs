//! The gate and the era: which admission was installed last, and whether that has changed.

use super::word::{Gate, GateShape};
use crate::sync::{AtomicWord, Ordering, Word, const_fn};

/// The words that every admission goes through. All accesses of both are SeqCst: they are in the
/// one order of raises, kills, publications, and reads across principals.
pub(super) struct Admissions {
    gate: AtomicWord,
    /// Moves on twice in each round of the gate's `seq`.
    era: AtomicWord,
}

/// The gate as a call found it, with the era. The conclusions of the call hold while this is
/// current.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket {
    pub(super) era: Word,
    pub(super) gate: Gate,
}

impl Admissions {
    const_fn! {
        /// No admission was installed yet.
        pub(super) fn new() -> Self {
            Self { gate: AtomicWord::new(0), era: AtomicWord::new(0) }
        }
    }

    #[cfg(all(target_has_atomic = "64", not(highwater_narrow)))]
    const_fn! {
        /// A table that is full from the start. The gate has the first number of a round, which is of
        /// the first odd era.
        pub(super) fn full(gate: Gate) -> Self {
            Self { gate: AtomicWord::new(gate.word()), era: AtomicWord::new(1) }
        }
    }

    /// Reads era and gate, in this order.
    #[inline]
    pub(super) fn ticket(&self) -> Ticket {
        let era = self.era.load(Ordering::SeqCst);
        let gate = Gate::from_word(self.gate.load(Ordering::SeqCst));
        Ticket { era, gate }
    }

    /// Whether no admission was installed since the ticket was taken. Reads gate, then era, so that
    /// the era tells an equal gate a whole round later.
    #[inline]
    pub(super) fn is_current(&self, ticket: Ticket) -> bool {
        self.gate.load(Ordering::SeqCst) == ticket.gate.word()
            && self.era.load(Ordering::SeqCst) == ticket.era
    }

    /// Installs admission `seq`, whose newcomer is in `slot`. Returns `false` if another was
    /// installed since the ticket was taken, unless the gate has come round to the same word: then
    /// step F2 finds this admission void.
    #[inline]
    pub(super) fn install(&self, ticket: Ticket, seq: Word, slot: usize, shape: &GateShape) -> bool {
        let era = shape.era_of_next(ticket.era, seq);
        if era != ticket.era {
            // Fails if the owner of another claim for this number has moved it.
            let _ = self.era.compare_exchange(ticket.era, era, Ordering::SeqCst, Ordering::SeqCst);
        }
        let gate = Gate::new(seq, slot, shape);
        self.gate
            .compare_exchange(ticket.gate.word(), gate.word(), Ordering::SeqCst, Ordering::SeqCst)
            .is_ok()
    }

    /// Puts the gate where a test wants it.
    #[cfg(all(test, not(highwater_loom)))]
    pub(super) fn set_gate(&self, gate: Gate) {
        self.gate.store(gate.word(), Ordering::SeqCst);
    }
}
