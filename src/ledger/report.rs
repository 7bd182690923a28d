//! Reports of residents on the heap.

use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::{
    key::KeyCell,
    sync::MODELLED,
    table::{Pin, Storage, Table, Values},
};

/// How many walks are tried until no admission interferes. One under models, so that they see the
/// result of a walk with interference.
const WALKS: usize = if MODELLED { 1 } else { 4 };

/// All residents, each once, no more than the capacity.
///
/// If admissions keep interfering, the entries of the last walk are put right: of a key that was
/// met twice, the higher peak stays, and of more entries than places, the lowest go.
pub(crate) fn snapshot<St, K>(
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

/// The `n` highest entries, highest first, ties as `tie` says.
pub(crate) fn top<K>(
    mut entries: Vec<(K, u64)>,
    n: usize,
    tie: impl Fn(&K, &K) -> core::cmp::Ordering,
) -> Vec<(K, u64)> {
    entries.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| tie(&a.0, &b.0)));
    entries.truncate(n);
    entries
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

    #[test]
    fn the_top_is_the_highest_first_with_ties_in_order() {
        let entries = vec![('b', 5), ('d', 9), ('a', 5), ('c', 7)];
        assert_eq!(top(entries, 3, Ord::cmp), [('d', 9), ('c', 7), ('a', 5)]);
    }
}
