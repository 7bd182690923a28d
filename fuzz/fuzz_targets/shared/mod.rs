//! Helpers of the targets that feed ledgers.

use std::hash::{BuildHasher, Hasher};

use arbitrary::Arbitrary;
use highwater::InlineLedger;

use crate::oracle::{LARGEST_PEAK, Observed};

/// Values that mean something to a ledger.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Bytes {
    /// Ties.
    Small(u8),
    Pages(u16),
    /// Around the value where peaks saturate.
    NearTheLargest(u8),
    Any(u64),
}

impl Bytes {
    pub fn get(self) -> u64 {
        match self {
            Self::Small(bytes) => bytes.into(),
            Self::Pages(pages) => u64::from(pages) << 16,
            Self::NearTheLargest(more) => LARGEST_PEAK - 128 + u64::from(more),
            Self::Any(bytes) => bytes,
        }
    }
}

/// Hashers from good to hostile.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Hashing {
    Mixed,
    /// Neighbours have neighbouring homes.
    Sequential,
    /// One home for all.
    Constant(u64),
    /// Two homes at the ends of the table.
    Ends,
}

/// The last word written, hashed as the kind says.
pub struct KindHasher(Hashing, u64);

impl BuildHasher for Hashing {
    type Hasher = KindHasher;

    fn build_hasher(&self) -> KindHasher {
        KindHasher(*self, 0)
    }
}

impl Hasher for KindHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.1 = self.1 << 8 | u64::from(byte);
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.1 = word;
    }

    fn finish(&self) -> u64 {
        match self.0 {
            Hashing::Mixed => self.1.wrapping_mul(0x9e37_79b9_7f4a_7c15),
            Hashing::Sequential => self.1 << 56,
            Hashing::Constant(hash) => hash,
            Hashing::Ends => (self.1 & 1).wrapping_neg(),
        }
    }
}

/// Everything that the oracle judges.
pub fn observe(ledger: &InlineLedger<u64, Hashing>) -> Observed<u64> {
    Observed {
        capacity: ledger.capacity(),
        len: ledger.len(),
        contents: ledger.snapshot().into_iter().collect(),
        floor: ledger.floor(),
        untracked_at_most: ledger.untracked_at_most(),
        refused: ledger.refused(),
    }
}
