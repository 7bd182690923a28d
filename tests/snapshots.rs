//! Promise: a snapshot certifies what it leaves out, and snapshots of several ledgers merge to what
//! one ledger that had seen everything would certify.

#![cfg(feature = "alloc")]

mod common;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use common::effort;
use fastrand::Rng;
use highwater::{FixedState, InlineLedger, Snapshot};

type Node = InlineLedger<u64, FixedState>;

fn node(capacity: usize) -> Node {
    Node::with_capacity_and_hasher(capacity, FixedState)
}

#[test]
fn a_snapshot_has_entries_highest_first_and_the_certificate() {
    let ledger = node(3);
    for (key, bytes) in [(1, 10), (2, 40), (3, 20), (4, 40), (5, 5)] {
        ledger.record_peak(&key, bytes);
    }
    let snapshot = ledger.snapshot();
    assert_eq!(snapshot.top(9), [(2, 40), (4, 40), (3, 20)]);
    assert_eq!(snapshot.top(1), [(2, 40)]);
    assert_eq!((snapshot.len(), snapshot.is_empty(), snapshot.capacity()), (3, false, 3));
    assert_eq!((snapshot.peak(&4), snapshot.peak(&1)), (40, 0));
    assert_eq!(snapshot.untracked_at_most(), ledger.untracked_at_most());
    assert_eq!((snapshot.refused(), snapshot.is_exact(), snapshot.window()), (0, true, None));
    assert!(snapshot.iter().eq(&snapshot) && snapshot.clone().into_iter().eq(snapshot.iter().copied()));
}

/// Each thread notes a record when it has returned. A snapshot that begins later lists it, or bounds
/// it, while the ledger is busy.
#[test]
fn a_busy_ledger_certifies_what_was_recorded_before() {
    const KEYS: u64 = 40;
    let first = effort::first_seed();
    for seed in (0..effort::scaled(60)).map(|round| first.wrapping_add(round)) {
        let capacity = Rng::with_seed(seed).usize(1..20);
        let (ledger, noted) = (node(capacity), [const { AtomicU64::new(0) }; KEYS as usize]);
        let ended = AtomicBool::new(false);
        thread::scope(|scope| {
            let writers = [1, 2].map(|thread| {
                let (ledger, noted) = (&ledger, &noted);
                scope.spawn(move || {
                    let mut rng = Rng::with_seed(seed ^ thread << 32);
                    for base in 0..3000 {
                        let (key, bytes) = (rng.u64(0..KEYS), base + rng.u64(1..300));
                        ledger.record_peak(&key, bytes);
                        noted[key as usize].fetch_max(bytes, Ordering::SeqCst);
                    }
                })
            });
            let reader = scope.spawn(|| {
                while !ended.load(Ordering::SeqCst) {
                    let before = noted.each_ref().map(|noted| noted.load(Ordering::SeqCst));
                    let snapshot = ledger.snapshot();
                    for (key, &bytes) in (0..KEYS).zip(&before) {
                        let certified = bytes <= snapshot.untracked_at_most() || snapshot.peak(&key) >= bytes;
                        assert!(certified, "{key} had {bytes}: {snapshot:?}, HIGHWATER_SEED={seed}");
                    }
                }
            });
            for writer in writers {
                writer.join().expect("no record panics");
            }
            ended.store(true, Ordering::SeqCst);
            reader.join().expect("certified");
        });
    }
}

/// What a node kept, and what every principal really recorded there.
fn random_node(rng: &mut Rng, truth: &mut BTreeMap<u64, u64>) -> Snapshot<u64> {
    let ledger = node(rng.usize(1..=64));
    let keys = rng.u64(1..=200);
    let (refuses, mut refused, mut lost) = (cfg!(feature = "serde") && rng.u8(..4) == 0, 0, 0);
    for _ in 0..rng.usize(0..400) {
        let (key, bytes) = (rng.u64(0..keys), rng.u64(1..=50) * rng.u64(1..=50));
        let known = truth.entry(key).or_default();
        *known = bytes.max(*known);
        if refuses && rng.u8(..50) == 0 {
            (refused, lost) = (refused + 1, bytes.max(lost));
        } else {
            ledger.record_peak(&key, bytes);
        }
    }
    let snapshot = ledger.snapshot();
    if refused == 0 { snapshot } else { with_refusals(&snapshot, refused, lost) }
}

