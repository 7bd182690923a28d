//! What a table only counts, and the values that go with the counts.

use crate::sync::{AtomicWord, const_fn};

/// Counts, and the values that go with them.
pub(crate) struct Tally {
    pub(super) evictions: AtomicWord,
    pub(super) refused: AtomicWord,
    /// The largest value that was refused.
    pub(super) lost: AtomicWord,
    /// The searches that raised a bound, and the admissions whose victim was of an earlier window.
    pub(super) raising_searches: AtomicWord,
}

impl Tally {
    const_fn! {
        /// Nothing has happened yet.
        pub(super) fn new() -> Self {
            Self {
                evictions: AtomicWord::new(0),
                refused: AtomicWord::new(0),
                lost: AtomicWord::new(0),
                raising_searches: AtomicWord::new(0),
            }
        }
    }
}
