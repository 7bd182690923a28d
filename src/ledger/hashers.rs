//! The hashers that ledgers use unless told otherwise.

use core::hash::BuildHasher;

/// The hasher of ledgers on the heap: `ahash`, seeded at random, with the feature `std`; without it,
/// where there is no entropy to be had, [`FixedState`].
#[cfg(feature = "std")]
pub type DefaultHashBuilder = ahash::RandomState;
/// The hasher of ledgers on the heap: `ahash`, seeded at random, with the feature `std`; without it,
/// where there is no entropy to be had, [`FixedState`].
#[cfg(not(feature = "std"))]
pub type DefaultHashBuilder = FixedState;

/// `foldhash` with a fixed seed: quick, small, the same in every run, and of no size itself, so that
/// a static ledger is all zeroes.
///
/// Whoever chooses the principals' keys can make them collide, which costs time (each look-up may
/// visit every colliding key), never correctness. Against that, give the ledger a seeded hasher.
#[derive(Clone, Copy, Debug, Default)]
pub struct FixedState;

impl BuildHasher for FixedState {
    type Hasher = foldhash::fast::FoldHasher<'static>;

    #[inline]
    fn build_hasher(&self) -> Self::Hasher {
        const SEEDED: foldhash::fast::FixedState = foldhash::fast::FixedState::with_seed(0);
        SEEDED.build_hasher()
    }
}
