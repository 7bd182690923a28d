//! Snapshots of ledgers on the heap.

use alloc::vec::Vec;
use core::cmp::{Ordering, Reverse};

use crate::{
    key::KeyCell,
    snapshot::Snapshot,
    sync::MODELLED,
    table::{AllTime, Pin, Storage, Table, Values},
};

/// How many walks are tried until no admission interferes. One under models, so that they see the
/// result of a walk with interference.
const WALKS: usize = if MODELLED { 1 } else { 4 };

/// All residents and the certificate for the others.
///
/// The certificate is read last. A key that had recorded more than that before the walks began was
/// resident at the last walk, or came to be during it, and was not evicted since: an eviction proves
/// a floor of the key's peak first. The walk can only miss it if it was evicted meanwhile.
pub(crate) fn snapshot<St, K>(
    table: &Table<St>,
    pin: &Pin<St>,
    hash: impl Fn(&K) -> u64,
    tie: impl Fn(&K, &K) -> Ordering,
) -> Snapshot<K>
where
    St: Storage,
    St::Cell: KeyCell<Key = K>,
    K: Eq,
{
    let entries = entries(table, AllTime, pin, hash);
    // The refusals before their largest value: see `refuse`.
    let refused = table.refused();
    Snapshot::new(entries, tie, table.untracked_at_most(), table.capacity(), refused)
}

/// All residents, each once, no more than the capacity.
///
/// If admissions keep interfering, the entries of the last walk are put right: of a key that was
/// met twice, the higher peak stays, and of more entries than places, the lowest go. For each entry
/// that goes, a resident as low was evicted during the walk, so the floor is at least as high.
pub(crate) fn entries<St, K>(
    table: &Table<St>,
    values: impl Values,
    pin: &Pin<St>,
    hash: impl Fn(&K) -> u64,
) -> Vec<(K, u64)>
where
    St: Storage,
    St::Cell: KeyCell<Key = K>,
    K: Eq,
{
    let mut entries = Vec::with_capacity(table.capacity());
    for _ in 0..WALKS {
        entries.clear();
        if table.walk(values, pin, |key, peak| entries.push((key, peak))) {
            return entries;
        }
    }
    let mut entries = without_repeats(entries, hash);
    entries.sort_by_key(|&(_, peak)| Reverse(peak));
    entries.truncate(table.capacity());
    entries
}

/// Of each key the entry with the highest peak.
fn without_repeats<K: Eq>(entries: Vec<(K, u64)>, hash: impl Fn(&K) -> u64) -> Vec<(K, u64)> {
    let mut hashed: Vec<_> = entries.into_iter().map(|entry| (hash(&entry.0), entry)).collect();
    // Sorts equal keys into one run of equal hashes, the highest peak first.
    hashed.sort_by_key(|&(hash, (_, peak))| (hash, Reverse(peak)));
    let mut kept: Vec<(u64, (K, u64))> = Vec::with_capacity(hashed.len());
    for (hash, entry) in hashed {
        let mut run = kept.iter().rev().take_while(|kept| kept.0 == hash);
        if run.all(|kept| kept.1.0 != entry.0) {
            kept.push((hash, entry));
        }
    }
    kept.into_iter().map(|(_, entry)| entry).collect()
}

#[cfg(test)]
#[cfg(not(highwater_loom))]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn repeats_leave_the_highest_even_when_all_keys_collide() {
        let entries = vec![('a', 3), ('b', 7), ('a', 9), ('c', 1), ('b', 2)];
        for hash in [|_: &char| 0, |key: &char| u64::from(*key)] {
            let mut kept = without_repeats(entries.clone(), hash);
            kept.sort_unstable();
            assert_eq!(kept, [('a', 9), ('b', 7), ('c', 1)]);
        }
    }
}
