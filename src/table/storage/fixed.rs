//! The arrays of a table in place, in a static.

use super::{Intent, Shape, Slot, Storage};
use crate::{
    key::{InlineKey, inline::InlineCell},
    sync::{AtomicWord, Word},
    table::word::Peak,
};

/// The arrays of a table in place: of a ledger by windows if `WINDOWED`.
pub(crate) struct Fixed<K: InlineKey, const CAPACITY: usize, const WINDOWED: bool = false> {
    slots: [[Slot<InlineCell<K>>; 2]; CAPACITY],
    /// Enough for twice as many slots.
    groups: [AtomicWord; CAPACITY],
    intents: [[Intent; 2]; CAPACITY],
    /// Enough for a tournament over twice as many slots. None with 32-bit words.
    nodes: [[AtomicWord; NODES_PER_PLACE]; CAPACITY],
}

const NODES_PER_PLACE: usize = if Word::BITS == 64 { 1 } else { 0 };

impl<K: InlineKey, const CAPACITY: usize, const WINDOWED: bool> Fixed<K, CAPACITY, WINDOWED> {
    pub(crate) const SHAPE: Shape = {
        assert!(CAPACITY > 0, "a ledger needs at least one place: its CAPACITY is 0");
        assert!(
            CAPACITY <= Shape::MAX_CAPACITY,
            "CAPACITY is more than can be addressed with words of this width"
        );
        let shape = Shape::doubled(CAPACITY);
        assert!(shape.nodes() <= CAPACITY * NODES_PER_PLACE && shape.groups <= CAPACITY);
        if WINDOWED { shape.windowed() } else { shape }
    };

    /// The word of the first slot of each place.
    const FIRST: Peak = if WINDOWED { Peak::VACANCY } else { Peak::EMPTY };

    #[allow(clippy::declare_interior_mutable_const)] // The initial value of a static.
    pub(crate) const NEW: Self = Self {
        slots: [const { [Slot::new(Self::FIRST, InlineCell::EMPTY), Slot::new(Peak::EMPTY, InlineCell::EMPTY)] };
            CAPACITY],
        groups: [const { AtomicWord::new(0) }; CAPACITY],
        intents: [const { [const { Intent::new() }; 2] }; CAPACITY],
        nodes: [const { [const { AtomicWord::new(0) }; NODES_PER_PLACE] }; CAPACITY],
    };
}

impl<K: InlineKey, const CAPACITY: usize, const WINDOWED: bool> Storage for Fixed<K, CAPACITY, WINDOWED> {
    type Cell = InlineCell<K>;

    #[inline]
    fn shape(&self) -> &Shape {
        const { &Self::SHAPE }
    }

    #[inline]
    fn slots(&self) -> &[Slot<InlineCell<K>>] {
        self.slots.as_flattened()
    }

    #[inline]
    fn groups(&self) -> &[AtomicWord] {
        &self.groups[..Self::SHAPE.groups]
    }

    fn intents(&self) -> &[Intent] {
        self.intents.as_flattened()
    }

    fn nodes(&self) -> &[AtomicWord] {
        self.nodes.as_flattened()
    }

    fn limbo(&self) -> &() {
        &()
    }
}
