//! The crate itself: the ledger by key, and through a tracker for each principal.

use std::hash::BuildHasher;

use highwater::{EpochKey, InlineKey, InlineLedger, Ledger, LedgerHandle, Tracker, WindowedLedger};

use super::Peer;
use crate::suite::workload::Pattern;

macro_rules! by_key {
    ($ledger:ident over $($bound:path),+) => {
        impl<K: $($bound +)+ 'static, S> Peer<K> for $ledger<K, S>
        where
            S: BuildHasher + Default + Clone + Send + Sync + 'static,
        {
            type Subject<'k> = &'k K;

            fn fresh(capacity: usize) -> Self {
                Self::with_capacity_and_hasher(capacity, S::default())
            }

            fn subject<'k>(&self, key: &'k K, _index: usize) -> &'k K {
                key
            }

            #[inline]
            fn record(&self, key: &mut &K, bytes: u64) {
                self.record_peak(*key, bytes);
            }

            #[inline]
            fn peak(&self, key: &mut &K) -> u64 {
                $ledger::peak(self, *key)
            }
        }
    };
}

by_key!(InlineLedger over InlineKey);
by_key!(WindowedLedger over InlineKey);
by_key!(Ledger over EpochKey);

/// A ledger that is only reached through trackers, one for each principal and thread.
pub struct Tracked<L>(L);

impl<K, L> Peer<K> for Tracked<L>
where
    K: Clone + Send + Sync + 'static,
    L: LedgerHandle<Principal = K> + for<'k> Peer<K, Subject<'k> = &'k K> + Clone,
{
    type Subject<'k> = Tracker<L>;

    fn fresh(capacity: usize) -> Self {
        Self(L::fresh(capacity))
    }

    fn subject(&self, key: &K, _index: usize) -> Tracker<L> {
        Tracker::new(self.0.clone(), key.clone())
    }

    #[inline]
    fn record(&self, tracker: &mut Tracker<L>, bytes: u64) {
        tracker.record_peak(bytes);
    }

    #[inline]
    fn peak(&self, tracker: &mut Tracker<L>) -> u64 {
        Peer::peak(&self.0, &mut tracker.key())
    }

    fn takes(pattern: Pattern) -> bool {
        matches!(pattern, Pattern::NotRaised | Pattern::Raised)
    }
}
