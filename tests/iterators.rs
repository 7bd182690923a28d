//! Promise: a ledger takes records from any iterator as if they were made one by one, and lists its
//! residents in memory of the caller's.

use highwater::{InlineLedger, MAX_PRINCIPALS, StaticLedger};

const RECORDS: [(u64, u64); 5] = [(1, 10), (2, 20), (1, 30), (3, 25), (4, 5)];

#[test]
fn records_from_an_iterator_are_those_made_one_by_one() {
    let collected: InlineLedger<u64> = RECORDS.into_iter().collect();
    assert_eq!((collected.len(), collected.capacity()), (4, MAX_PRINCIPALS));
    let mut extended = InlineLedger::with_capacity(2);
    extended.extend(RECORDS);
    assert_eq!(extended.top(9), [(1, 30), (3, 25)]);
    // Ledgers merge.
    extended.extend(collected.snapshot());
    assert_eq!(extended.top(9), collected.top(2));
    static LEDGER: StaticLedger<u64, 2> = StaticLedger::new();
    (&LEDGER).extend(RECORDS);
    assert_eq!(LEDGER.top_into(&mut [(0, 0); 3]), [(1, 30), (3, 25)]);
}

#[test]
fn residents_are_listed_in_memory_of_the_callers() {
    let ledger: InlineLedger<u64> = RECORDS.into_iter().chain([(5, 20)]).collect();
    let all = [(1, 30), (3, 25), (2, 20), (5, 20), (4, 5)];
    for places in 0..8 {
        let mut top = vec![(0, 0); places];
        assert_eq!(ledger.top_into(&mut top), &all[..places.min(5)]);
    }
    let mut met = Vec::new();
    assert!(ledger.for_each(|key, peak| met.push((key, peak))));
    met.sort_by_key(|&(key, peak)| (std::cmp::Reverse(peak), key));
    assert_eq!(met, all);
}
