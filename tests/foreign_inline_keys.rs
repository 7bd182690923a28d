//! Inline keys of a foreign type, whose code panics: nothing that was claimed is lost.
use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
};

use highwater::{InlineKey, Recorded, StaticLedger};

thread_local! {
    /// After how many more calls of the key's code the next one panics.
    static FUSE: Cell<usize> = const { Cell::new(usize::MAX) };
}

fn burn() {
    let left = FUSE.get();
    assert!(left > 0, "a foreign key panics");
    FUSE.set(left - 1);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Touchy(u64);

impl InlineKey for Touchy {
    type Repr = u64;

    fn to_repr(&self) -> u64 {
        burn();
        self.0
    }

    fn from_repr(repr: u64) -> Self {
        burn();
        Self(repr)
    }
}

#[test]
fn a_panic_in_a_key_costs_no_slot() {
    static LEDGER: StaticLedger<Touchy, 4> = StaticLedger::new();
    let mut panics = 0;
    for key in 0..400 {
        FUSE.set(key as usize % 3);
        let record = || LEDGER.record_peak(&Touchy(key), 5 + key);
        panics += usize::from(catch_unwind(AssertUnwindSafe(record)).is_err());
    }
    FUSE.set(usize::MAX);
    assert!(panics >= 80, "only {panics} panics");
    for (key, bytes) in (1000..1004).zip(1000..) {
        assert_eq!(LEDGER.record_peak(&Touchy(key), bytes), Recorded::Admitted);
    }
    assert_eq!((LEDGER.len(), LEDGER.refused()), (4, 0));
}
