//! The example host: its options, its reports, and the check that it makes of itself.

#![cfg(all(feature = "std", not(highwater_narrow)))]

use std::process::{Output, Stdio};

use highwater::{MemoryLedger, MeterStats, PrincipalId};
use serde_json::Value;

#[path = "../examples/pooled_host/budgets.rs"]
mod budgets;
#[path = "../examples/pooled_host/exact.rs"]
mod exact;
#[path = "common/example.rs"]
mod example;

use budgets::Budgets;
use exact::{Difference, ExactPeaks};

fn run(arguments: &[&str]) -> Output {
    example::program("pooled_host").args(arguments).output().expect("the example runs")
}

/// The report of a small run that is much too big for its ledger.
fn report(more: &[&str]) -> Value {
    let small = ["--json", "--principals", "1000", "--invocations", "2000", "--capacity", "64"];
    let output = run(&[&small[..], more].concat());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    assert_eq!(errors, "", "no progress is drawn where there is no terminal");
    serde_json::from_slice(&output.stdout).expect("nothing but JSON on standard output")
}

#[test]
fn a_run_beyond_capacity_is_exact() {
    let report = report(&["--threads", "4"]);
    assert_eq!(report["verification"]["exact"], true);
    assert_eq!((&report["residents"], &report["capacity"]), (&64.into(), &64.into()));
    assert!(report["verification"]["principals"].as_u64().unwrap() > 500, "{report}");
    assert!(report["evictions"].as_u64().unwrap() > 0, "{report}");
    assert!(report["floor"].as_u64().unwrap() > 0, "{report}");
    assert!(report["grows"]["denied"].as_u64().unwrap() > 0, "{report}");
    assert_eq!(report["refused"], 0);
}

