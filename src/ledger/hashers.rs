//! The default hashers of ledgers.

use core::hash::{BuildHasher, Hasher};

#[cfg(feature = "std-ledger")]
use ahash::RandomState as Seeded;

/// The fixed seed, as there is no source of randomness.
#[cfg(not(feature = "std-ledger"))]
type Seeded = FixedState;

/// The hasher of ledgers on the heap.
///
/// With the feature `std-ledger`, which is part of `std`, it is `ahash`, and each value of this
/// type is seeded at random: principals that choose their keys cannot make them collide. Without
/// the feature it hashes as [`FixedState`] does, with the same fixed seed. It is the same type
/// either way, so a feature that another crate of the program turns on changes no signature.
#[derive(Clone, Debug, Default)]
pub struct DefaultHashBuilder(Seeded);

impl BuildHasher for DefaultHashBuilder {
    type Hasher = DefaultHasher;

    #[inline]
    fn build_hasher(&self) -> DefaultHasher {
        DefaultHasher(self.0.build_hasher())
    }
}

/// The hasher that a [`DefaultHashBuilder`] builds: a type of its own for the same reason.
#[derive(Clone)]
pub struct DefaultHasher(<Seeded as BuildHasher>::Hasher);

/// Forwards each of these methods: the default ones would hash integers as bytes.
macro_rules! forward {
    ($($method:ident: $type:ty),*) => {
        $(#[inline]
        fn $method(&mut self, value: $type) {
            self.0.$method(value);
        })*
    };
}

impl Hasher for DefaultHasher {
    #[inline]
    fn finish(&self) -> u64 {
        self.0.finish()
    }

    forward! {
        write: &[u8], write_u8: u8, write_u16: u16, write_u32: u32, write_u64: u64, write_u128: u128,
        write_usize: usize
    }
}

/// `foldhash` with a fixed seed: fast, small, the same in every run, and of size 0, so that the
/// bytes of a static ledger are all zero.
///
/// A user that chooses the principals' keys can make them collide, which costs time (each look-up
/// may visit every colliding key), never correctness. To prevent that, give the ledger a seeded
/// hasher.
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
