#![doc = include_str!("../README.md")]
#![warn(missing_docs)]
#![forbid(unsafe_code)]

use std::{fmt, sync::Arc};

use highwater::{Budget, LedgerStats, SharedCounters, SnapshotSource};
use opentelemetry::{
    KeyValue,
    metrics::{AsyncInstrument, Meter},
};

/// The most series by principal that [`LedgerMetrics::with_top`] accepts: half of the sets of
/// attributes that the SDK keeps by default.
pub const MAX_TOP: usize = 1000;

/// The name of the gauge by principal, for a view.
pub const PEAK: &str = "wasm.guest.memory.peak";

/// The metrics of a ledger, observed at each collection.
///
/// | instrument | kind, unit | meaning |
/// | --- | --- | --- |
/// | `wasm.guest.memory.peak{principal}` | gauge, By | the peak of each of the highest principals |
/// | `wasm.guest.memory.untracked_at_most` | gauge, By | an upper bound for every principal that the ledger does not hold |
/// | `wasm.guest.memory.floor` | gauge, By | the same as long as nothing was refused |
/// | `wasm.guest.memory.tracked` | gauge, {principal} | principals in the ledger |
/// | `wasm.guest.memory.capacity` | gauge, {principal} | the most principals that the ledger holds |
/// | `wasm.guest.memory.evictions` | counter, {principal} | residents evicted by a newcomer |
/// | `wasm.guest.memory.refused` | counter, {record} | records refused: the ledger is exact while this is 0 |
/// | `wasm.guest.memory.allowed` | counter, {growth} | growths that meters allowed |
/// | `wasm.guest.memory.denied{reason}` | counter, {growth} | growths that meters denied |
/// | `wasm.guest.memory.budget.used{budget}` | gauge, By | what is in use now |
/// | `wasm.guest.memory.budget.peak{budget}` | gauge, By | the most that was in use |
/// | `wasm.guest.memory.budget.limit{budget}` | gauge, By | how much may be |
/// | `wasm.guest.memory.budget.denied{budget}` | counter, {reservation} | reservations that the budget denied |
///
/// Ledgers by windows report the last closed window. Each collection takes a snapshot: it allocates,
/// takes time in proportion to the ledger's capacity, holds no lock and resets nothing.
pub struct LedgerMetrics<L> {
    ledger: L,
    top: usize,
    meters: Option<SharedCounters>,
    budgets: Vec<(String, Budget)>,
}

impl<L> LedgerMetrics<L> {
    /// The metrics of a ledger, with the ten highest peaks.
    pub fn new(ledger: L) -> Self {
        Self { ledger, top: 10, meters: None, budgets: Vec::new() }
    }

    /// The number of series by principal.
    ///
    /// # Panics
    ///
    /// If it is above [`MAX_TOP`]: [`with_large_top`](Self::with_large_top) takes any number.
    #[must_use]
    pub fn with_top(self, n: usize) -> Self {
        assert!(
            n <= MAX_TOP,
            "{n} series by principal do not fit into a stream of the SDK's default: at most {MAX_TOP}, or \
             use with_large_top and a view"
        );
        self.with_large_top(n)
    }

    /// The number of series by principal, for a stream whose view has room for twice as many.
    #[must_use]
    pub fn with_large_top(self, n: usize) -> Self {
        Self { top: n, ..self }
    }

    /// Adds what meters that count together have allowed and denied.
    #[must_use]
    pub fn with_meters(self, counters: impl Into<SharedCounters>) -> Self {
        Self { meters: Some(counters.into()), ..self }
    }

    /// Adds a budget under a name.
    #[must_use]
    pub fn with_budget(mut self, name: impl Into<String>, budget: Budget) -> Self {
        self.budgets.push((name.into(), budget));
        self
    }
}

