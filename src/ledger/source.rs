//! Ledgers as exporters see them.

use super::LedgerStats;
use crate::snapshot::Snapshot;

/// What an exporter asks of a ledger. Handles to ledgers on the heap have it; a host that keeps
/// several ledgers can have it too, with a [merged](Snapshot::merge) snapshot.
pub trait SnapshotSource {
    /// The type of the keys.
    type Principal;

    /// What to report now: the residents of the ledger and the certificate for all others.
    fn snapshot(&self) -> Snapshot<Self::Principal>;

    /// The numbers to report beside it.
    fn stats(&self) -> LedgerStats;
}
