//! Promise: a thread that is suspended inside a record while windows end, one, two, or so many that
//! the table is used again, stops no other thread. Its record counts in one of these windows.

#![cfg(all(target_os = "linux", target_has_atomic = "64", not(highwater_narrow)))]

mod common;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use common::effort;
use common::steps::Steps;
use common::victim::Victim;
use common::watchdog::Watchdog;
use highwater::{FixedState, Window, WindowedLedger};

type Ledger = WindowedLedger<u64, FixedState>;

const CAPACITY: usize = 4;
const KEPT: u64 = 2;
/// Keys that the victim records, then those of the others.
const VICTIMS: u64 = 6;
const OTHERS: u64 = 6;

/// One record of the victim: window before, window after, key, bytes.
type Call = (u64, u64, u64, u64);

/// Records of its own keys and values until it is told to stop.
fn victim_work(ledger: &Ledger, victim: &Victim, returned: &AtomicU64, enough: &AtomicBool) -> Vec<Call> {
    let mut rng = fastrand::Rng::with_seed(1);
    let mut calls = Vec::new();
    let mut next = 0;
    while !enough.load(Ordering::Relaxed) {
        // No value twice.
        next += 2;
        let (key, bytes) = (rng.u64(..VICTIMS), next);
        let before = ledger.number();
        victim.call(key, bytes, || ledger.record_peak(&key, bytes));
        calls.push((before, ledger.number(), key, bytes));
        returned.fetch_add(1, Ordering::Relaxed);
    }
    calls
}

#[test]
fn a_record_that_is_suspended_while_windows_end_counts_in_one_of_them() {
    let ledger = Ledger::with_windows_and_hasher(CAPACITY, KEPT as usize, FixedState);
    let victim = Victim::new();
    let (returned, enough) = (AtomicU64::new(0), AtomicBool::new(false));
    let watchdog = Watchdog::start();
    let stops = effort::scaled(3000);
    let mut steps = Steps::default();
    let read: Mutex<BTreeMap<u64, Window<'static, u64>>> = Mutex::default();
    // What this thread recorded, by window and key.
    let mut own = BTreeMap::<(u64, u64), u64>::new();
    let read_all = |at_least: u64| {
        let now = ledger.number();
        for number in now.saturating_sub(KEPT).max(1)..now {
            let Some(window) = ledger.closed(number) else { continue };
            let first = read.lock().unwrap().entry(number).or_insert_with(|| window.clone()).clone();
            assert_eq!(
                (first.top(CAPACITY), first.floor()),
                (window.top(CAPACITY), window.floor()),
                "window {number}"
            );
        }
        assert!(read.lock().unwrap().contains_key(&at_least));
    };
    let calls = thread::scope(|scope| {
        let victim_thread = scope.spawn(|| victim.run(|| victim_work(&ledger, &victim, &returned, &enough)));
        let mut rng = fastrand::Rng::with_seed(2);
        let mut next = 1;
        for _ in 0..stops {
            // Past the call that was stopped last.
            let before = returned.load(Ordering::Relaxed);
            while returned.load(Ordering::Relaxed) == before {
                thread::yield_now();
            }
            let stop = victim.stop_inside_a_call(&mut rng);
            watchdog.expect("rotations, records and reads while a record is suspended", || {
                for _ in 0..rng.u64(1..=KEPT + 2) {
                    for _ in 0..rng.u8(..8) {
                        next += 2;
                        // Around the victim's values.
                        let (key, bytes) =
                            (VICTIMS + rng.u64(..OTHERS), (stop.bytes().saturating_sub(8) + next % 16) | 1);
                        ledger.record_peak(&key, bytes);
                        let peak = own.entry((ledger.number(), key)).or_insert(0);
                        *peak = bytes.max(*peak);
                    }
                    let number = ledger.rotate().unwrap();
                    if rng.u8(..4) > 0 {
                        read_all(number);
                    }
                }
            });
            steps.count(stop.place());
        }
        enough.store(true, Ordering::Relaxed);
        victim_thread.join().expect("no call panics")
    });
    let last = ledger.rotate().unwrap();
    read_all(last);
    println!("{stops} stops, {last} windows, {} of them read\n{steps}", read.lock().unwrap().len());
    let across = calls.iter().filter(|call| call.0 != call.1).count() as u64;
    assert!(across > stops / 2, "{across} records were suspended over the end of a window");
    check(&read.into_inner().unwrap(), &calls, &own);
    steps.assert_spread(stops);
}

fn check(read: &BTreeMap<u64, Window<'static, u64>>, calls: &[Call], own: &BTreeMap<(u64, u64), u64>) {
    for (&(number, key), &bytes) in own {
        if let Some(window) = read.get(&number) {
            assert!(window.peak(&key) == bytes || window.floor() >= bytes, "{bytes} of {key}: {window:?}");
        }
    }
    // Where each value of the victim's is listed: no value was recorded twice.
    let mut listed = BTreeMap::<(u64, u64), Vec<u64>>::new();
    for (&number, window) in read {
        for &(key, bytes) in window.entries() {
            match own.get(&(number, key)) {
                Some(&peak) => assert_eq!(peak, bytes, "{key}: {window:?}"),
                None => listed.entry((key, bytes)).or_default().push(number),
            }
        }
    }
    for &(before, after, key, bytes) in calls {
        let windows = listed.remove(&(key, bytes)).unwrap_or_default();
        assert!(windows.len() <= 1, "{bytes} of {key} counts in the windows {windows:?}");
        assert!(
            windows.iter().all(|number| (before..=after).contains(number)),
            "{bytes} of {key} in {windows:?}"
        );
        let covered = (before..=after).any(|number| {
            read.get(&number).is_none_or(|window| window.peak(&key) >= bytes || window.floor() >= bytes)
        });
        assert!(covered, "{bytes} of {key} fell between the windows {before} to {after}");
    }
    assert!(listed.is_empty(), "never recorded: {listed:?}");
}
