//! What a scraper reads.

use highwater::{Budget, FixedState, InlineLedger, InlineStr, MeterCounters, MeterLimits, StoreMemoryMeter};
use highwater_prometheus::{LedgerCollector, MAX_TOP};
use prometheus_client::{
    encoding::{prometheus_text, text},
    registry::Registry,
};

type Ledger = InlineLedger<u64, FixedState>;

fn ledger(capacity: usize) -> Ledger {
    Ledger::with_capacity_and_hasher(capacity, FixedState)
}

fn scrape(registry: &Registry) -> String {
    let mut text = String::new();
    text::encode(&mut text, registry).expect("a String takes everything");
    text
}

fn registry(collector: LedgerCollector<Ledger>) -> Registry {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(collector));
    registry
}

#[test]
fn the_top_and_the_numbers_that_show_the_cut() {
    let ledger = ledger(3);
    for (key, bytes) in [(1, 65_536), (2, 262_144), (3, 131_072), (4, 196_608), (5, 1)] {
        ledger.record_peak(&key, bytes);
    }
    let text = scrape(&registry(LedgerCollector::new(ledger).with_top(2)));
    let expected = "\
# HELP wasm_guest_memory_peak_bytes Highest memory use of a principal
# TYPE wasm_guest_memory_peak_bytes gauge
# UNIT wasm_guest_memory_peak_bytes bytes
wasm_guest_memory_peak_bytes{principal=\"2\"} 262144
wasm_guest_memory_peak_bytes{principal=\"4\"} 196608
# HELP wasm_guest_memory_untracked_at_most_bytes Upper bound of the peaks of all principals that are not tracked
# TYPE wasm_guest_memory_untracked_at_most_bytes gauge
# UNIT wasm_guest_memory_untracked_at_most_bytes bytes
wasm_guest_memory_untracked_at_most_bytes 65536
# HELP wasm_guest_memory_floor_bytes Upper bound of untracked peaks while nothing was refused
# TYPE wasm_guest_memory_floor_bytes gauge
# UNIT wasm_guest_memory_floor_bytes bytes
wasm_guest_memory_floor_bytes 65536
# HELP wasm_guest_memory_tracked_principals Principals in the ledger
# TYPE wasm_guest_memory_tracked_principals gauge
# UNIT wasm_guest_memory_tracked_principals principals
wasm_guest_memory_tracked_principals 3
# HELP wasm_guest_memory_capacity_principals Most principals that the ledger holds
# TYPE wasm_guest_memory_capacity_principals gauge
# UNIT wasm_guest_memory_capacity_principals principals
wasm_guest_memory_capacity_principals 3
# HELP wasm_guest_memory_evictions Residents evicted by a newcomer
# TYPE wasm_guest_memory_evictions counter
wasm_guest_memory_evictions_total 1
# HELP wasm_guest_memory_refused Records refused, after which the ledger may be inexact
# TYPE wasm_guest_memory_refused counter
wasm_guest_memory_refused_total 0
# EOF
";
    assert_eq!(text, expected);
}

#[test]
fn a_principal_that_leaves_the_top_is_absent_and_reading_resets_nothing() {
    let ledger = ledger(1);
    let registry = registry(LedgerCollector::new(ledger.clone()).with_prefix("guests"));
    ledger.record_peak(&1, 10);
    assert!(scrape(&registry).contains("guests_peak_bytes{principal=\"1\"} 10\n"));
    assert_eq!(scrape(&registry), scrape(&registry));
    ledger.record_peak(&2, 20);
    let text = scrape(&registry);
    assert!(!text.contains("principal=\"1\"") && text.contains("guests_peak_bytes{principal=\"2\"} 20\n"));
}

#[test]
fn ten_series_unless_the_host_says_more() {
    let ledger = ledger(300);
    (1..=300).for_each(|key| _ = ledger.record_peak(&key, key));
    let series = |collector| scrape(&registry(collector)).matches("{principal=").count();
    assert_eq!(series(LedgerCollector::new(ledger.clone())), 10);
    assert_eq!(series(LedgerCollector::new(ledger.clone()).with_top(0)), 0);
    assert_eq!(series(LedgerCollector::new(ledger.clone()).with_top(MAX_TOP)), 100);
    assert_eq!(series(LedgerCollector::new(ledger).with_large_top(250)), 250);
}

#[test]
#[should_panic(
    expected = "101 series by principal are a lot for Prometheus: at most 100, or use with_large_top"
)]
fn more_than_a_hundred_series_are_asked_for_by_another_name() {
    let _ = LedgerCollector::new(ledger(1)).with_top(101);
}