#[test]
fn each_window_of_a_run_is_exact_by_itself() {
    let report = report(&["--threads", "4", "--window", "300"]);
    let windows = report["windows"].as_array().expect("windows");
    let numbers: Vec<_> = windows.iter().map(|ended| ended["window"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
    for ended in windows {
        assert_eq!(ended["differences"], Value::Array(Vec::new()), "{ended}");
        assert_eq!(ended["principals"], 64);
    }
    let highest = |list: &Value, bytes: &dyn Fn(&Value) -> u64| bytes(&list[0]);
    let of_windows = windows.iter().map(|ended| highest(&ended["top"], &|entry| entry[1].as_u64().unwrap()));
    let of_run = highest(&report["top"], &|top| top["own"].as_u64().unwrap());
    assert_eq!(of_windows.max(), Some(of_run));
    assert_eq!(report["verification"]["exact"], true);
}

/// A window that does not hold what the exact answer says.
#[test]
fn verification_finds_a_wrong_window() {
    let id = |name| PrincipalId::new(name).expect("an id");
    let windows = highwater::WindowedLedger::<PrincipalId>::with_capacity(8);
    windows.record_peak(&id("alice"), 100);
    let mut exact = ExactPeaks::default();
    exact.record(id("alice"), 100);
    let number = windows.rotate().expect("windows are left");
    let snapshot = windows.closed(number).expect("kept").snapshot();
    assert_eq!(exact.compare(&snapshot), []);
    exact.record(id("alice"), 101);
    exact.record(id("bob"), 7);
    assert_eq!(
        exact.compare(&snapshot),
        [
            Difference::Residents { expected: 2, listed: 1, counted: 1 },
            Difference::Peak { principal: id("alice"), recorded: 100, exact: 101 },
            Difference::Missing { principal: id("bob"), exact: 7, may_be_missing: 0, certified: 0 },
        ]
    );
}

#[test]
fn the_seed_decides_whatever_the_threads_and_the_stores() {
    // The peaks by themselves: who shares the lowest places of the list with equals is not
    // determined.
    let peaks = |report: &Value| {
        report["top"].as_array().unwrap().iter().map(|top| top["own"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let alone = report(&["--threads", "1", "--pool", "1", "--leases-per-store", "1"]);
    let crowd = report(&["--threads", "8", "--pool", "3", "--leases-per-store", "20"]);
    assert_eq!(peaks(&alone), peaks(&crowd));
    assert_eq!(alone["floor"], crowd["floor"]);
    assert_eq!(alone["grows"], crowd["grows"]);
    assert_ne!(peaks(&alone), peaks(&report(&["--seed", "2"])));
}

#[test]
fn a_fresh_store_for_each_lease_inherits_nothing() {
    let report = report(&["--leases-per-store", "1"]);
    assert_eq!(report["stores_made"], report["invocations"]);
    for top in report["top"].as_array().unwrap() {
        assert_eq!((&top["inherited"], &top["total"]), (&Value::Null, &top["own"]));
    }
}

fn in_budgets(report: &Value, name: &str) -> u64 {
    report["budgets"][name].as_u64().unwrap_or_else(|| panic!("{name}: {report}"))
}

#[test]
fn budgets_that_are_too_small_are_kept_and_nothing_is_lost() {
    let report = report(&["--threads", "4", "--budget", "393216", "--principal-budget", "262144"]);
    assert_eq!(report["verification"]["exact"], true);
    assert_eq!(report["verification"]["budgets"], Value::Array(Vec::new()));
    let number = |name| in_budgets(&report, name);
    assert_eq!((number("limit"), number("principal_limit")), (6 << 16, 4 << 16));
    assert!((4 << 16..=6 << 16).contains(&number("peak")) && number("principal_peak") <= 4 << 16);
    let (by_host, by_principals) = (number("denied"), number("denied_by_principals"));
    assert!(by_host > 0 && by_principals > 0, "{report}");
    assert_eq!(report["grows"]["denied_over_budget"], by_host + by_principals);
}

#[test]
fn guests_that_find_no_room_to_start_are_turned_away() {
    let report = report(&["--budget", "65535"]); // each has a page from the start
    assert_eq!(report["verification"]["exact"], true);
    assert_eq!(report["invocations"], in_budgets(&report, "turned_away"));
    assert_eq!((in_budgets(&report, "denied"), in_budgets(&report, "peak")), (2000, 0));
}

#[test]
fn people_get_a_table_and_a_verdict() {
    let output = run(&["--principals", "200", "--invocations", "400", "--capacity", "16", "--top", "3"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    for expected in
        ["own growth", "inherited", "total", "MiB", "█", "16 of 16 residents", "exact: all three ledgers"]
    {
        assert!(text.contains(expected), "{expected:?} is not in\n{text}");
    }
}

#[test]
fn without_the_exact_map_nothing_is_claimed() {
    assert_eq!(report(&["--no-verify"])["verification"], Value::Null);
    assert_eq!(report(&["--no-verify", "--verify"])["verification"]["exact"], true);
}

#[test]
fn a_report_may_be_closed_before_its_end() {
    for format in [&["--json"][..], &[]] {
        let mut host = example::program("pooled_host");
        host.args(["--principals", "100", "--invocations", "200"]).args(format);
        let mut host = host.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the example runs");
        drop(host.stdout.take());
        let output = host.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert_eq!(output.status.code(), Some(0));
    }
}

#[test]
fn a_wrong_option_says_what_would_be_right() {
    for (arguments, expected) in [
        (&["--threads", "0"][..], "expected a whole number from 1 to 1024"),
        (&["--budget", "64M"], "expected a whole number from 1 to 281474976710655"),
        (&["--capacity", "many"], "expected a whole number from 1 to 1048576"),
        (&["--pool", "-1"], "expected a whole number from 1 to 256"),
        (&["--serve", "localhost"], "expected an address and a port, for example 127.0.0.1:9464"),
        (&["--serve", "192.0.2.1:9"], "cannot serve at 192.0.2.1:9: "),
        (&["--period", "5"], "--serve"),
        (&["--seed", "18446744073709551616"], "expected a whole number from 0 to 18446744073709551615"),
        (&["--invocation", "5"], "--invocations"),
        (&["--invocations"], "a value is required"),
        (&["guest.wat"], "unexpected argument 'guest.wat'"),
    ] {
        let output = run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        assert!(errors.contains(expected), "{arguments:?}: {errors}");
        assert!(output.stdout.is_empty(), "{arguments:?} got a report");
    }
}

/// Budgets that do not say what the engine says.
#[test]
fn verification_finds_wrong_budgets() {
    let budgets = Budgets::new(Some(10), Some(5)).expect("there are limits");
    let found = |held, growths| budgets.at_rest(held, growths).differences;
    budgets.host().reserve(4).unwrap();
    assert_eq!(found(4, MeterStats::default()), []);
    assert_eq!(found(5, MeterStats::default()), [budgets::Difference::Held { used: 4, held: 5 }]);
    let mut growths = MeterStats::default();
    growths.denied_over_budget = 1;
    assert_eq!(found(4, growths), [budgets::Difference::Denials { by_budgets: 0, by_meters: 1 }]);
    budgets.host().reserve(7).unwrap_err();
    assert_eq!(found(4, growths), []);
    assert!(!budgets.are_short());
    budgets.turned_away();
    assert_eq!(budgets.at_rest(4, growths).turned_away, 1);
    let principal = id("alice");
    budgets.during(principal, |budget| budget.expect("principals have budgets").reserve(3)).unwrap();
    assert_eq!(found(7, growths), [budgets::Difference::Left { principal, used: 3 }]);
    assert!(budgets.are_short());
    let exceeded =
        |whose: &str, peak, limit| budgets::Difference::Exceeded { whose: whose.to_owned(), peak, limit };
    budgets.host().set_limit(6);
    assert_eq!(found(7, growths)[1..], [exceeded("the host", 7, 6)]);
    assert!(Budgets::new(None, None).is_none());
}

fn id(name: &str) -> PrincipalId {
    PrincipalId::new(name).unwrap()
}

fn exact(peaks: &[(&str, u64)]) -> ExactPeaks {
    let mut exact = ExactPeaks::default();
    for &(name, bytes) in peaks {
        exact.record(id(name), bytes);
    }
    exact
}

fn ledger(capacity: usize, peaks: &[(&str, u64)]) -> MemoryLedger {
    let ledger = MemoryLedger::with_capacity(capacity);
    for &(name, bytes) in peaks {
        ledger.record_peak(&id(name), bytes);
    }
    ledger
}

#[test]
fn verification_allows_ties_at_the_floor() {
    let in_order = [("a", 9), ("b", 5), ("c", 5), ("d", 1)];
    let mut reversed = in_order;
    reversed.reverse();
    for order in [in_order, reversed] {
        let ledger = ledger(2, &order);
        assert_eq!(ledger.peak(&id("b")) + ledger.peak(&id("c")), 5, "one of the equals");
        assert_eq!(exact(&in_order).differences(&ledger), []);
    }
}

#[test]
fn verification_folds_workers_by_maximum() {
    let folded = exact(&[("a", 3), ("b", 8)]).fold(exact(&[("a", 7), ("b", 2), ("c", 0)]));
    assert_eq!(folded.len(), 2, "a principal that used nothing is not there");
    assert_eq!(folded.differences(&ledger(2, &[("a", 7), ("b", 8)])), []);
}

#[test]
fn verification_finds_a_wrong_peak() {
    let found = exact(&[("a", 9), ("b", 5)]).differences(&ledger(2, &[("a", 9), ("b", 4)]));
    assert_eq!(found, [Difference::Peak { principal: id("b"), recorded: 4, exact: 5 }]);
}

#[test]
fn verification_finds_a_missing_principal() {
    let found = exact(&[("a", 9), ("b", 6), ("c", 5)]).differences(&ledger(2, &[("a", 9), ("c", 5)]));
    assert!(
        matches!(found[..], [Difference::Missing { principal, exact: 6, may_be_missing: 5, .. }] if principal == id("b")),
        "{found:?}"
    );
}

#[test]
fn verification_finds_a_wrong_number_of_residents() {
    let found = exact(&[("a", 9), ("b", 6)]).differences(&ledger(3, &[("a", 9)]));
    assert!(found.contains(&Difference::Residents { expected: 2, listed: 1, counted: 1 }), "{found:?}");
    assert_eq!(found.len(), 2, "and the one that is missing: {found:?}");
}

#[test]
fn verification_finds_a_stranger() {
    let found = exact(&[("a", 9)]).differences(&ledger(2, &[("a", 9), ("z", 1)]));
    assert!(found.contains(&Difference::Peak { principal: id("z"), recorded: 1, exact: 0 }), "{found:?}");
}
