//! The arrays of a table on the heap.

use alloc::boxed::Box;

use crate::{
    key::KeyCell,
    sync::AtomicWord,
    table::{Intent, Slot, Storage, shape::Shape},
};

/// All arrays of a table, taken at once and never resized.
pub(crate) struct Heap<C: KeyCell> {
    shape: Shape,
    slots: Box<[Slot<C>]>,
    groups: Box<[AtomicWord]>,
    intents: Box<[Intent]>,
    nodes: Box<[AtomicWord]>,
    limbo: C::Limbo,
}

/// What the cells of tables on the heap must be able to do: start as zeroed memory.
#[cfg(not(highwater_loom))]
pub(crate) trait HeapCell: KeyCell + bytemuck::Zeroable {}
#[cfg(not(highwater_loom))]
impl<C: KeyCell + bytemuck::Zeroable> HeapCell for C {}
#[cfg(highwater_loom)]
pub(crate) trait HeapCell: KeyCell {}
#[cfg(highwater_loom)]
impl<C: KeyCell> HeapCell for C {}

impl<C: HeapCell> Heap<C> {
    /// # Panics
    ///
    /// If the capacity is 0 or larger than a table can be, or if the allocator has not enough memory.
    pub(crate) fn new(capacity: usize, limbo: C::Limbo) -> Self {
        assert!(capacity > 0, "capacity is 0: a ledger needs at least one place");
        assert!(
            capacity <= Shape::MAX_CAPACITY,
            "capacity {capacity} is too large: at most {} places can be addressed here",
            Shape::MAX_CAPACITY
        );
        Self::with_shape(Shape::with_capacity(capacity), limbo)
    }

    pub(crate) fn with_shape(shape: Shape, limbo: C::Limbo) -> Self {
        let capacity = shape.capacity;
        Self {
            slots: zeroed(shape.slots, capacity),
            groups: zeroed(shape.groups, capacity),
            intents: zeroed(shape.slots, capacity),
            nodes: zeroed(shape.nodes(), capacity),
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

/// Zeroed memory straight from the allocator, which may not have to touch it.
#[cfg(not(highwater_loom))]
fn zeroed<T: bytemuck::Zeroable>(length: usize, capacity: usize) -> Box<[T]> {
    bytemuck::allocation::try_zeroed_slice_box(length).unwrap_or_else(|()| {
        panic!("capacity {capacity} is too large: the allocator has no {length} x {} bytes", size_of::<T>())
    })
}

/// loom's atomics are objects of their own.
#[cfg(highwater_loom)]
fn zeroed<T: Empty>(length: usize, _capacity: usize) -> Box<[T]> {
    (0..length).map(|_| T::empty()).collect()
}

#[cfg(highwater_loom)]
trait Empty {
    fn empty() -> Self;
}

#[cfg(highwater_loom)]
impl<C: KeyCell> Empty for Slot<C> {
    fn empty() -> Self {
        Slot::empty()
    }
}

#[cfg(highwater_loom)]
impl Empty for Intent {
    fn empty() -> Self {
        Intent::empty()
    }
}

#[cfg(highwater_loom)]
impl Empty for AtomicWord {
    fn empty() -> Self {
        AtomicWord::new(0)
    }
}
