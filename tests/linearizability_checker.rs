//! The checker itself: it accepts what the rule allows, and rejects every planted violation.

mod common;

use common::history::{Event, Operation, PENDING};
use common::linearizability::check;
use highwater::Recorded::{self, Admitted, Dropped, Raised, Unchanged};

fn record(call: u64, end: u64, key: u64, bytes: u64, answer: Recorded) -> Event {
    Event { call, end, operation: Operation::Record { key, bytes, answer: Some(answer) } }
}

fn peak(call: u64, end: u64, key: u64, answer: u64) -> Event {
    Event { call, end, operation: Operation::Peak { key, answer } }
}

fn len(call: u64, end: u64, answer: usize) -> Event {
    Event { call, end, operation: Operation::Len { answer } }
}

fn floor(call: u64, end: u64, answer: u64) -> Event {
    Event { call, end, operation: Operation::Floor { answer } }
}

#[track_caller]
fn accepted(capacity: usize, history: &[Event]) {
    if let Err(why) = check(history, capacity) {
        panic!("{why}");
    }
}

#[track_caller]
fn rejected(capacity: usize, history: &[Event]) {
    assert!(check(history, capacity).is_err(), "accepted: {history:?}");
}

#[test]
fn a_sequence_of_every_answer_is_accepted() {
    accepted(
        2,
        &[
            record(0, 1, 1, 10, Admitted),
            record(2, 3, 1, 10, Unchanged),
            record(4, 5, 1, 20, Raised),
            record(6, 7, 2, 5, Admitted),
            record(8, 9, 3, 5, Dropped),
            record(10, 11, 3, 6, Admitted),
            peak(12, 13, 2, 0),
            peak(14, 15, 1, 20),
            len(16, 17, 2),
            floor(18, 19, 6),
        ],
    );
}

#[test]
fn overlapping_calls_may_take_effect_either_way() {
    for answer in [0, 7] {
        accepted(1, &[record(0, 9, 1, 7, Admitted), peak(1, 2, 1, answer)]);
    }
}

#[test]
fn a_tie_at_the_floor_may_go_either_way() {
    for (stays, goes) in [(1, 2), (2, 1)] {
        let full = [record(0, 1, 1, 5, Admitted), record(2, 3, 2, 5, Admitted), record(4, 5, 3, 6, Admitted)];
        accepted(2, &[full.as_slice(), &[peak(6, 7, stays, 5), peak(8, 9, goes, 0)]].concat());
        rejected(2, &[full.as_slice(), &[peak(6, 7, stays, 5), peak(8, 9, goes, 5)]].concat());
        rejected(2, &[full.as_slice(), &[peak(6, 7, stays, 0), peak(8, 9, goes, 0)]].concat());
    }
}

#[test]
fn a_call_that_never_returned_may_have_taken_effect_or_not() {
    let pending =
        Event { call: 0, end: PENDING, operation: Operation::Record { key: 1, bytes: 7, answer: None } };
    accepted(1, &[pending, peak(2, 3, 1, 7), peak(4, 5, 1, 7)]);
    accepted(1, &[pending, peak(2, 3, 1, 0), peak(4, 5, 1, 7)]);
    accepted(1, &[pending, peak(2, 3, 1, 0), peak(4, 5, 1, 0)]);
    rejected(1, &[pending, peak(2, 3, 1, 7), peak(4, 5, 1, 0)]);
    rejected(1, &[Event { call: 4, ..pending }, peak(2, 3, 1, 7)]);
}

#[test]
fn at_or_below_the_minimum_both_idle_answers_are_accepted() {
    for answer in [Unchanged, Dropped] {
        accepted(
            1,
            &[record(0, 1, 1, 10, Admitted), record(2, 3, 2, 10, answer), record(4, 5, 1, 4, answer)],
        );
    }
}

#[test]
fn a_lost_raise_is_rejected() {
    rejected(1, &[record(0, 1, 1, 5, Admitted), record(2, 3, 1, 8, Raised), peak(4, 5, 1, 5)]);
}

