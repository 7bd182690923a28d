//! Every interleaving, within a bound on preemptions, of a record, a rotation, a reader that closes
//! and freezes, and the next use of the table.

use std::collections::BTreeMap;

use loom::thread;

use super::caller::Ledger;
use crate::models::kinds::{Colliding, number, pair};

type Entries = Vec<(u64, u64)>;

/// One place each, unless a model says more, and seven slots in one group: all calls meet.
fn ledger(capacity: usize, kept: usize) -> Ledger<Colliding> {
    Ledger::for_models(capacity, kept, 3, 40, Colliding)
}

fn closed(ledger: &Ledger<Colliding>, window: u64) -> Option<Entries> {
    let window = ledger.closed(window)?;
    let mut entries: Entries = window.entries().iter().map(|&(key, peak)| (number(key), peak)).collect();
    entries.sort_unstable();
    Some(entries)
}

fn check(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(preemptions);
    builder.max_branches = 100_000;
    builder.check(model);
}

/// A record against a rotation and two reads of the window that it ends: the record counts in one
/// of the two windows, and the reads agree.
fn record_rotate_and_read(capacity: usize, before: &'static [(u64, u64)], key: u64, bytes: u64) {
    check(3, move || {
        let ledger = ledger(capacity, 1);
        for &(key, bytes) in before {
            ledger.record_peak(&pair(key), bytes);
        }
        let recorder = ledger.clone();
        let recorder = thread::spawn(move || recorder.record_peak(&pair(key), bytes));
        assert_eq!(ledger.rotate(), Ok(1));
        let first = closed(&ledger, 1).expect("kept");
        assert_eq!(closed(&ledger, 1).as_ref(), Some(&first), "changed between two reads");
        recorder.join().unwrap();
        assert_eq!(closed(&ledger, 1).as_ref(), Some(&first), "changed by a late record");

        let (inside, now) = (first.contains(&(key, bytes)), ledger.peak(&pair(key)));
        assert_eq!(now, if inside { 0 } else { bytes }, "{first:?}");
        let mut expected: BTreeMap<u64, u64> = before.iter().copied().collect();
        if inside {
            let peak = expected.entry(key).or_insert(0);
            *peak = bytes.max(*peak);
        }
        let mut expected: Entries = expected.into_iter().collect();
        expected.sort_by_key(|&(_, peak)| std::cmp::Reverse(peak));
        expected.truncate(capacity);
        expected.sort_unstable();
        assert_eq!(first, expected);
    });
}

#[test]
fn raise_against_a_rotation_and_a_read() {
    record_rotate_and_read(1, &[(0, 1)], 0, 3);
}

#[test]
fn eviction_against_a_rotation_and_a_read() {
    record_rotate_and_read(1, &[(0, 1)], 1, 3);
}

#[test]
fn admission_against_a_rotation_and_a_read() {
    record_rotate_and_read(2, &[(0, 1)], 1, 3);
}

/// A late record, a read of its window, and the next window of the same table with a newcomer of
/// its own.
///
/// With four preemptions, loom finds a bound that is too high: it lets a sequentially consistent load
/// read the word of a claim that was given up (a release store) after it was claimed again. The
/// language forbids that (litmus `a_newcomer_and_a_mark`). With that store sequentially consistent,
/// the model passes.
#[test]
fn late_record_and_a_table_that_is_used_again() {
    check(3, || {
        let ledger = ledger(1, 1);
        ledger.record_peak(&pair(0), 1);
        let recorder = ledger.clone();
        let recorder = thread::spawn(move || recorder.record_peak(&pair(1), 3));
        assert_eq!(ledger.rotate(), Ok(1));
        let first = closed(&ledger, 1).expect("kept");
        assert_eq!(ledger.rotate(), Ok(2));
        ledger.record_peak(&pair(2), 2);
        let second = closed(&ledger, 2).expect("kept");
        recorder.join().unwrap();
        assert_eq!(closed(&ledger, 1), None);
        assert_eq!(closed(&ledger, 2).as_ref(), Some(&second));
        let seen = [first.contains(&(1, 3)), second.contains(&(1, 3)), ledger.peak(&pair(1)) == 3];
        assert_eq!(seen.iter().filter(|seen| **seen).count(), 1, "{first:?} {second:?}");
        assert!(seen[0] || first == [(0, 1)]);
        assert_eq!(ledger.peak(&pair(2)), if seen[2] { 0 } else { 2 });
    });
}

