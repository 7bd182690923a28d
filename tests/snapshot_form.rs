//! Promise: a snapshot is read as it was written, the form does not change within a version, and bad
//! input is refused with a reason.

#![cfg(all(feature = "alloc", feature = "serde"))]

use highwater::{FixedState, InlineLedger, PrincipalId, Snapshot};

/// As version 1 is written.
const GOLDEN: &str = include_str!("golden/snapshot-1.json");

fn snapshot() -> Snapshot<PrincipalId> {
    let ledger = InlineLedger::<PrincipalId, _>::with_capacity_and_hasher(2, FixedState);
    for (name, bytes) in [("alice", 262_144), ("bob", 131_072), ("carol", 65_536)] {
        ledger.record_peak(&name.parse().expect("an id"), bytes);
    }
    ledger.snapshot()
}

#[test]
fn the_form_is_that_of_the_golden_file() {
    let written = serde_json::to_string_pretty(&snapshot()).expect("written");
    assert_eq!(written, GOLDEN.trim_end());
    assert_eq!(serde_json::from_str::<Snapshot<PrincipalId>>(GOLDEN).expect("read"), snapshot());
}

/// The golden form with some of its fields replaced.
fn read(changes: serde_json::Value) -> Result<Snapshot<String>, String> {
    let mut form: serde_json::Value = serde_json::from_str(GOLDEN).expect("JSON");
    for (field, value) in changes.as_object().expect("fields") {
        form[field] = value.clone();
    }
    serde_json::from_value(form).map_err(|error| error.to_string())
}

#[test]
fn what_is_not_known_or_left_out_does_no_harm() {
    let read =
        read(serde_json::json!({ "colour": [1], "entries": [["b", 1], ["a", 7], ["c", 7]] })).expect("read");
    assert_eq!(read.top(9), [("a".into(), 7), ("c".into(), 7), ("b".into(), 1)]);
    let bare = r#"{"version":1,"capacity":1,"untracked_at_most":0,"refused":0,"entries":[]}"#;
    let read: Snapshot<u64> = serde_json::from_str(bare).expect("read");
    assert_eq!((read.window(), read.len()), (None, 0));
    let windowed = bare.replace("\"version\":1", "\"version\":1,\"window\":17");
    let read: Snapshot<u64> = serde_json::from_str(&windowed).expect("read");
    assert_eq!(read.window(), Some(17));
}

#[test]
fn bad_input_says_what_is_wrong() {
    let above = i64::MAX as u64 + 1;
    for (changes, reason) in [
        (
            serde_json::json!({ "version": 2 }),
            "not a snapshot: its form has version 2, and this reader knows version 1",
        ),
        (
            serde_json::json!({ "untracked_at_most": above }),
            "not a snapshot: untracked_at_most is 9223372036854775808 bytes, and no peak is above 9223372036854775807",
        ),
        (
            serde_json::json!({ "entries": [["a", 1], ["b", 0]] }),
            "not a snapshot: entry 2 has a peak of 0 bytes, and peaks are from 1 to 9223372036854775807",
        ),
        (serde_json::json!({ "entries": [["a", above]] }), "entry 1 has a peak of 9223372036854775808 bytes"),
        (
            serde_json::json!({ "entries": [["a", 1], ["b", 3], ["a", 2]] }),
            "not a snapshot: a principal comes twice",
        ),
        (serde_json::json!({ "entries": [["a"]] }), "invalid length 1, expected a tuple of size 2"),
        (serde_json::json!({ "capacity": -1 }), "invalid value: integer `-1`, expected u64"),
    ] {
        let error = read(changes).expect_err(reason);
        assert!(error.starts_with(reason) || error.contains(reason), "{error}");
    }
    let error = serde_json::from_str::<Snapshot<String>>("{}").expect_err("empty").to_string();
    assert!(error.starts_with("missing field `version`"), "{error}");
}
