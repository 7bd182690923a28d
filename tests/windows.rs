//! Promise: each window is a ledger of its own, windows that have ended stay as they are while they
//! are kept, and readers take nothing from each other.

#![cfg(all(target_has_atomic = "64", not(highwater_narrow)))]

mod common;

use std::collections::BTreeMap;

use common::effort;
use common::history::{self, Event};
use common::linearizability::{LONGEST, check_by};
use common::windows::{Contents, Operation, Windows};
use highwater::{FixedState, Recorded, Tracker, WindowedLedger, WindowsExhausted};

/// Random programs of one thread, against the sequential rule: every answer follows it.
#[test]
fn answers_follow_the_rule_of_a_ledger_in_each_window() {
    let first = effort::first_seed();
    for seed in (0..effort::scaled(400)).map(|round| first.wrapping_add(round)) {
        let mut rng = fastrand::Rng::with_seed(seed);
        let (capacity, kept) = (rng.usize(1..=6), rng.usize(1..=4));
        let (keys, largest) = (rng.u64(1..=capacity as u64 * 2 + 1), rng.u64(2..=30));
        let ledger = WindowedLedger::<u64>::with_windows(capacity, kept);
        let mut trackers: BTreeMap<u64, Tracker<WindowedLedger<u64>>> = BTreeMap::new();
        let mut history = Vec::new();
        while history.len() < LONGEST {
            let number = ledger.number();
            let (key, bytes) = (rng.u64(..keys), rng.u64(..=largest));
            let now = |operation| vec![Operation::Now(operation)];
            let operations = match rng.u8(..20) {
                0..6 => {
                    let answer = Some(ledger.record_peak(&key, bytes));
                    now(history::Operation::Record { key, bytes, answer })
                }
                6..10 => {
                    let tracker = trackers.entry(key).or_insert_with(|| ledger.tracker(key));
                    let answer = Some(tracker.record_peak(bytes));
                    now(history::Operation::Record { key, bytes, answer })
                }
                10..12 => now(history::Operation::Peak { key, answer: ledger.peak(&key) }),
                12 => now(history::Operation::Floor { answer: ledger.floor() }),
                13 => vec![Operation::Number { answer: number }],
                14 => {
                    let window = ledger.current();
                    assert_eq!((window.number(), window.floor()), (number, ledger.floor()));
                    let snapshot = window.snapshot();
                    assert_eq!((snapshot.len(), snapshot.window()), (window.len(), Some(number)));
                    assert_eq!(snapshot.untracked_at_most(), window.untracked_at_most());
                    let operations: Vec<_> = (0..keys)
                        .map(|key| Operation::PeakIn { window: number, key, answer: window.peak(&key) })
                        .collect();
                    if history.len() + operations.len() > LONGEST {
                        break;
                    }
                    operations
                }
                15..18 => {
                    let number = number.saturating_sub(rng.u64(..=kept as u64 + 1));
                    let answer = ledger.closed(number).map(|window| Contents::of(&window, |key| key));
                    vec![Operation::Closed { number, answer }]
                }
                _ => vec![Operation::Rotate { answer: ledger.rotate().unwrap() }],
            };
            history.extend(operations);
        }
        let history: Vec<_> = (0..)
            .zip(history)
            .map(|(place, operation)| Event { call: 2 * place, end: 2 * place + 1, operation })
            .collect();
        if let Err(why) = check_by(&Windows { capacity, kept }, &history) {
            panic!("seed {seed}, {capacity} places, {kept} closed windows: {why}");
        }
    }
}

