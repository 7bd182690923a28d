//! Where the arrays of a table are: on the heap, or in place.

#[cfg(not(highwater_loom))]
mod fixed;
#[cfg(feature = "alloc")]
mod heap;

use super::{
    shape::Shape,
    slot::{Intent, Slot},
};
use crate::{key::KeyCell, sync::AtomicWord};
#[cfg(not(highwater_loom))]
pub(crate) use fixed::Fixed;
#[cfg(feature = "alloc")]
pub(crate) use heap::Heap;

/// The arrays of a table.
pub(crate) trait Storage {
    type Cell: KeyCell;

    fn shape(&self) -> &Shape;
    fn slots(&self) -> &[Slot<Self::Cell>];
    fn groups(&self) -> &[AtomicWord];
    fn intents(&self) -> &[Intent];
    fn nodes(&self) -> &[AtomicWord];
    /// The displaced keys that wait to be freed.
    fn limbo(&self) -> &<Self::Cell as KeyCell>::Limbo;
}

/// The keys of a table over this storage.
pub(crate) type Key<St> = <<St as Storage>::Cell as KeyCell>::Key;

/// The value that keeps keys from being freed during a call on a table over this storage.
pub(crate) type Pin<St> = <<St as Storage>::Cell as KeyCell>::Pin;
