//! Promise: senseless arguments get a documented answer or panic, never an allocator's abort and
//! never a wrong peak.

mod common;

use std::panic::catch_unwind;

use common::oracle::LARGEST_PEAK;
use common::subject::Subject;
use highwater::{InlineLedger, MAX_PEAK, MemoryLedger, PrincipalId, Recorded};

for_every_kind! { values_saturate, zero_is_no_value, unknown_keys_have_no_peak, an_empty_ledger_is_empty }

fn values_saturate<S: Subject>() {
    let ledger = S::with_capacity(2);
    let key = S::key(1);
    assert_eq!(ledger.record_peak(&key, LARGEST_PEAK - 1), Recorded::Admitted);
    assert_eq!(ledger.peak(&key), LARGEST_PEAK - 1);
    assert_eq!(LARGEST_PEAK, MAX_PEAK);
    assert_eq!(ledger.record_peak(&key, u64::MAX), Recorded::Raised);
    assert_eq!(ledger.peak(&key), LARGEST_PEAK);
    assert_eq!(ledger.record_peak(&key, LARGEST_PEAK + 1), Recorded::Unchanged);
    assert_eq!(ledger.record_peak(&key, u64::MAX), Recorded::Unchanged);
    assert_eq!(ledger.snapshot(), [(key, LARGEST_PEAK)]);
}

fn zero_is_no_value<S: Subject>() {
    let ledger = S::with_capacity(1);
    assert_eq!(ledger.record_peak(&S::key(0), 0), Recorded::Unchanged);
    assert!(ledger.is_empty());
    assert_eq!(ledger.record_peak(&S::key(0), 1), Recorded::Admitted);
    assert_eq!(ledger.record_peak(&S::key(0), 0), Recorded::Unchanged);
    assert_eq!(ledger.record_peak(&S::key(7), 0), Recorded::Unchanged);
    assert_eq!(ledger.peak(&S::key(0)), 1);
}

fn unknown_keys_have_no_peak<S: Subject>() {
    let ledger = S::with_capacity(4);
    for number in 0..20 {
        assert_eq!(ledger.peak(&S::key(number)), 0);
    }
    for number in 0..20 {
        ledger.record_peak(&S::key(number), 1 + number);
    }
    for number in 20..40 {
        assert_eq!(ledger.peak(&S::key(number)), 0);
    }
}

fn an_empty_ledger_is_empty<S: Subject>() {
    let ledger = S::with_capacity(3);
    assert!(ledger.is_empty());
    assert_eq!(ledger.len(), 0);
    assert_eq!(ledger.floor(), 0);
    assert_eq!(ledger.untracked_at_most(), 0);
    assert_eq!(ledger.evictions(), 0);
    assert_eq!(ledger.refused(), 0);
    assert_eq!(ledger.snapshot(), []);
    assert_eq!(ledger.top(5), []);
}

/// The message of the panic that `call` ends in.
fn panic_message<T>(call: impl FnOnce() -> T + std::panic::UnwindSafe) -> String {
    let Err(payload) = catch_unwind(call) else { panic!("no panic") };
    match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(payload) => (*payload.downcast::<&str>().expect("a message")).to_owned(),
    }
}

#[test]
fn capacity_zero_panics_and_says_so() {
    for message in [
        panic_message(|| MemoryLedger::with_capacity(0)),
        panic_message(|| InlineLedger::<u64>::with_capacity(0)),
    ] {
        assert!(message.contains("capacity"), "{message}");
    }
}

#[test]
fn absurd_capacities_panic_and_say_so() {
    // Each of them overflows a different product on the way to a size in bytes, or just asks for
    // too much. Where addresses have 32 bits, the last ones are no more than a large table.
    for shift in [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16].into_iter().filter(|&shift| shift <= usize::BITS / 4) {
        let capacity = usize::MAX >> shift;
        let message = panic_message(|| MemoryLedger::with_capacity(capacity));
        assert!(message.contains("capacity"), "{capacity}: {message}");
    }
    for capacity in [usize::MAX, usize::MAX - 1, usize::MAX / 3, 1 << (usize::BITS - 1)] {
        let message = panic_message(|| InlineLedger::<u64>::with_capacity(capacity));
        assert!(message.contains("capacity"), "{capacity}: {message}");
    }
}

#[test]
fn one_place_too_many_is_told_how_many_there_can_be() {
    let most = if LARGEST_PEAK > u64::from(u32::MAX) { 1 << 30 } else { 1 << 14 };
    let message = panic_message(|| InlineLedger::<u64>::with_capacity(most + 1));
    assert!(message.contains(&format!("at most {most} places")), "{message}");
}

#[test]
fn ids_of_every_length_and_form_are_told_apart() {
    let ledger = MemoryLedger::with_capacity(200);
    let ids: Vec<PrincipalId> = (1..=64)
        .flat_map(|length| {
            ["a", "_"].map(|letter| PrincipalId::new(letter.repeat(length)).expect("a valid id"))
        })
        .collect();
    for (bytes, id) in (1..).zip(&ids) {
        assert_eq!(ledger.record_peak(id, bytes), Recorded::Admitted);
    }
    for (bytes, id) in (1..).zip(&ids) {
        assert_eq!(ledger.peak(id), bytes);
    }
}
