//! The report of a lease.

use super::denial::Denial;

/// The use that a lease has made of its Store so far, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct LeaseReport {
    /// By how much the lease has grown the Store's memories.
    pub own: usize,
    /// Bytes that the Store's memories held when the lease began, and bytes that leases inside it
    /// have added.
    pub inherited: usize,
    /// Bytes that the Store's memories hold: `own + inherited`.
    pub total: usize,
    /// Elements (not bytes) over all tables of the Store.
    pub table_elements: usize,
    /// Growths of this lease that did not take place.
    pub denied: u64,
    /// Why the last of them did not.
    pub last_denial: Option<Denial>,
}