#[test]
fn names_that_need_escapes_stay_one_label() {
    let ledger = InlineLedger::<InlineStr<24>, FixedState>::with_capacity_and_hasher(1, FixedState);
    ledger.record_peak(&"a\"b\\c\nd".parse().expect("short"), 7);
    let mut registry = Registry::default();
    registry.register_collector(Box::new(LedgerCollector::new(ledger)));
    let text = scrape(&registry);
    assert!(text.contains("{principal=\"a\\\"b\\\\c\\nd\"} 7\n"), "{text}");
}

#[test]
fn meters_and_budgets_beside_the_ledger() {
    static METERS: MeterCounters = MeterCounters::new();
    let host = Budget::new(1000);
    host.reserve(600).expect("room");
    host.reserve(500).expect_err("none left");
    let limits = MeterLimits::total(65_536).with_budget(&host);
    let mut meter = StoreMemoryMeter::with_limits(limits, 1, ledger(1)).counted_in(&METERS);
    assert_eq!(meter.approve_memory(0, 131_072, None), Ok(false));
    assert_eq!(meter.approve_memory(0, 65_536, None), Ok(false));
    let collector = LedgerCollector::new(ledger(1)).with_meters(&METERS).with_budget("host", host);
    let text = scrape(&registry(collector));
    for line in [
        "wasm_guest_memory_allowed_total 0",
        "wasm_guest_memory_denied_total{reason=\"over_ceiling\"} 1",
        "wasm_guest_memory_denied_total{reason=\"table\"} 0",
        "wasm_guest_memory_denied_total{reason=\"over_budget\"} 1",
        "wasm_guest_memory_budget_used_bytes{budget=\"host\"} 600",
        "wasm_guest_memory_budget_peak_bytes{budget=\"host\"} 600",
        "wasm_guest_memory_budget_limit_bytes{budget=\"host\"} 1000",
        "wasm_guest_memory_budget_denied_total{budget=\"host\"} 2",
    ] {
        assert!(text.lines().any(|seen| seen == line), "{line} is not in\n{text}");
    }
}

#[test]
fn the_older_text_format_has_the_same_numbers() {
    let ledger = ledger(1);
    ledger.record_peak(&1, 65_536);
    let registry = registry(LedgerCollector::new(ledger));
    let mut text = String::new();
    prometheus_text::encode(&mut text, &registry).expect("a String takes everything");
    assert!(text.contains("wasm_guest_memory_peak_bytes{principal=\"1\"} 65536\n"), "{text}");
    assert!(text.contains("wasm_guest_memory_evictions_total 0\n"), "{text}");
}

#[test]
fn ledgers_by_windows_report_the_last_closed_window() {
    let ledger = highwater::WindowedLedger::<u64, FixedState>::with_capacity_and_hasher(4, FixedState);
    let mut registry = Registry::default();
    registry.register_collector(Box::new(LedgerCollector::new(ledger.clone())));
    ledger.record_peak(&1, 65_536);
    let text = scrape(&registry);
    assert!(text.contains("wasm_guest_memory_window 0\n") && !text.contains("principal="), "{text}");
    ledger.rotate().expect("windows are left");
    ledger.record_peak(&2, 131_072);
    // Two scrapers take nothing from each other.
    for _ in 0..2 {
        let text = scrape(&registry);
        for line in [
            "wasm_guest_memory_peak_bytes{principal=\"1\"} 65536",
            "wasm_guest_memory_tracked_principals 1",
            "wasm_guest_memory_window 1",
            "wasm_guest_memory_window_refused_records 0",
        ] {
            assert!(text.lines().any(|seen| seen == line), "{line} is not in\n{text}");
        }
        assert!(!text.contains("principal=\"2\"") && !text.contains("refused_total"), "{text}");
    }
}
