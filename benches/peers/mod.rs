//! The contenders that the ledger is measured against: one small adapter a file, all behind
//! [`Peer`].

mod array;
mod dashmap;
mod highwater;
mod locked;
mod papaya;
mod rwlock;
mod scanning;
mod scc;
mod spinlock;

pub use self::{
    array::BareArray, dashmap::DashMapLedger, highwater::Tracked, papaya::PapayaLedger, rwlock::RwLockLedger,
    scc::SccLedger, spinlock::SpinLockLedger,
};

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::suite::workload::Pattern;

/// A way to keep the highest value of each of at most `capacity` principals named by `K`.
pub trait Peer<K: 'static>: Send + Sync + Sized + 'static {
    /// The value that a caller holds for one principal: a borrowed key for most, an index for a
    /// bare array, a tracker with its hint.
    type Subject<'k>: Send;

    /// An empty one, with all that it can reserve beforehand.
    fn fresh(capacity: usize) -> Self;

    /// The handle of the principal called `key`, number `index` of those that the workload knows.
    fn subject<'k>(&self, key: &'k K, index: usize) -> Self::Subject<'k>;

    fn record(&self, subject: &mut Self::Subject<'_>, bytes: u64);

    /// 0 if the principal is not tracked.
    fn peak(&self, subject: &mut Self::Subject<'_>) -> u64;

    /// Whether `pattern` means anything here: a bare array knows no newcomers.
    fn takes(_pattern: Pattern) -> bool {
        true
    }
}

/// Raises `peak` to at least `bytes`, writing only if it must.
#[inline]
fn raise(peak: &AtomicU64, bytes: u64) {
    if bytes > peak.load(Relaxed) {
        peak.fetch_max(bytes, Relaxed);
    }
}