#[test]
fn the_last_window_goes_on_when_there_are_no_more() {
    // Two bits: three windows.
    let ledger = WindowedLedger::<u64, FixedState, 60>::with_capacity_and_hasher(2, FixedState);
    assert_eq!([ledger.rotate(), ledger.rotate()], [Ok(1), Ok(2)]);
    assert_eq!(WindowedLedger::<u64, FixedState, 60>::LAST_WINDOW, 3);
    ledger.record_peak(&7, 100);
    assert_eq!(ledger.rotate(), Err(WindowsExhausted));
    assert_eq!((ledger.number(), ledger.record_peak(&8, u64::MAX)), (3, Recorded::Admitted));
    assert_eq!(ledger.peak(&8), (1 << 60) - 1);
    assert_eq!(ledger.current().top(2), [(8, (1 << 60) - 1), (7, 100)]);
    assert!(ledger.closed(2).is_some_and(|window| window.is_empty()));
}

#[test]
fn peaks_saturate_at_the_largest_that_the_division_leaves() {
    let ledger = WindowedLedger::<u64, FixedState, 10>::with_capacity_and_hasher(2, FixedState);
    assert_eq!(WindowedLedger::<u64, FixedState, 10>::MAX_PEAK, 1023);
    for bytes in [1023, 1024, u64::MAX] {
        ledger.record_peak(&7, bytes);
        assert_eq!((ledger.peak(&7), ledger.number()), (1023, 1));
    }
    assert_eq!(ledger.record_peak(&8, 0), Recorded::Unchanged);
    assert_eq!(ledger.record_peak(&8, u64::MAX), Recorded::Admitted);
    assert_eq!(ledger.record_peak(&9, u64::MAX), Recorded::Dropped);
    assert_eq!(ledger.rotate(), Ok(1));
    assert_eq!(ledger.closed(1).unwrap().floor(), 1023);
    assert_eq!(
        (WindowedLedger::<u64>::MAX_PEAK, WindowedLedger::<u64>::LAST_WINDOW),
        ((1 << 40) - 1, (1 << 22) - 1)
    );
}

#[test]
#[should_panic(expected = "closed is 0")]
fn a_ledger_that_keeps_no_closed_window_is_refused() {
    let _ = WindowedLedger::<u64>::with_windows(4, 0);
}

#[test]
#[should_panic(expected = "capacity is 0")]
fn a_ledger_of_no_places_is_refused() {
    let _ = WindowedLedger::<u64>::with_capacity(0);
}

#[test]
fn a_cursor_gives_each_window_once_and_counts_what_it_missed() {
    let ledger = WindowedLedger::<u64>::with_windows(2, 3);
    let (mut prompt, mut late) = (ledger.cursor(), ledger.cursor());
    for window in 1..=7_u64 {
        ledger.record_peak(&1, 100 * window);
        ledger.record_peak(&(10 + window), 1000 - window);
        ledger.rotate().unwrap();
        let interval = prompt.read();
        assert_eq!((interval.windows(), interval.missed()), (window..window + 1, 0));
        let read = ledger.closed(window).unwrap();
        assert_eq!((read.len(), interval.snapshot()), (2, read.snapshot()));
        assert!(prompt.read().windows().is_empty());
    }
    let interval = late.read();
    assert_eq!((interval.windows(), interval.missed()), (1..8, 4));
    // Cut at the highest floor, which is that of window 7.
    let snapshot = interval.snapshot();
    assert_eq!(snapshot.untracked_at_most(), 700);
    assert_eq!(snapshot.top(9), [(15, 995), (16, 994), (17, 993), (1, 700)]);
    assert_eq!((late.read().missed(), ledger.cursor().read().missed()), (0, 0));
}

#[test]
fn evictions_count_those_within_a_window() {
    let ledger = WindowedLedger::<u64>::with_windows(4, 1);
    for window in 0..10 {
        for key in 0..4 {
            assert_eq!(ledger.record_peak(&(window * 100 + key), 10 + key), Recorded::Admitted);
        }
        assert_eq!(ledger.evictions(), window);
        assert_eq!(ledger.record_peak(&(window * 100 + 50), 20), Recorded::Admitted);
        assert_eq!(ledger.evictions(), window + 1);
        ledger.rotate().unwrap();
    }
}
