#![doc = include_str!("../README.md")]
#![warn(missing_docs)]
#![forbid(unsafe_code)]

use std::fmt::{self, Display};

use highwater::{Budget, SharedCounters, SnapshotSource};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Unit,
};

/// The most series by principal that [`LedgerCollector::with_top`] accepts.
pub const MAX_TOP: usize = 100;

/// The metrics of a ledger, collected anew for each scrape.
///
/// | metric | type | meaning |
/// | --- | --- | --- |
/// | `wasm_guest_memory_peak_bytes{principal}` | gauge | the peak of each of the highest principals |
/// | `wasm_guest_memory_untracked_at_most_bytes` | gauge | an upper bound for every principal that the ledger does not hold |
/// | `wasm_guest_memory_floor_bytes` | gauge | the same as long as nothing was refused |
/// | `wasm_guest_memory_tracked_principals` | gauge | principals in the ledger, of which the highest have a peak above |
/// | `wasm_guest_memory_capacity_principals` | gauge | the most principals that the ledger holds |
/// | `wasm_guest_memory_evictions_total` | counter | residents evicted by a newcomer |
/// | `wasm_guest_memory_refused_total` | counter | records refused: the ledger is exact while this is 0 |
/// | `wasm_guest_memory_window` | gauge | by windows: the number of the window |
/// | `wasm_guest_memory_window_refused_records` | gauge | by windows, instead: records refused in the window, which is exact if this is 0 |
/// | `wasm_guest_memory_allowed_total` | counter | growths that meters allowed |
/// | `wasm_guest_memory_denied_total{reason}` | counter | growths that meters denied |
/// | `wasm_guest_memory_budget_used_bytes{budget}` | gauge | what is in use now |
/// | `wasm_guest_memory_budget_peak_bytes{budget}` | gauge | the most that was in use |
/// | `wasm_guest_memory_budget_limit_bytes{budget}` | gauge | how much may be |
/// | `wasm_guest_memory_budget_denied_total{budget}` | counter | reservations that the budget denied |
///
/// Ledgers by windows report the last closed window. Each scrape takes a snapshot: it allocates,
/// takes time in proportion to the ledger's capacity, holds no lock and resets nothing.
pub struct LedgerCollector<L> {
    ledger: L,
    prefix: String,
    top: usize,
    meters: Option<SharedCounters>,
    budgets: Vec<(String, Budget)>,
}

impl<L> LedgerCollector<L> {
    /// The metrics of a ledger: the ten highest peaks, under the prefix `wasm_guest_memory`.
    pub fn new(ledger: L) -> Self {
        Self { ledger, prefix: "wasm_guest_memory".into(), top: 10, meters: None, budgets: Vec::new() }
    }

    /// Another prefix for the names.
    #[must_use]
    pub fn with_prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
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
            "{n} series by principal are a lot for Prometheus: at most {MAX_TOP}, or use with_large_top"
        );
        self.with_large_top(n)
    }

    /// The number of series by principal, however large. Prometheus keeps each principal that was ever
    /// in the top as a series of its own, for as long as it keeps data.
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

