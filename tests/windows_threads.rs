//! Promise: with rotations all the time, no record falls between two windows, none counts in two,
//! and none is invented. Each window that was read is exact.

#![cfg(all(target_has_atomic = "64", not(highwater_narrow)))]

mod common;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::effort;
use highwater::{FixedState, Interval, Window, WindowedLedger};

type Ledger = WindowedLedger<u64, FixedState>;
/// By window and key.
type Maxima = HashMap<(u64, u64), u64>;

/// What one thread has recorded.
#[derive(Default)]
struct Log {
    /// Records during which no window ended.
    within: Maxima,
    /// The others: window before, window after, key, bytes.
    across: Vec<(u64, u64, u64, u64)>,
    records: u64,
}

fn record_until(ledger: &Ledger, enough: &AtomicBool, thread: u64, keys: u64) -> Log {
    let mut rng = fastrand::Rng::with_seed(thread);
    let mut log = Log::default();
    let mut trackers: Vec<_> = (0..keys).map(|key| ledger.tracker(key)).collect();
    while !enough.load(Ordering::Relaxed) {
        let key = rng.u64(..keys);
        // Each thread has values of its own, so that an entry tells who recorded it.
        let bytes = rng.u64(1..1 << 20) * 8 + thread;
        let before = ledger.number();
        if rng.bool() {
            ledger.record_peak(&key, bytes);
        } else {
            trackers[key as usize].record_peak(bytes);
        }
        let after = ledger.number();
        if before == after {
            let peak = log.within.entry((before, key)).or_insert(0);
            *peak = bytes.max(*peak);
        } else {
            log.across.push((before, after, key, bytes));
        }
        log.records += 1;
    }
    log
}

/// Ends a window every millisecond, and reads each that has ended. Returns those that it read.
fn rotate_until(ledger: &Ledger, enough: &AtomicBool) -> BTreeMap<u64, Window<'static, u64>> {
    let mut read = BTreeMap::new();
    while !enough.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(1));
        let number = ledger.rotate().unwrap();
        read.extend(ledger.closed(number).map(|window| (number, window)));
        // And an older one again.
        let older = number.saturating_sub(2);
        if let Some(again) = ledger.closed(older)
            && let Some(window) = read.get(&older)
        {
            assert_eq!(entries(&again), entries(window), "window {older} has changed");
            assert_eq!(again.untracked_at_most(), window.untracked_at_most());
        }
    }
    read
}

fn entries(window: &Window<'static, u64>) -> Vec<(u64, u64)> {
    let mut entries = window.entries().to_vec();
    entries.sort_unstable();
    entries
}

/// Reads at its leisure.
fn sleep_and_read_until(ledger: &Ledger, enough: &AtomicBool, seed: u64) -> Vec<Interval<u64>> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut cursor = ledger.cursor();
    let mut intervals = Vec::new();
    while !enough.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_micros(rng.u64(..6000)));
        intervals.push(cursor.read());
    }
    intervals
}

fn run(capacity: usize, keys: u64, time: Duration) {
    let ledger = Ledger::with_windows_and_hasher(capacity, 3, FixedState);
    let enough = AtomicBool::new(false);
    let started = Instant::now();
    let (logs, mut read, intervals) = thread::scope(|scope| {
        let recorders: Vec<_> = (0..8)
            .map(|thread| {
                let (ledger, enough) = (&ledger, &enough);
                scope.spawn(move || record_until(ledger, enough, thread, keys))
            })
            .collect();
        let rotator = scope.spawn(|| rotate_until(&ledger, &enough));
        let reader = scope.spawn(|| sleep_and_read_until(&ledger, &enough, 1));
        thread::sleep(time);
        enough.store(true, Ordering::Relaxed);
        let logs: Vec<_> = recorders.into_iter().map(|thread| thread.join().unwrap()).collect();
        (logs, rotator.join().unwrap(), reader.join().unwrap())
    });
    let last = ledger.rotate().unwrap();
    read.insert(last, ledger.closed(last).unwrap());

    let mut within = Maxima::new();
    for (&at, &bytes) in logs.iter().flat_map(|log| &log.within) {
        let peak = within.entry(at).or_insert(0);
        *peak = bytes.max(*peak);
    }
    let across: Vec<_> = logs.iter().flat_map(|log| &log.across).copied().collect();
    nothing_is_lost(&read, &within, &across);
    nothing_is_invented(&read, &within, &across);
    let checked = intervals.iter().filter(|interval| agrees(interval, &read)).count();

    // The fold of all that was read is the maximum of every principal that no window turned away.
    if read.len() as u64 == last {
        let turned_away = read.values().map(Window::untracked_at_most).max().unwrap_or(0);
        let mut fold = BTreeMap::new();
        for &(key, bytes) in read.values().flat_map(Window::entries) {
            let peak = fold.entry(key).or_insert(0);
            *peak = bytes.max(*peak);
        }
        for key in 0..keys {
            let records = within.iter().filter(|(at, _)| at.1 == key).map(|(_, &bytes)| bytes);
            let maximum = records.chain(across.iter().filter(|at| at.2 == key).map(|at| at.3)).max();
            let folded = fold.get(&key).copied().unwrap_or(0);
            assert!(maximum.is_none_or(|most| most == folded || most <= turned_away), "{key}");
        }
    }
    let records: u64 = logs.iter().map(|log| log.records).sum();
    println!(
        "{capacity} places, {keys} keys: {records} records ({} across rotations), {} of {last} windows read, \
         {checked} of {} intervals compared, {:.1} s",
        across.len(),
        read.len(),
        intervals.len(),
        started.elapsed().as_secs_f32()
    );
    assert!(checked > 0 && !across.is_empty(), "nothing has met");
}

