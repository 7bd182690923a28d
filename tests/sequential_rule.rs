//! Promise: one thread's calls follow the sequential rule, answers included.

mod common;

use std::collections::BTreeMap;

use common::oracle::{LARGEST_PEAK, Oracle};
use common::subject::Subject;
use highwater::Recorded;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

for_every_kind! { sequences_follow_the_rule, a_full_ledger_keeps_the_largest }

/// Capacity, and calls as (key, bytes); values small enough to tie, or around the value at which
/// peaks saturate.
fn programs() -> impl Strategy<Value = (usize, Vec<(u64, u64)>)> {
    let bytes = prop_oneof![
        8 => 0..12_u64,
        4 => 0..1_u64 << 20,
        2 => LARGEST_PEAK - 3..=LARGEST_PEAK + 3,
        1 => Just(u64::MAX),
    ];
    (1..=8_usize, proptest::collection::vec((0..20_u64, bytes), 0..120))
}

fn sequences_follow_the_rule<S: Subject>() {
    let mut runner = TestRunner::new(ProptestConfig {
        cases: u32::try_from(common::effort::scaled(120)).expect("a sensible effort"),
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let outcome = runner.run(&programs(), |(capacity, calls)| {
        let ledger = S::with_capacity(capacity);
        let mut rule = Rule::new(ledger.capacity());
        let mut oracle = Oracle::default();
        prop_assert!(ledger.is_empty());
        for (key, bytes) in calls {
            let key = S::key(key);
            oracle.record(&key, bytes);
            rule.record(&ledger, &key, bytes)?;
            prop_assert_eq!(oracle.check(&ledger.observe()), Ok(()));
        }
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

/// The rule applied step by step, beside a ledger whose answers and reads it predicts.
struct Rule<K> {
    capacity: usize,
    residents: BTreeMap<K, u64>,
    floor: u64,
    evictions: u64,
}

impl<K: Ord + Clone + std::fmt::Debug> Rule<K> {
    fn new(capacity: usize) -> Self {
        Self { capacity, residents: BTreeMap::new(), floor: 0, evictions: 0 }
    }

    /// The lowest resident's peak, 0 while there are free places.
    fn lowest(&self) -> u64 {
        if self.residents.len() < self.capacity {
            0
        } else {
            self.residents.values().copied().min().unwrap_or(0)
        }
    }

    fn record<S: Subject<Key = K>>(&mut self, ledger: &S, key: &K, bytes: u64) -> Result<(), TestCaseError> {
        let lowest = self.lowest();
        let saturated = bytes.min(LARGEST_PEAK);
        let before = self.residents.get(key).copied();
        let answer = ledger.record_peak(key, bytes);
        if bytes == 0 {
            prop_assert_eq!(answer, Recorded::Unchanged);
        } else if saturated <= lowest {
            prop_assert!(
                matches!(answer, Recorded::Unchanged | Recorded::Dropped),
                "{:?} at or below the minimum",
                answer
            );
        } else if let Some(peak) = before {
            prop_assert_eq!(answer, if saturated > peak { Recorded::Raised } else { Recorded::Unchanged });
            self.residents.insert(key.clone(), saturated.max(peak));
        } else {
            prop_assert_eq!(answer, Recorded::Admitted);
            if self.residents.len() == self.capacity {
                self.evict(ledger, lowest)?;
            }
            self.residents.insert(key.clone(), saturated);
        }
        self.compare(ledger)
    }

    /// The rule leaves open which of several lowest residents goes; the ledger says which it was.
    fn evict<S: Subject<Key = K>>(&mut self, ledger: &S, lowest: u64) -> Result<(), TestCaseError> {
        let gone = |resident: &(&K, &u64)| *resident.1 == lowest && ledger.peak(resident.0) == 0;
        let victims: Vec<K> = self.residents.iter().filter(gone).map(|(key, _)| key.clone()).collect();
        prop_assert_eq!(victims.len(), 1, "the victims at {} are {:?}", lowest, &victims);
        self.residents.remove(&victims[0]);
        self.evictions += 1;
        Ok(())
    }

    fn compare<S: Subject<Key = K>>(&mut self, ledger: &S) -> Result<(), TestCaseError> {
        prop_assert_eq!(ledger.len(), self.residents.len());
        prop_assert_eq!(ledger.is_empty(), self.residents.is_empty());
        prop_assert_eq!(ledger.evictions(), self.evictions);
        prop_assert_eq!(ledger.refused(), 0);
        for number in 0..20 {
            let key = S::key(number);
            prop_assert_eq!(ledger.peak(&key), self.residents.get(&key).copied().unwrap_or(0));
        }
        let floor = ledger.floor();
        prop_assert!(floor >= self.floor, "the floor fell from {} to {}", self.floor, floor);
        prop_assert!(floor <= self.lowest(), "the floor {} exceeds the minimum {}", floor, self.lowest());
        self.floor = floor;
        let snapshot: BTreeMap<K, u64> = ledger.snapshot().into_iter().collect();
        prop_assert_eq!(&snapshot, &self.residents);
        let mut ranking: Vec<(K, u64)> = self.residents.clone().into_iter().collect();
        ranking.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        for n in [0, 1, self.capacity / 2, self.capacity, usize::MAX] {
            let expected = &ranking[..n.min(ranking.len())];
            let top = ledger.top(n);
            prop_assert_eq!(top.as_slice(), expected);
        }
        Ok(())
    }
}

/// Every order of arrival of distinct values ends the same.
fn a_full_ledger_keeps_the_largest<S: Subject>() {
    for capacity in [1, 2, 3, 16, 100] {
        for order in [|n| n, |n| 999 - n, |n| n * 7 % 1000] as [fn(u64) -> u64; 3] {
            let ledger = S::with_capacity(capacity);
            for number in (0..1000).map(order) {
                ledger.record_peak(&S::key(number), 1 + number);
            }
            let capacity = ledger.capacity();
            let expected: Vec<_> = (0..1000).rev().take(capacity).map(|n| (S::key(n), 1 + n)).collect();
            assert_eq!(ledger.top(usize::MAX), expected, "capacity {capacity}");
        }
    }
}
