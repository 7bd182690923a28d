//! Promise: a value at or below the floor is done with before the key is even hashed.

mod common;

use common::hashers::{CountingHasher, hashes_of};
use highwater::{InlineLedger, Recorded};

#[test]
fn no_hash_at_or_below_the_floor() {
    let ledger = InlineLedger::<u64, CountingHasher>::with_capacity_and_hasher(4, CountingHasher);
    for key in 0..4 {
        ledger.record_peak(&key, 100 + key);
    }
    // The first newcomer that is too small makes the ledger prove its floor; from then on it is one
    // load.
    let (answer, hashes) = hashes_of(|| ledger.record_peak(&9, 100));
    assert_eq!(answer, Recorded::Dropped);
    assert!(hashes >= 1);
    assert_eq!(ledger.floor(), 100);
    for bytes in 0..=100 {
        for key in [0, 3, 9, 1000] {
            let (answer, hashes) = hashes_of(|| ledger.record_peak(&key, bytes));
            assert!(matches!(answer, Recorded::Unchanged | Recorded::Dropped), "{answer:?}");
            assert_eq!(hashes, 0, "key {key} at {bytes}");
        }
    }
    let (_, hashes) = hashes_of(|| ledger.record_peak(&3, 101));
    assert!(hashes >= 1, "above the floor the key has to be found");
}