impl<L> LedgerMetrics<L>
where
    L: SnapshotSource<Principal: fmt::Display> + Send + Sync + 'static,
{
    /// Creates the instruments. They observe the ledger for as long as the meter's provider lives.
    pub fn register(self, meter: &Meter) {
        let Self { ledger, top, meters, budgets } = self;
        let ledger = Arc::new(ledger);

        let seen = Arc::clone(&ledger);
        let help = "Highest memory use of a principal";
        let peaks = meter.u64_observable_gauge(PEAK).with_unit("By").with_description(help);
        peaks
            .with_callback(move |gauge| {
                for (principal, peak) in seen.snapshot().top(top) {
                    gauge.observe(*peak, &[KeyValue::new("principal", principal.to_string())]);
                }
            })
            .build();

        type Reading = fn(&LedgerStats) -> u64;
        let gauges: [(_, _, _, Reading); 4] = [
            (
                "wasm.guest.memory.untracked_at_most",
                "By",
                "Upper bound of the peaks of all principals that are not tracked",
                |stats| stats.untracked_at_most,
            ),
            (
                "wasm.guest.memory.floor",
                "By",
                "Upper bound of untracked peaks while nothing was refused",
                |stats| stats.floor,
            ),
            ("wasm.guest.memory.tracked", "{principal}", "Principals in the ledger", |stats| {
                stats.residents as u64
            }),
            ("wasm.guest.memory.capacity", "{principal}", "Most principals that the ledger holds", |stats| {
                stats.capacity as u64
            }),
        ];
        for (name, unit, help, read) in gauges {
            let seen = Arc::clone(&ledger);
            let gauge = meter.u64_observable_gauge(name).with_unit(unit).with_description(help);
            gauge.with_callback(move |gauge| gauge.observe(read(&seen.stats()), &[])).build();
        }
        let counters: [(_, _, _, Reading); 2] = [
            ("wasm.guest.memory.evictions", "{principal}", "Residents evicted by a newcomer", |stats| {
                stats.evictions
            }),
            (
                "wasm.guest.memory.refused",
                "{record}",
                "Records refused, after which the ledger may be inexact",
                |stats| stats.refused,
            ),
        ];
        for (name, unit, help, read) in counters {
            let seen = Arc::clone(&ledger);
            let counter = meter.u64_observable_counter(name).with_unit(unit).with_description(help);
            counter.with_callback(move |counter| counter.observe(read(&seen.stats()), &[])).build();
        }
        if let Some(counters) = meters {
            register_meters(counters, meter);
        }
        if !budgets.is_empty() {
            register_budgets(&budgets.into(), meter);
        }
    }
}

fn register_meters(counters: SharedCounters, meter: &Meter) {
    let seen = counters.clone();
    meter
        .u64_observable_counter("wasm.guest.memory.allowed")
        .with_unit("{growth}")
        .with_description("Growths of memories and tables allowed")
        .with_callback(move |counter| counter.observe(seen.stats().allowed, &[]))
        .build();
    meter
        .u64_observable_counter("wasm.guest.memory.denied")
        .with_unit("{growth}")
        .with_description("Growths of memories and tables that did not take place")
        .with_callback(move |counter| {
            let stats = counters.stats();
            for (reason, number) in [
                ("over_ceiling", stats.denied_over_ceiling),
                ("over_type_maximum", stats.denied_over_type_maximum),
                ("table", stats.denied_table),
                ("over_budget", stats.denied_over_budget),
                ("failed_by_engine", stats.failed_by_engine),
            ] {
                counter.observe(number, &[KeyValue::new("reason", reason)]);
            }
        })
        .build();
}

fn register_budgets(budgets: &Arc<[(String, Budget)]>, meter: &Meter) {
    type Reading = fn(&Budget) -> u64;
    let observe = |read: Reading| {
        let budgets = Arc::clone(budgets);
        move |instrument: &dyn AsyncInstrument<u64>| {
            for (name, budget) in budgets.iter() {
                instrument.observe(read(budget), &[KeyValue::new("budget", name.clone())]);
            }
        }
    };
    let gauges: [(_, _, Reading); 3] = [
        ("wasm.guest.memory.budget.used", "Bytes of the budget in use now", |budget| budget.used()),
        ("wasm.guest.memory.budget.peak", "Most bytes of the budget that were in use", |budget| {
            budget.peak()
        }),
        ("wasm.guest.memory.budget.limit", "Most bytes of the budget that may be in use", |budget| {
            budget.limit()
        }),
    ];
    for (name, help, read) in gauges {
        let gauge = meter.u64_observable_gauge(name).with_unit("By").with_description(help);
        gauge.with_callback(observe(read)).build();
    }
    meter
        .u64_observable_counter("wasm.guest.memory.budget.denied")
        .with_unit("{reservation}")
        .with_description("Reservations that the budget denied")
        .with_callback(observe(|budget| budget.denied()))
        .build();
}

impl<L> fmt::Debug for LedgerMetrics<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LedgerMetrics").field("top", &self.top).finish_non_exhaustive()
    }
}