impl<L> Collector for LedgerCollector<L>
where
    L: SnapshotSource<Principal: Display> + Send + Sync + 'static,
{
    fn encode(&self, encoder: DescriptorEncoder) -> fmt::Result {
        let mut out = Output { encoder, prefix: &self.prefix };
        let (snapshot, stats) = (self.ledger.snapshot(), self.ledger.stats());

        out.family(
            "peak",
            "Highest memory use of a principal",
            Some(&Unit::Bytes),
            MetricType::Gauge,
            |family| {
                for (principal, peak) in snapshot.top(self.top) {
                    let labels = [("principal", principal.to_string())];
                    ConstGauge::new(*peak).encode(family.encode_family(&labels)?)?;
                }
                Ok(())
            },
        )?;
        let bytes = Some(&Unit::Bytes);
        let untracked = "Upper bound of the peaks of all principals that are not tracked";
        out.gauge("untracked_at_most", untracked, bytes, snapshot.untracked_at_most())?;
        out.gauge("floor", "Upper bound of untracked peaks while nothing was refused", bytes, stats.floor)?;
        let principals = Unit::Other("principals".into());
        let count = |number: usize| number as u64;
        out.gauge("tracked", "Principals in the ledger", Some(&principals), count(snapshot.len()))?;
        let capacity = count(snapshot.capacity());
        out.gauge("capacity", "Most principals that the ledger holds", Some(&principals), capacity)?;
        out.counter("evictions", "Residents evicted by a newcomer", stats.evictions)?;
        match snapshot.window() {
            None => out.counter(
                "refused",
                "Records refused, after which the ledger may be inexact",
                snapshot.refused(),
            )?,
            Some(window) => {
                out.gauge("window", "Number of the window that is reported", None, window)?;
                let records = Unit::Other("records".into());
                let help = "Records refused in the window, which may then be inexact";
                out.gauge("window_refused", help, Some(&records), snapshot.refused())?;
            }
        }

        if let Some(meters) = self.meters.as_ref().map(|meters| meters.stats()) {
            out.counter("allowed", "Growths of memories and tables allowed", meters.allowed)?;
            let reasons = [
                ("over_ceiling", meters.denied_over_ceiling),
                ("over_type_maximum", meters.denied_over_type_maximum),
                ("table", meters.denied_table),
                ("over_budget", meters.denied_over_budget),
                ("failed_by_engine", meters.failed_by_engine),
            ];
            let help = "Growths of memories and tables that did not take place";
            out.family("denied", help, None, MetricType::Counter, |family| {
                reasons.iter().try_for_each(|(reason, number)| {
                    ConstCounter::new(*number).encode(family.encode_family(&[("reason", *reason)])?)
                })
            })?;
        }
        self.encode_budgets(&mut out)
    }
}

impl<L> LedgerCollector<L> {
    fn encode_budgets(&self, out: &mut Output<'_, '_>) -> fmt::Result {
        type Reading = fn(&Budget) -> u64;
        let gauges: [(_, _, Reading); 3] = [
            ("budget_used", "Bytes of the budget in use now", |budget| budget.used()),
            ("budget_peak", "Most bytes of the budget that were in use", |budget| budget.peak()),
            ("budget_limit", "Most bytes of the budget that may be in use", |budget| budget.limit()),
        ];
        if self.budgets.is_empty() {
            return Ok(());
        }
        for (name, help, read) in gauges {
            out.family(name, help, Some(&Unit::Bytes), MetricType::Gauge, |family| {
                self.budgets.iter().try_for_each(|(name, budget)| {
                    let labels = [("budget", name.as_str())];
                    ConstGauge::new(read(budget)).encode(family.encode_family(&labels)?)
                })
            })?;
        }
        let help = "Reservations that the budget denied";
        out.family("budget_denied", help, None, MetricType::Counter, |family| {
            self.budgets.iter().try_for_each(|(name, budget)| {
                let labels = [("budget", name.as_str())];
                ConstCounter::new(budget.denied()).encode(family.encode_family(&labels)?)
            })
        })
    }
}

impl<L> fmt::Debug for LedgerCollector<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LedgerCollector")
            .field("prefix", &self.prefix)
            .field("top", &self.top)
            .finish_non_exhaustive()
    }
}

/// Writes metrics under a prefix.
struct Output<'a, 'e> {
    encoder: DescriptorEncoder<'e>,
    prefix: &'a str,
}

impl Output<'_, '_> {
    fn family(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        kind: MetricType,
        write: impl FnOnce(&mut MetricEncoder<'_>) -> fmt::Result,
    ) -> fmt::Result {
        let name = format!("{}_{name}", self.prefix);
        write(&mut self.encoder.encode_descriptor(&name, help, unit, kind)?)
    }

    fn gauge(&mut self, name: &str, help: &str, unit: Option<&Unit>, value: u64) -> fmt::Result {
        let gauge = ConstGauge::new(value);
        let name = format!("{}_{name}", self.prefix);
        gauge.encode(self.encoder.encode_descriptor(&name, help, unit, gauge.metric_type())?)
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        let counter = ConstCounter::new(value);
        let name = format!("{}_{name}", self.prefix);
        counter.encode(self.encoder.encode_descriptor(&name, help, None, counter.metric_type())?)
    }
}
