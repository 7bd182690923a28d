//! The arrays of a table on the heap.

use alloc::boxed::Box;

use super::{Intent, Shape, Slot, Storage};
use crate::{
    key::KeyCell,
    sync::{AtomicWord, Zeroable, zeroed},
};

/// The arrays of a table on the heap, allocated at once and never resized.
pub(crate) struct Heap<C: KeyCell> {
    shape: Shape,
    slots: Box<[Slot<C>]>,
    groups: Box<[AtomicWord]>,
    intents: Box<[Intent]>,
    nodes: Box<[AtomicWord]>,
    limbo: C::Limbo,
}

impl<C: KeyCell> Heap<C> {
    /// # Panics
    ///
    /// If the capacity is 0 or larger than a table can be, or if the allocator does not have enough
    /// memory.
    pub(crate) fn new(capacity: usize, limbo: C::Limbo) -> Self {
        Self::with_shape(Self::shape_for(capacity), limbo)
    }

    /// For a table of a ledger by windows.
    ///
    /// # Panics
    ///
    /// As [`new`](Heap::new).
    #[cfg(all(target_has_atomic = "64", not(highwater_narrow)))]
    pub(crate) fn for_windows(capacity: usize, limbo: C::Limbo) -> Self {
        Self::with_vacancies(Self::shape_for(capacity).windowed(), limbo)
    }

    /// With a vacancy for each place, spread over the groups.
    #[cfg(all(target_has_atomic = "64", not(highwater_narrow)))]
    pub(crate) fn with_vacancies(shape: Shape, limbo: C::Limbo) -> Self {
        let heap = Self::with_shape(shape, limbo);
        for place in 0..shape.capacity as u64 {
            let slot = place * shape.slots as u64 / shape.capacity as u64;
            heap.slots[slot as usize].set(crate::table::word::Peak::VACANCY);
        }
        heap
    }

    fn shape_for(capacity: usize) -> Shape {
        assert!(capacity > 0, "capacity is 0: a ledger needs at least one place");
        assert!(
            capacity <= Shape::MAX_CAPACITY,
            "capacity {capacity} is too large: at most {} places can be addressed here",
            Shape::MAX_CAPACITY
        );
        Shape::with_capacity(capacity)
    }

    pub(crate) fn with_shape(shape: Shape, limbo: C::Limbo) -> Self {
        let capacity = shape.capacity;
        Self {
            slots: array(shape.slots, capacity),
            groups: array(shape.groups, capacity),
            intents: array(shape.slots, capacity),
            nodes: array(shape.nodes(), capacity),
            shape,
            limbo,
        }
    }

    /// The bytes of the arrays.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.slots)
            + size_of_val(&*self.groups)
            + size_of_val(&*self.intents)
            + size_of_val(&*self.nodes)
    }
}

impl<C: KeyCell> Storage for Heap<C> {
    type Cell = C;

    #[inline]
    fn shape(&self) -> &Shape {
        &self.shape
    }

    #[inline]
    fn slots(&self) -> &[Slot<C>] {
        &self.slots
    }

    #[inline]
    fn groups(&self) -> &[AtomicWord] {
        &self.groups
    }

    fn intents(&self) -> &[Intent] {
        &self.intents
    }

    fn nodes(&self) -> &[AtomicWord] {
        &self.nodes
    }

    fn limbo(&self) -> &C::Limbo {
        &self.limbo
    }
}

/// # Panics
///
/// If the allocator does not have enough memory.
fn array<T: Zeroable>(length: usize, capacity: usize) -> Box<[T]> {
    zeroed(length).unwrap_or_else(|| {
        panic!("capacity {capacity} is too large: the allocator has no {length} x {} bytes", size_of::<T>())
    })
}
