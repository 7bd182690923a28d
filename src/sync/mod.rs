//! The one place that chooses the source of atomics and the width of a word.
//!
//! With `--cfg highwater_loom` the atomics are those of loom and tables are small. With `--cfg
//! highwater_shuttle` on top they are those of shuttle. Only the unit tests are built so
//! (`tests/models`): the checkers are dev-dependencies, which no host's lock file has, and a host
//! that models itself with `--cfg loom` gets the ordinary ledger.

mod zeroed;

#[cfg(feature = "alloc")]
pub(crate) use zeroed::zeroed;
pub(crate) use zeroed::{Zeroable, zeroable};

#[cfg(all(highwater_loom, not(highwater_shuttle)))]
use loom as checker;
#[cfg(highwater_shuttle)]
use shuttle as checker;

#[cfg(highwater_loom)]
pub(crate) use checker::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

// Only where it is needed. Elsewhere the feature changes nothing, so that it combines with any
// other.
#[cfg(all(not(highwater_loom), feature = "portable-atomic", not(target_has_atomic = "ptr")))]
pub(crate) use portable_atomic::{AtomicU32, AtomicUsize, Ordering};

#[cfg(all(
    not(any(highwater_loom, highwater_steps)),
    any(not(feature = "portable-atomic"), target_has_atomic = "ptr")
))]
pub(crate) use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

#[cfg(highwater_steps)]
#[doc(hidden)]
pub mod stepped;
#[cfg(highwater_steps)]
pub(crate) use {
    core::sync::atomic::Ordering,
    stepped::{AtomicU32, AtomicUsize},
};

#[cfg(all(not(highwater_loom), not(feature = "portable-atomic"), not(target_has_atomic = "ptr")))]
compile_error!(
    "this target has no compare-and-swap: enable highwater's feature `portable-atomic` together with \
     portable-atomic's `critical-section` or `unsafe-assume-single-core` (interrupts are masked for each \
     atomic update then)"
);

#[cfg(all(feature = "alloc", not(target_has_atomic = "ptr")))]
compile_error!(
    "this target has no compare-and-swap, and highwater's feature `alloc` (also part of `std`, `std-ledger` and `wasmtime`) needs \
     it: do without, and use `StaticLedger`"
);

/// A machine word of the ledger: 64 bits, or 32 where the target has no 64-bit atomics (and under
/// `--cfg highwater_narrow`, which lets any host test that form).
#[cfg(all(target_has_atomic = "64", not(highwater_narrow)))]
pub type Word = u64;
/// A machine word of the ledger: 64 bits, or 32 where the target has no 64-bit atomics (and under
/// `--cfg highwater_narrow`, which lets any host test that form).
#[cfg(not(all(target_has_atomic = "64", not(highwater_narrow))))]
pub type Word = u32;

#[cfg(all(target_has_atomic = "64", not(highwater_narrow)))]
mod wide {
    #[cfg(highwater_loom)]
    pub(crate) use super::checker::sync::atomic::AtomicU64 as AtomicWord;
    #[cfg(highwater_steps)]
    pub(crate) use super::stepped::AtomicU64 as AtomicWord;
    #[cfg(not(any(highwater_loom, highwater_steps)))]
    pub(crate) use core::sync::atomic::AtomicU64 as AtomicWord;
}
#[cfg(not(all(target_has_atomic = "64", not(highwater_narrow))))]
pub(crate) use AtomicU32 as AtomicWord;
#[cfg(all(target_has_atomic = "64", not(highwater_narrow)))]
pub(crate) use wide::AtomicWord;

/// A word as the `u64` of the public interface.
#[inline]
#[allow(clippy::unnecessary_cast)] // A word is a `u64` on some targets and a `u32` on others.
pub(crate) const fn widen(word: Word) -> u64 {
    word as u64
}

/// Whether a model checker runs this. Tables are small then, so that a few calls reach all parts.
pub(crate) const MODELLED: bool = cfg!(highwater_loom);

/// A `const fn`, except under model checkers, whose atomics are not made in constants.
macro_rules! const_fn {
    ($(#[$attribute:meta])* $visibility:vis fn $($rest:tt)*) => {
        #[cfg(not(highwater_loom))]
        $(#[$attribute])*
        $visibility const fn $($rest)*
        #[cfg(highwater_loom)]
        $(#[$attribute])*
        $visibility fn $($rest)*
    };
}
pub(crate) use const_fn;

/// A value on cache lines of its own, where the target has caches worth the memory.
#[cfg_attr(all(target_has_atomic = "64", not(highwater_narrow)), repr(align(128)))]
pub(crate) struct CachePadded<T>(pub(crate) T);

impl<T> core::ops::Deref for CachePadded<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
