//! Which size a lease is charged with.

/// Which size is recorded for the principal that holds the lease. The three answer different
/// questions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum Attribution {
    /// *How much did this principal add?* The bytes by which the lease has grown the Store's
    /// memories.
    ///
    /// The default. On a Store of its own a principal adds all that there is, so this equals
    /// [`StoreTotal`](Self::StoreTotal). On a pooled Store it is the only one of the three that
    /// never charges a principal with bytes that another left behind.
    #[default]
    OwnGrowth,
    /// *How large was the Store when this principal last grew it?* All memories together, inherited
    /// bytes included, for which the host has to provide. A principal that has not grown the Store
    /// is charged with nothing.
    StoreTotal,
    /// *How large did a single memory become?* The desired size of the largest memory that the
    /// lease grew, whatever the others hold and whichever principal grew it before: the absolute
    /// high-water mark that a ledger records when it is fed with one `desired` at a time.
    LargestMemory,
}