#[test]
fn a_raise_lost_to_a_concurrent_eviction_is_rejected() {
    rejected(
        1,
        &[
            record(0, 1, 1, 5, Admitted),
            record(2, 5, 1, 8, Raised),
            record(3, 6, 2, 7, Admitted),
            peak(7, 8, 2, 7),
        ],
    );
}

#[test]
fn evicting_another_than_the_lowest_is_rejected() {
    let history = [record(0, 1, 1, 5, Admitted), record(2, 3, 2, 9, Admitted), record(4, 5, 3, 10, Admitted)];
    rejected(2, &[history.as_slice(), &[peak(6, 7, 2, 0)]].concat());
}

#[test]
fn two_victims_for_one_newcomer_are_rejected() {
    let history = [record(0, 1, 1, 5, Admitted), record(2, 3, 2, 6, Admitted), record(4, 5, 3, 10, Admitted)];
    rejected(2, &[history.as_slice(), &[peak(6, 7, 1, 0), peak(8, 9, 2, 0)]].concat());
    rejected(2, &[history.as_slice(), &[len(6, 7, 1)]].concat());
}

#[test]
fn more_residents_than_places_are_rejected() {
    rejected(1, &[record(0, 3, 1, 5, Admitted), record(0, 3, 2, 6, Admitted), len(1, 2, 2)]);
    rejected(
        1,
        &[record(0, 1, 1, 5, Admitted), record(2, 9, 2, 6, Admitted), peak(3, 4, 2, 6), peak(5, 6, 1, 5)],
    );
}

#[test]
fn a_length_below_what_was_just_seen_is_rejected() {
    rejected(
        2,
        &[record(0, 1, 1, 5, Admitted), record(2, 9, 2, 6, Admitted), peak(3, 4, 2, 6), len(5, 6, 1)],
    );
}

#[test]
fn the_same_newcomer_admitted_twice_is_rejected() {
    rejected(2, &[record(0, 3, 1, 5, Admitted), record(0, 3, 1, 6, Admitted)]);
    accepted(2, &[record(0, 3, 1, 5, Admitted), record(0, 3, 1, 6, Raised)]);
}

#[test]
fn a_newcomer_above_the_minimum_that_is_dropped_is_rejected() {
    rejected(1, &[record(0, 1, 1, 5, Admitted), record(2, 3, 2, 6, Dropped)]);
    rejected(1, &[record(0, 1, 1, 5, Admitted), record(2, 3, 1, 6, Unchanged)]);
}

#[test]
fn a_read_that_goes_back_in_time_is_rejected() {
    rejected(1, &[record(0, 9, 1, 5, Admitted), peak(1, 2, 1, 5), peak(3, 4, 1, 0)]);
}

#[test]
fn crossed_stale_reads_are_rejected() {
    let seen = |first, second| {
        [
            record(0, 1, 1, 5, Admitted),
            record(0, 1, 2, 6, Admitted),
            peak(2, 3, 2, first),
            peak(2, 3, 1, second),
        ]
    };
    accepted(2, &seen(6, 5));
    rejected(2, &seen(0, 0));
    // Each thread raises one key and then reads the other: at least one of them sees the other's
    // raise.
    let before = [record(0, 1, 1, 1, Admitted), record(2, 3, 2, 1, Admitted)];
    let crossed =
        [record(4, 5, 1, 9, Raised), peak(6, 7, 2, 1), record(4, 5, 2, 9, Raised), peak(6, 7, 1, 1)];
    rejected(2, &[before.as_slice(), &crossed].concat());
}

#[test]
fn a_floor_above_the_minimum_or_below_an_untracked_maximum_is_rejected() {
    let history = [record(0, 1, 1, 5, Admitted), record(2, 3, 2, 4, Dropped)];
    accepted(1, &[history.as_slice(), &[floor(4, 5, 4)]].concat());
    accepted(1, &[history.as_slice(), &[floor(4, 5, 5)]].concat());
    rejected(1, &[history.as_slice(), &[floor(4, 5, 6)]].concat());
    rejected(1, &[history.as_slice(), &[floor(4, 5, 3)]].concat());
}
