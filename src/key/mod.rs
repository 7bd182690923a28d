//! How a slot holds its key: the only part in which the kinds of ledger differ.

#[cfg(feature = "alloc")]
pub(crate) mod borrowed;
#[cfg(feature = "alloc")]
pub(crate) mod epoch;
pub(crate) mod inline;
mod inline_str;
#[cfg(feature = "alloc")]
pub(crate) mod limbo;
#[cfg(feature = "alloc")]
pub(crate) mod participant;
#[cfg(feature = "alloc")]
mod permit;
mod plain;
#[cfg(feature = "serde")]
pub(crate) mod text;
pub(crate) mod words;

pub use inline::InlineKey;
pub use inline_str::{InlineStr, InlineStrError};

use core::hash::Hash;

use crate::sync::Zeroable;

/// The result of comparing a key with that of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Different,
    /// The slot changed while the key was read: look at it again.
    Changed,
}

/// The key of one slot.
///
/// `still` tells whether the slot's peak word is the same as before the key was touched. Since a
/// value of that word never comes back, the key read in between belongs to that value.
///
/// Zeroed, a cell holds no key.
pub(crate) trait KeyCell: Sized + Zeroable {
    /// The type of the keys that calls return.
    type Key;
    /// Keeps keys from being freed while a call reads them.
    type Pin;
    /// A key ready to be stored without anything that could panic.
    type Prepared;
    /// The key that [`put`](KeyCell::put) found in the cell, or, for inline keys, the
    /// newcomer's key, which [`take_back`](KeyCell::take_back) returns.
    type Displaced;
    /// The displaced keys of a ledger that wait to be freed.
    type Limbo;

    /// Stores the key of a newcomer. Only the owner of a claim on the slot calls this.
    fn put(&self, key: Self::Prepared) -> Self::Displaced;

    /// Undoes [`put`](KeyCell::put) while the claim is still held and was never published.
    fn take_back(&self, displaced: Self::Displaced) -> Self::Prepared;

    /// Whether one more key may be displaced. If not, the admission is refused.
    fn may_displace(limbo: &Self::Limbo, pin: &Self::Pin) -> bool;

    /// Disposes of the key that a published newcomer has displaced. May run foreign code.
    fn retire(displaced: Self::Displaced, limbo: &Self::Limbo, pin: &Self::Pin);

    /// The key, if `still` holds after it was read.
    fn read(&self, pin: &Self::Pin, still: impl Fn() -> bool) -> Option<Self::Key>;
}

/// The key of a call, which is compared with those of slots. An admission makes the slot's key from
/// it.
pub(crate) trait Query<C: KeyCell>: Hash {
    fn compare(&self, cell: &C, pin: &C::Pin, still: impl Fn() -> bool) -> Comparison;

    /// Makes the key that a slot will hold. May allocate, and may run foreign code that panics.
    fn prepare(&self) -> C::Prepared;
}