/// Each record is in a window that was current during the call: there it is listed at least as
/// high, or covered by the certificate.
fn nothing_is_lost(
    read: &BTreeMap<u64, Window<'static, u64>>,
    within: &Maxima,
    across: &[(u64, u64, u64, u64)],
) {
    let peaks: HashMap<u64, HashMap<u64, u64>> =
        read.iter().map(|(&number, window)| (number, window.entries().iter().copied().collect())).collect();
    let covers = |number: u64, key: u64, bytes: u64| {
        read.get(&number).is_none_or(|window| {
            peaks[&number].get(&key).is_some_and(|&peak| peak >= bytes) || window.untracked_at_most() >= bytes
        })
    };
    for (&(number, key), &bytes) in within {
        assert!(covers(number, key, bytes), "window {number} has lost {bytes} of {key}: {:?}", read[&number]);
    }
    for &(before, after, key, bytes) in across {
        let covered = (before..=after).any(|number| covers(number, key, bytes));
        assert!(covered, "{bytes} of {key} fell between the windows {before} to {after}");
    }
}

/// Each entry was recorded in a call during which its window was current. A window that is not full
/// lists all.
fn nothing_is_invented(
    read: &BTreeMap<u64, Window<'static, u64>>,
    within: &Maxima,
    across: &[(u64, u64, u64, u64)],
) {
    let mut possible: HashMap<(u64, u64), Vec<u64>> = HashMap::new();
    for &(before, after, key, bytes) in across {
        (before..=after).for_each(|number| possible.entry((number, key)).or_default().push(bytes));
    }
    let mut counted: HashMap<(u64, u64, u64, u64), u64> = HashMap::new();
    for (&number, window) in read {
        for &(key, bytes) in window.entries() {
            let inside = within.get(&(number, key)) == Some(&bytes);
            let late = possible.get(&(number, key)).is_some_and(|values| values.contains(&bytes));
            assert!(inside || late, "window {number} lists {bytes} of {key}, which was not recorded in it");
            if !inside {
                let call = across
                    .iter()
                    .find(|call| call.2 == key && call.3 == bytes && (call.0..=call.1).contains(&number));
                *counted.entry(*call.expect("possible")).or_insert(0) += 1;
            }
        }
    }
    for (call, times) in counted {
        let calls = across.iter().filter(|other| **other == call).count() as u64;
        assert!(times <= calls, "{call:?} counts in {times} windows");
    }
}

/// Whether all windows of an interval were read one by one as well. If so, it is their merge.
fn agrees(interval: &Interval<u64>, read: &BTreeMap<u64, Window<'static, u64>>) -> bool {
    let windows: Vec<_> = interval.windows().filter_map(|number| read.get(&number)).collect();
    if interval.missed() > 0 || windows.len() as u64 != interval.windows().count() as u64 {
        return false;
    }
    let certificate = windows.iter().map(|window| window.untracked_at_most()).max().unwrap_or(0);
    let mut merged = BTreeMap::new();
    for &(key, bytes) in windows.iter().flat_map(|window| window.entries()) {
        let peak = merged.entry(key).or_insert(0);
        *peak = bytes.max(*peak);
    }
    let merged: BTreeMap<_, _> = merged.into_iter().filter(|entry| entry.1 >= certificate).collect();
    let snapshot = interval.snapshot();
    assert_eq!(snapshot.untracked_at_most(), certificate);
    assert_eq!(snapshot.into_iter().collect::<BTreeMap<_, _>>(), merged);
    true
}

/// Two seconds; a minute at `HIGHWATER_EFFORT=3000`.
#[test]
fn eight_threads_and_a_rotation_every_millisecond() {
    let time = Duration::from_millis(effort::scaled(2000));
    run(64, 40, time / 4);
    run(64, 200, time / 2);
    run(3, 8, time / 4);
}
