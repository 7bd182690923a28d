//! Promise: a lease that goes on over the end of a window counts in each window in which the meter
//! hears of it, with what it holds.

#![cfg(all(feature = "alloc", target_has_atomic = "64", not(highwater_narrow)))]

use highwater::{FixedState, MeterLimits, PrincipalId, StoreMemoryMeter, WindowedLedger};

const PAGE: usize = 65_536;
const LIMITS: MeterLimits = MeterLimits::total(10 * PAGE);

type Ledger = WindowedLedger<PrincipalId, FixedState>;

fn id(name: &str) -> PrincipalId {
    PrincipalId::new(name).unwrap()
}

fn peak(ledger: &Ledger, number: u64, name: &str) -> usize {
    ledger.closed(number).expect("kept").peak(&id(name)) as usize
}

#[test]
fn what_a_lease_holds_counts_in_each_window_in_which_the_meter_hears_of_it() {
    let ledger = Ledger::with_windows_and_hasher(8, 8, FixedState);
    let mut meter = StoreMemoryMeter::idle(LIMITS, ledger.clone());
    let mut lease = meter.lease(id("alice"), LIMITS);
    assert_eq!(lease.approve_memory(0, 4 * PAGE, None), Ok(true));
    lease.settle();
    assert_eq!(ledger.rotate(), Ok(1));
    // Window 2: nothing is heard of her.
    assert_eq!(ledger.rotate(), Ok(2));
    // Window 3: nothing grows.
    lease.settle();
    assert_eq!(ledger.peak(&id("alice")), 4 * PAGE as u64);
    assert_eq!(ledger.rotate(), Ok(3));
    // Window 4: a growth that is denied.
    assert_eq!(lease.approve_memory(4 * PAGE, 11 * PAGE, None), Ok(false));
    assert_eq!(ledger.rotate(), Ok(4));
    // Window 5: a growth that fails.
    assert_eq!(lease.approve_memory(4 * PAGE, 5 * PAGE, None), Ok(true));
    assert_eq!(lease.memory_failed(&"out of memory"), Ok(()));
    assert_eq!(ledger.rotate(), Ok(5));
    // Window 6: a table grows. Window 7: memory does, and is confirmed in window 8.
    assert_eq!(lease.approve_table(0, 10, None), Ok(true));
    assert_eq!(ledger.rotate(), Ok(6));
    assert_eq!(lease.approve_memory(4 * PAGE, 6 * PAGE, None), Ok(true));
    assert_eq!(ledger.rotate(), Ok(7));
    drop(lease);
    assert_eq!(ledger.rotate(), Ok(8));
    // Window 9: her lease is over.
    meter.settle();
    let mut lease = meter.lease(id("bob"), LIMITS);
    assert_eq!(lease.approve_memory(6 * PAGE, 7 * PAGE, None), Ok(true));
    drop(lease);
    assert_eq!(ledger.rotate(), Ok(9));

    let held: Vec<_> = (2..=9).map(|number| peak(&ledger, number, "alice") / PAGE).collect();
    assert_eq!(held, [0, 4, 4, 4, 4, 4, 6, 0]);
    assert_eq!(peak(&ledger, 9, "bob"), PAGE);
}

#[test]
fn limits_that_record_on_approval_carry_over_as_well() {
    let ledger = Ledger::with_windows_and_hasher(8, 8, FixedState);
    let limits = MeterLimits::builder().total_memory(10 * PAGE).record_on_approval(true).build();
    let mut meter = StoreMemoryMeter::idle(limits, ledger.clone());
    let mut lease = meter.lease(id("alice"), limits);
    assert_eq!(lease.approve_memory(0, 4 * PAGE, None), Ok(true));
    assert_eq!(ledger.rotate(), Ok(1));
    assert_eq!(lease.approve_memory(4 * PAGE, 11 * PAGE, None), Ok(false));
    assert_eq!(ledger.rotate(), Ok(2));
    drop(lease);
    assert_eq!(ledger.rotate(), Ok(3));
    let held: Vec<_> = (1..=3).map(|number| peak(&ledger, number, "alice") / PAGE).collect();
    assert_eq!(held, [4, 4, 4]);
}