/// The same with a window that no reader has closed: the newcomer takes the place of a resident of
/// an earlier window.
#[test]
fn late_raise_and_a_table_that_is_used_again_unread() {
    check(3, || {
        let ledger = ledger(1, 1);
        ledger.record_peak(&pair(0), 1);
        let recorder = ledger.clone();
        let recorder = thread::spawn(move || recorder.record_peak(&pair(0), 3));
        assert_eq!((ledger.rotate(), ledger.rotate()), (Ok(1), Ok(2)));
        ledger.record_peak(&pair(2), 2);
        recorder.join().unwrap();
        let second = closed(&ledger, 2).expect("kept");
        let now = ledger.peak(&pair(0));
        assert!(now == 0 || now == 3 && second.is_empty(), "{now} {second:?}");
        assert_eq!(ledger.peak(&pair(2)), if now == 3 { 0 } else { 2 });
    });
}

/// Two readers that make one window final, and a late record.
#[test]
fn two_readers_and_a_late_record() {
    check(2, || {
        let ledger = ledger(1, 1);
        ledger.record_peak(&pair(0), 1);
        let (recorder, reader) = (ledger.clone(), ledger.clone());
        let recorder = thread::spawn(move || recorder.record_peak(&pair(0), 3));
        let reader = thread::spawn(move || {
            assert_eq!(reader.rotate(), Ok(1));
            closed(&reader, 1)
        });
        let early = closed(&ledger, 1);
        recorder.join().unwrap();
        let second = reader.join().unwrap();
        let last = closed(&ledger, 1);
        assert!(early.is_none() || early == last, "{early:?} {last:?}");
        assert_eq!(second, last);
        assert_eq!(ledger.peak(&pair(0)), if last == Some(vec![(0, 3)]) { 0 } else { 3 });
    });
}

/// The same with a late newcomer: the second reader finds the gate closed, or closes it.
#[test]
fn two_readers_and_a_late_newcomer() {
    check(2, || {
        let ledger = ledger(1, 1);
        ledger.record_peak(&pair(0), 1);
        let (recorder, reader) = (ledger.clone(), ledger.clone());
        let recorder = thread::spawn(move || recorder.record_peak(&pair(1), 3));
        let reader = thread::spawn(move || {
            assert_eq!(reader.rotate(), Ok(1));
            closed(&reader, 1)
        });
        let early = closed(&ledger, 1);
        recorder.join().unwrap();
        let second = reader.join().unwrap();
        let last = closed(&ledger, 1);
        assert!(early.is_none() || early == last, "{early:?} {last:?}");
        assert_eq!(second, last);
        assert_eq!(ledger.peak(&pair(1)), if last == Some(vec![(1, 3)]) { 0 } else { 3 });
    });
}

/// Two rotations at once end two windows.
#[test]
fn two_rotations_and_a_record() {
    check(3, || {
        let ledger = ledger(1, 2);
        let (recorder, other) = (ledger.clone(), ledger.clone());
        let recorder = thread::spawn(move || recorder.record_peak(&pair(0), 3));
        let other = thread::spawn(move || other.rotate().unwrap());
        let this = ledger.rotate().unwrap();
        recorder.join().unwrap();
        let other = other.join().unwrap();
        assert_eq!((this.min(other), this.max(other)), (1, 2));
        let held = [closed(&ledger, 1).unwrap().len(), closed(&ledger, 2).unwrap().len()];
        let now = usize::from(ledger.peak(&pair(0)) == 3);
        assert_eq!(held.iter().sum::<usize>() + now, 1, "{held:?} {now}");
    });
}

/// The floor of a window does not turn away a value of the next one.
#[test]
fn drop_against_a_rotation() {
    check(3, || {
        let ledger = ledger(1, 1);
        ledger.record_peak(&pair(0), 3);
        let recorder = ledger.clone();
        let recorder = thread::spawn(move || recorder.record_peak(&pair(1), 2));
        assert_eq!(ledger.rotate(), Ok(1));
        let before = ledger.peak(&pair(1));
        let answer = recorder.join().unwrap();
        let now = ledger.peak(&pair(1));
        let dropped = matches!(answer, highwater::Recorded::Dropped | highwater::Recorded::Unchanged);
        assert_eq!(now, if dropped { 0 } else { 2 });
        assert!(before <= now);
        assert_eq!(closed(&ledger, 1), Some(vec![(0, 3)]));
    });
}
