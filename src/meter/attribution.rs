//! What a lease is charged with.

/// Which size is recorded for the principal that holds the lease. The three answer different
/// questions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum Attribution {
    /// *How much did this principal add?* The bytes by which the lease has grown the Store's
    /// memories.
    ///
    /// The default. On a Store of its own a principal adds all that there is, so this equals
    /// [`StoreTotal`](Self::StoreTotal); on a pooled Store it is the only one of the three that
    /// never charges a principal with what somebody else left behind.
    #[default]
    OwnGrowth,
    /// *How large was the Store when this principal last grew it?* All memories together, inherited
    /// bytes included: what the host has to provide for. Nothing for whoever has not grown it.
    StoreTotal,
    /// *How large did a single memory become?* The desired size of the largest memory that the
    /// lease grew, whatever the others hold and whoever grew it before: the absolute high-water
    /// mark that a ledger fed with one `desired` at a time records.
    LargestMemory,
}
