//! The core of all ledgers: a table and the hasher of its keys. The public ledgers are thin faces
//! of it.

use core::{borrow::Borrow, cmp::Ordering, fmt, hash::BuildHasher};

use super::{LedgerStats, ranking::Ranking};
use crate::{
    key::Query,
    sync::{Word, const_fn},
    table::{AllTime, Hint, Key, Pin, Recorded, Storage, Table, word::saturate},
};

/// A ledger over storage of any kind.
pub(crate) struct Core<St, S> {
    table: Table<St>,
    hasher: S,
}

impl<St, S> Core<St, S> {
    const_fn! {
        /// An empty ledger over storage whose bytes are all zero.
        pub(crate) fn new(storage: St, hasher: S) -> Self {
            Self { table: Table::new(storage), hasher }
        }
    }

    pub(crate) fn table(&self) -> &Table<St> {
        &self.table
    }
}

impl<St: Storage, S> Core<St, S> {
    pub(crate) fn stats(&self) -> LedgerStats {
        LedgerStats {
            residents: self.table.len(),
            capacity: self.table.capacity(),
            floor: self.table.floor(),
            untracked_at_most: self.table.untracked_at_most(),
            evictions: self.table.evictions(),
            refused: self.table.refused(),
        }
    }

    /// Fills `top` with the highest residents, ties as `tie` says. Returns the part that is filled.
    pub(crate) fn top_into<'t>(
        &self,
        top: &'t mut [(Key<St>, u64)],
        tie: impl Fn(&Key<St>, &Key<St>) -> Ordering,
        pin: &Pin<St>,
    ) -> &'t mut [(Key<St>, u64)]
    where
        Key<St>: Eq,
    {
        let mut ranking = Ranking::new(top, self.table.capacity(), tie);
        self.table.walk(AllTime, pin, |key, peak| ranking.insert(key, peak));
        ranking.into_filled()
    }

    /// The `Debug` of all ledgers: a name and the numbers, not the residents.
    pub(crate) fn debug(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stats = self.stats();
        f.debug_struct(name)
            .field("residents", &stats.residents)
            .field("capacity", &stats.capacity)
            .field("floor", &stats.floor)
            .field("evictions", &stats.evictions)
            .field("refused", &stats.refused)
            .finish_non_exhaustive()
    }
}

impl<St: Storage, S: BuildHasher> Core<St, S> {
    /// The record of all ledgers.
    #[inline]
    pub(crate) fn record<W: Query<St::Cell>, P: Borrow<Pin<St>>>(
        &self,
        query: impl Borrow<W>,
        bytes: u64,
        mut hint: Option<&mut Hint>,
        pin: impl FnOnce() -> P,
    ) -> Recorded {
        match self.decide(bytes, hint.as_deref_mut()) {
            Ok(recorded) => recorded,
            Err(above) => self.record_above_floor(query, above, hint, pin()),
        }
    }

    /// Records a value that the hint decides, or the floor: without a hash or a pin. Otherwise the
    /// value as the table counts it, which is above the floor.
    #[inline]
    pub(crate) fn decide(&self, bytes: u64, mut hint: Option<&mut Hint>) -> Result<Recorded, Word> {
        if let Some(hint) = &mut hint {
            let bytes = saturate(bytes);
            if hint.settles(bytes) {
                return Ok(Recorded::Unchanged);
            }
            if let Some(Ok(recorded)) = self.table.raise_by_hint(bytes, hint, AllTime) {
                return Ok(recorded);
            }
        }
        self.table.above_floor(bytes, hint).map_or(Ok(Recorded::Unchanged), Err)
    }

    /// Out of line, so that a call site is only the comparison with the floor. The hash is computed
    /// in here: as one more argument, it would cost a resident's record three to seven instructions
    /// (`ci/instructions`) and save a static ledger four bytes of code (`ci/code-size`).
    #[inline(never)]
    pub(crate) fn record_above_floor<W: Query<St::Cell>>(
        &self,
        query: impl Borrow<W>,
        bytes: Word,
        hint: Option<&mut Hint>,
        pin: impl Borrow<Pin<St>>,
    ) -> Recorded {
        let query = query.borrow();
        let hash = self.hasher.hash_one(query);
        let Ok(recorded) = self.table.record_above_floor(hash, query, bytes, hint, AllTime, pin.borrow());
        recorded
    }

    #[inline]
    pub(crate) fn peak<W: Query<St::Cell>>(&self, query: &W, pin: &Pin<St>) -> u64 {
        let Ok(peak) = self.table.peak(self.hasher.hash_one(query), query, AllTime, pin);
        peak
    }

    /// All residents, highest first, and the certificate for all others. Ties as `tie` says.
    #[cfg(feature = "alloc")]
    pub(crate) fn snapshot(
        &self,
        tie: impl Fn(&Key<St>, &Key<St>) -> Ordering,
        pin: &Pin<St>,
    ) -> crate::snapshot::Snapshot<Key<St>>
    where
        Key<St>: Eq + core::hash::Hash,
    {
        super::report::snapshot(&self.table, pin, |key| self.hasher.hash_one(key), tie)
    }
}