/// As the ledger would certify if it had refused these, which takes 64 admissions at once.
#[cfg(feature = "serde")]
fn with_refusals(snapshot: &Snapshot<u64>, refused: u64, lost: u64) -> Snapshot<u64> {
    let mut form = serde_json::to_value(snapshot).expect("numbers");
    form["refused"] = refused.into();
    form["untracked_at_most"] = snapshot.untracked_at_most().max(lost).into();
    serde_json::from_value(form).expect("a snapshot")
}

#[cfg(not(feature = "serde"))]
fn with_refusals(_: &Snapshot<u64>, _: u64, _: u64) -> Snapshot<u64> {
    unreachable!("nothing is refused without serde")
}

#[test]
fn a_merged_fleet_is_exact_and_complete_above_its_certificate() {
    let first = effort::first_seed();
    let mut partial = 0;
    for seed in (0..effort::scaled(10_000)).map(|round| first.wrapping_add(round)) {
        let mut rng = Rng::with_seed(seed);
        let mut truth = BTreeMap::new();
        let parts: Vec<_> = (0..rng.usize(1..=8)).map(|_| random_node(&mut rng, &mut truth)).collect();
        let merged = Snapshot::merge(parts.clone());
        let certificate = merged.untracked_at_most();
        for &(key, peak) in &merged {
            assert!(peak >= certificate, "HIGHWATER_SEED={seed}");
            assert!(peak == truth[&key], "{key}: {peak}, really {}, HIGHWATER_SEED={seed}", truth[&key]);
        }
        let missing = truth.iter().find(|&(key, &peak)| peak > certificate && merged.peak(key) == 0);
        assert_eq!(missing, None, "HIGHWATER_SEED={seed}");
        let highest = parts.iter().map(Snapshot::untracked_at_most).max();
        assert_eq!(Some(certificate), highest, "HIGHWATER_SEED={seed}");
        if merged.is_exact() {
            let full = parts.iter().filter(|part| part.len() == part.capacity());
            let fewest = full.map(Snapshot::capacity).min().unwrap_or(0);
            assert!(merged.len() >= fewest, "HIGHWATER_SEED={seed}");
        }
        partial += usize::from(merged.len() < truth.len());
    }
    assert!(partial > 0, "some principals were below the certificate");
}

#[test]
fn merging_is_associative_commutative_and_idempotent() {
    let first = effort::first_seed();
    for seed in (0..effort::scaled(2000)).map(|round| first.wrapping_add(round)) {
        let mut rng = Rng::with_seed(seed);
        let [a, b, c] = [(); 3].map(|()| random_node(&mut rng, &mut BTreeMap::new()));
        let merge = |parts: &[&Snapshot<u64>]| Snapshot::merge(parts.iter().copied().cloned());
        let all = merge(&[&a, &b, &c]);
        assert_eq!(merge(&[&merge(&[&a, &b]), &c]), all, "HIGHWATER_SEED={seed}");
        assert_eq!(merge(&[&a, &merge(&[&b, &c])]), all, "HIGHWATER_SEED={seed}");
        assert_eq!(merge(&[&c, &a, &b]), all, "HIGHWATER_SEED={seed}");
        assert_eq!(merge(&[&all, &all, &b]), all, "HIGHWATER_SEED={seed}");
    }
    let nothing = Snapshot::<u64>::merge([]);
    assert_eq!((nothing.len(), nothing.capacity(), nothing.untracked_at_most()), (0, 0, 0));
}
