//! Hashers for tests only.

use std::cell::Cell;
use std::hash::{BuildHasher, DefaultHasher, Hasher};

/// Every key has the same hash, and so the same home.
#[derive(Clone, Copy, Debug, Default)]
pub struct OneHome;

impl BuildHasher for OneHome {
    type Hasher = Self;

    fn build_hasher(&self) -> Self {
        Self
    }
}

impl Hasher for OneHome {
    fn write(&mut self, _: &[u8]) {}

    /// Near the end of any table, so that probes go round.
    fn finish(&self) -> u64 {
        u64::MAX
    }
}

/// Counts, per thread, the hashes that a ledger asks for.
#[derive(Clone, Default)]
pub struct CountingHasher;

thread_local! {
    static HASHES: Cell<u64> = const { Cell::new(0) };
}

impl BuildHasher for CountingHasher {
    type Hasher = DefaultHasher;

    fn build_hasher(&self) -> DefaultHasher {
        HASHES.with(|hashes| hashes.set(hashes.get() + 1));
        DefaultHasher::new()
    }
}

/// The answer of a call, and the number of hashes that it took.
pub fn hashes_of<T>(call: impl FnOnce() -> T) -> (T, u64) {
    let before = HASHES.get();
    let answer = call();
    (answer, HASHES.get() - before)
}
