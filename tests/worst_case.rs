//! Promise: no call takes more steps than docs/embedded.md says, as long as nothing interrupts it.
//!
//! `ci/steps` runs this, with atomics that count and words of 32 bits.

#![cfg(all(highwater_steps, any(highwater_narrow, not(target_has_atomic = "64"))))]

#[path = "common/hashers.rs"]
mod hashers;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::rc::Rc;

use hashers::OneHome;
use highwater::stepped::{Steps, interrupt_after, withdraw_interrupt};
use highwater::{FixedState, Recorded, StaticLedger};

const PLACES: usize = 64;
type Ledger<S> = StaticLedger<[u8; 16], PLACES, S>;

/// The loads, plain stores and updates that a call may take: with the default hasher, and with keys
/// that all collide. The two differ in the slots that are visited, so in loads only.
struct Limit {
    call: &'static str,
    loads: u32,
    loads_if_all_collide: u32,
    stores: u32,
    updates: u32,
}

const fn limit(call: &'static str, loads: [u32; 2], stores: u32, updates: u32) -> Limit {
    Limit { call, loads: loads[0], loads_if_all_collide: loads[1], stores, updates }
}

/// As in docs/embedded.md.
const LIMITS: [Limit; 13] = [
    limit("floor", [1, 1], 0, 0),
    limit("record_peak at the floor", [1, 1], 0, 0),
    limit("record_peak, not raised", [30, 400], 0, 0),
    limit("record_peak, raised", [30, 400], 0, 1),
    limit("record_peak, dropped", [180, 540], 0, 1),
    limit("record_peak, admitted", [200, 620], 7, 8),
    limit("peak of a resident", [30, 400], 0, 0),
    limit("peak of an absent key", [40, 400], 0, 0),
    limit("len", [3, 3], 0, 0),
    limit("peak, finishing an admission", [40, 400], 0, 2),
    limit("len, finishing an admission", [10, 10], 0, 2),
    limit("for_each", [460, 460], 0, 0),
    limit("top_into, 8 entries", [460, 460], 0, 0),
];

/// Keys that differ in the last word only.
fn key(number: u32) -> [u8; 16] {
    let mut key = *b"principal-------";
    key[12..].copy_from_slice(&number.to_ne_bytes());
    key
}

/// The most steps of each kind of call.
type Most = BTreeMap<&'static str, Steps>;

fn note(most: &mut Most, call: &'static str, began: Steps) {
    let taken = Steps::since(began);
    let most = most.entry(call).or_default();
    most.loads = most.loads.max(taken.loads);
    most.stores = most.stores.max(taken.stores);
    most.updates = most.updates.max(taken.updates);
}

/// On a full ledger, over many calls.
fn measure<S: BuildHasher + Send + Sync + 'static>(ledger: &'static Ledger<S>) -> Most {
    let mut most = Most::new();
    let mut bytes = 0;
    let mut higher = || {
        bytes += 2;
        bytes
    };
    for number in 0..PLACES as u32 {
        ledger.record_peak(&key(number), higher());
    }
    for round in 0..3_000 {
        let newcomer = key(PLACES as u32 + round);
        let mut residents = Vec::new();
        ledger.for_each(|key, peak| residents.push((key, peak)));
        let (resident, peak) = residents[round as usize % PLACES];
        let lowest = residents.iter().min_by_key(|resident| resident.1).expect("a full ledger").0;

        let mut measured = |call, make: &dyn Fn() -> Option<Recorded>, outcome| {
            let began = Steps::until_now();
            assert_eq!(make(), outcome, "{call}");
            note(&mut most, call, began);
        };
        let read = |call: &dyn Fn()| {
            call();
            None
        };
        measured("floor", &|| read(&|| _ = ledger.floor()), None);
        measured("peak of a resident", &|| read(&|| _ = ledger.peak(&resident)), None);
        measured("peak of an absent key", &|| read(&|| _ = ledger.peak(&newcomer)), None);
        measured("len", &|| read(&|| _ = ledger.len()), None);
        measured("for_each", &|| read(&|| _ = ledger.for_each(|_, _| {})), None);
        measured("top_into, 8 entries", &|| read(&|| _ = ledger.top_into(&mut [([0; 16], 0); 8])), None);
        let mut record = |call, key: &[u8; 16], bytes, outcome| {
            measured(call, &|| Some(ledger.record_peak(key, bytes)), Some(outcome));
        };
        record("record_peak at the floor", &newcomer, ledger.floor(), Recorded::Unchanged);
        if peak > ledger.floor() {
            record("record_peak, not raised", &resident, peak, Recorded::Unchanged);
        }
        // The floor does not know yet that the lowest resident has grown.
        record("record_peak, raised", &lowest, higher(), Recorded::Raised);
        record("record_peak, dropped", &newcomer, ledger.floor() + 1, Recorded::Dropped);
        record("record_peak, raised", &resident, higher(), Recorded::Raised);
        record("record_peak, admitted", &newcomer, higher(), Recorded::Admitted);
    }
    // Before one step after the other of an admission.
    let helped = Rc::new(RefCell::new(most));
    for step in 0..1_000 {
        let newcomer = key(1_000_000 + step);
        let most = helped.clone();
        interrupt_after(step, move || {
            let began = Steps::until_now();
            if step % 2 == 0 {
                _ = ledger.len();
                note(&mut most.borrow_mut(), "len, finishing an admission", began);
            } else {
                _ = ledger.peak(&newcomer);
                note(&mut most.borrow_mut(), "peak, finishing an admission", began);
            }
        });
        ledger.record_peak(&newcomer, higher());
        while withdraw_interrupt().is_some() {}
    }
    helped.take()
}

#[test]
fn no_call_takes_more_steps_than_documented() {
    let usual = measure(Box::leak(Box::new(Ledger::with_hasher(FixedState))));
    let colliding = measure(Box::leak(Box::new(Ledger::with_hasher(OneHome))));
    println!("{PLACES} places, 16-byte keys       loads  if all collide  stores  updates");
    let mut right = true;
    for Limit { call, loads, loads_if_all_collide, stores, updates } in LIMITS {
        let (usual, colliding) = (usual[call], colliding[call]);
        let shown = (
            usual.loads,
            colliding.loads,
            usual.stores.max(colliding.stores),
            usual.updates.max(colliding.updates),
        );
        println!("{call:<27} {:>6} {:>15} {:>7} {:>8}", shown.0, shown.1, shown.2, shown.3);
        right &=
            shown.0 <= loads && shown.1 <= loads_if_all_collide && shown.2 <= stores && shown.3 <= updates;
    }
    assert!(right, "more than docs/embedded.md says");
}
