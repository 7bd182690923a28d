//! One pin serves many calls, and what it holds back it lets go where its own records need it.

use highwater::{Collector, FixedState, Ledger, PinnedLedger, RETIRED_ALLOWANCE, Recorded};

const CAPACITY: usize = 4;

fn ledger() -> Ledger<String, FixedState> {
    Ledger::with_collector(CAPACITY, FixedState, Collector::new())
}

#[test]
fn the_calls_under_a_pin_are_those_of_the_ledger() {
    let ledger = ledger();
    let recorder = ledger.recorder();
    let mut pinned: PinnedLedger<'_, _, _> = recorder.pin();
    assert_eq!(pinned.record_peak("alice", 10), Recorded::Admitted);
    assert_eq!(pinned.record_peak_with("bob", 20, || "bob".to_owned()), Recorded::Admitted);
    assert_eq!(pinned.record_peak("alice", 30), Recorded::Raised);
    assert_eq!((pinned.peak("alice"), pinned.peak("bob"), pinned.peak("carol")), (30, 20, 0));
    // Others see it at once.
    assert_eq!(recorder.peak("alice"), 30);
    let expected = [("alice".to_owned(), 30), ("bob".to_owned(), 20)];
    assert_eq!(pinned.top(9), expected);
    assert_eq!(pinned.snapshot().top(9), expected);
    let mut met = Vec::new();
    assert!(pinned.for_each(|key, peak| met.push((key, peak))));
    met.sort_unstable();
    assert_eq!(met, expected);
    let mut top = [const { (String::new(), 0) }; CAPACITY + 1];
    assert_eq!(pinned.top_into(&mut top), expected);
    assert_eq!(pinned.top_into(&mut top[..1]), &expected[..1]);
    assert!(pinned.top_into(&mut []).is_empty());
}

/// Far more keys are retired under the pin than may wait.
#[test]
fn a_pin_that_records_does_not_starve_itself() {
    let ledger = Ledger::<u64, _>::with_collector(CAPACITY, FixedState, Collector::new());
    let recorder = ledger.recorder();
    let mut pinned = recorder.pin();
    for key in 1..=3 * (RETIRED_ALLOWANCE as u64) {
        assert_eq!(pinned.record_peak(&key, key), Recorded::Admitted);
    }
    assert!(ledger.retired() <= CAPACITY + RETIRED_ALLOWANCE);
}

/// The pin that is held makes no newcomer resident itself: it only raises.
#[test]
fn a_pin_that_raises_does_not_starve_others() {
    let ledger = Ledger::<u64, _>::with_collector(CAPACITY, FixedState, Collector::new());
    let (held, other) = (ledger.recorder(), ledger.recorder());
    let mut pinned = held.pin();
    for key in 1..=2 * (RETIRED_ALLOWANCE as u64) {
        pinned.record_peak(&0, u64::MAX / 2 + key);
        other.record_peak(&key, key);
    }
    assert_eq!(ledger.refused(), 0);
}

/// The cost of a pin, as documented.
#[test]
fn a_pin_that_is_only_held_holds_back_what_others_retire() {
    let ledger = Ledger::<u64, _>::with_collector(CAPACITY, FixedState, Collector::new());
    let (held, other) = (ledger.recorder(), ledger.recorder());
    let pinned = held.pin();
    let places = CAPACITY as u64;
    let mut key = 0;
    let refused = loop {
        key += 1;
        if other.record_peak(&key, key) == Recorded::Refused {
            break key;
        }
    };
    assert!(refused > places + RETIRED_ALLOWANCE as u64, "refused {refused} already");
    drop(pinned);
    assert_eq!(other.record_peak(&(key + 1), key + 1), Recorded::Admitted);
}

#[test]
fn records_from_an_iterator_are_made_under_one_pin() {
    let ledger = ledger();
    let recorder = ledger.recorder();
    recorder.pin().extend((1..=9).map(|number| (format!("{number}"), number)));
    let top = recorder.top(9).into_iter().map(|(_, peak)| peak);
    assert_eq!(top.collect::<Vec<_>>(), [9, 8, 7, 6]);
}

#[cfg(feature = "std-ledger")]
#[test]
fn a_ledger_on_the_default_collector_pins_too() {
    let mut ledger: Ledger<String> = [("alice".to_owned(), 3), ("bob".to_owned(), 2)].into_iter().collect();
    ledger.extend([("alice".to_owned(), 5)]);
    let mut pinned = ledger.pin();
    assert_eq!(pinned.record_peak("bob", 9), Recorded::Raised);
    assert_eq!((pinned.peak("alice"), ledger.peak("bob")), (5, 9));
    let mut top = [const { (String::new(), 0) }; 1];
    assert_eq!(ledger.top_into(&mut top), [("bob".to_owned(), 9)]);
    let mut sum = 0;
    assert!(ledger.for_each(|_, peak| sum += peak));
    assert_eq!(sum, 14);
}
