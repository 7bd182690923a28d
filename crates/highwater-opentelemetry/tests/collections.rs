//! What the real SDK exports.

use std::collections::BTreeMap;

use highwater::{Budget, FixedState, InlineLedger, MeterCounters, MeterLimits, StoreMemoryMeter};
use highwater_opentelemetry::{LedgerMetrics, MAX_TOP, PEAK};
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::{
    InMemoryMetricExporter, Instrument, PeriodicReader, SdkMeterProvider, Stream,
    data::{AggregatedMetrics, MetricData},
};

type Ledger = InlineLedger<u64, FixedState>;

fn ledger(capacity: usize) -> Ledger {
    Ledger::with_capacity_and_hasher(capacity, FixedState)
}

struct Collected {
    provider: SdkMeterProvider,
    exporter: InMemoryMetricExporter,
}

impl Collected {
    /// With room for so many sets of attributes in the stream by principal.
    fn of(metrics: LedgerMetrics<Ledger>, limit: Option<usize>) -> Self {
        let exporter = InMemoryMetricExporter::default();
        let provider = SdkMeterProvider::builder()
            .with_reader(PeriodicReader::builder(exporter.clone()).build())
            .with_view(move |instrument: &Instrument| {
                let limit = limit.filter(|_| instrument.name() == PEAK)?;
                Stream::builder().with_cardinality_limit(limit).build().ok()
            })
            .build();
        metrics.register(&provider.meter("test"));
        Self { provider, exporter }
    }

    /// The points of the last collection: by name, and by the value of the one attribute.
    fn points(&self) -> BTreeMap<(String, String), u64> {
        self.exporter.reset();
        self.provider.force_flush().expect("collected");
        let finished = self.exporter.get_finished_metrics().expect("exported");
        let last = finished.last().expect("one collection");
        let mut points = BTreeMap::new();
        for metric in last.scope_metrics().flat_map(|scope| scope.metrics()) {
            let mut add = |attributes: Vec<String>, value| {
                points.insert((metric.name().to_owned(), attributes.join(",")), value);
            };
            let AggregatedMetrics::U64(data) = metric.data() else { panic!("bytes and counts are u64") };
            match data {
                MetricData::Gauge(gauge) => gauge.data_points().for_each(|point| {
                    add(
                        point.attributes().map(|known| format!("{}={}", known.key, known.value)).collect(),
                        point.value(),
                    );
                }),
                MetricData::Sum(sum) => sum.data_points().for_each(|point| {
                    add(
                        point.attributes().map(|known| format!("{}={}", known.key, known.value)).collect(),
                        point.value(),
                    );
                }),
                other => panic!("neither gauge nor counter: {other:?}"),
            }
        }
        points
    }

    fn peaks(&self) -> BTreeMap<String, u64> {
        let points = self.points().into_iter();
        points
            .filter(|((name, _), _)| name == PEAK)
            .map(|((_, attribute), value)| (attribute, value))
            .collect()
    }
}

#[test]
fn the_top_and_the_numbers_that_show_the_cut() {
    static METERS: MeterCounters = MeterCounters::new();
    let ledger = ledger(3);
    for (key, bytes) in [(1, 65_536), (2, 262_144), (3, 131_072), (4, 196_608), (5, 1)] {
        ledger.record_peak(&key, bytes);
    }
    let host = Budget::new(1000);
    host.reserve(600).expect("room");
    let limits = MeterLimits::total(65_536).with_budget(&host);
    let mut meter = StoreMemoryMeter::with_limits(limits, 1, ledger.clone()).counted_in(&METERS);
    assert_eq!(meter.approve_memory(0, 131_072, None), Ok(false));
    assert_eq!(meter.approve_memory(0, 65_536, None), Ok(false));
    let metrics = LedgerMetrics::new(ledger).with_top(2).with_meters(&METERS).with_budget("host", host);
    let points = Collected::of(metrics, None).points();
    let expected = [
        ("wasm.guest.memory.allowed", "", 0),
        ("wasm.guest.memory.budget.denied", "budget=host", 1),
        ("wasm.guest.memory.budget.limit", "budget=host", 1000),
        ("wasm.guest.memory.budget.peak", "budget=host", 600),
        ("wasm.guest.memory.budget.used", "budget=host", 600),
        ("wasm.guest.memory.capacity", "", 3),
        ("wasm.guest.memory.denied", "reason=failed_by_engine", 0),
        ("wasm.guest.memory.denied", "reason=over_budget", 1),
        ("wasm.guest.memory.denied", "reason=over_ceiling", 1),
        ("wasm.guest.memory.denied", "reason=over_type_maximum", 0),
        ("wasm.guest.memory.denied", "reason=table", 0),
        ("wasm.guest.memory.evictions", "", 1),
        ("wasm.guest.memory.floor", "", 65_536),
        ("wasm.guest.memory.peak", "principal=2", 262_144),
        ("wasm.guest.memory.peak", "principal=4", 196_608),
        ("wasm.guest.memory.refused", "", 0),
        ("wasm.guest.memory.tracked", "", 3),
        ("wasm.guest.memory.untracked_at_most", "", 65_536),
    ];
    let expected = expected.map(|(name, attribute, value)| ((name.to_owned(), attribute.to_owned()), value));
    assert_eq!(points.into_iter().collect::<Vec<_>>(), expected);
}

/// Records for `count` principals that displace all others.
fn replace_all(ledger: &Ledger, from: u64, count: u64) {
    (from..from + count).for_each(|key| _ = ledger.record_peak(&key, key));
}

const OVERFLOW: &str = "otel.metric.overflow=true";

#[test]
fn the_largest_top_fits_into_the_default_stream_even_if_all_principals_change() {
    let ledger = ledger(MAX_TOP);
    let collected = Collected::of(LedgerMetrics::new(ledger.clone()).with_top(MAX_TOP), None);
    for round in 0..4 {
        let first = 1 + round * MAX_TOP as u64;
        replace_all(&ledger, first, MAX_TOP as u64);
        let peaks = collected.peaks();
        let expected = (first..).take(MAX_TOP).map(|key| (format!("principal={key}"), key));
        assert_eq!(peaks, expected.collect(), "round {round}");
    }
}

/// What the documentation warns of: with room for only N sets, those that have gone hold the places
/// of those that come.
#[test]
fn a_stream_with_too_little_room_is_cut() {
    let ledger = ledger(50);
    for (limit, is_cut) in [(100, false), (50, true)] {
        let collected = Collected::of(LedgerMetrics::new(ledger.clone()).with_top(50), Some(limit));
        let start = 1000 * limit as u64;
        replace_all(&ledger, ledger.floor() + start, 50);
        assert_eq!(collected.peaks().len(), 50);
        replace_all(&ledger, ledger.floor() + 2 * start, 50);
        let peaks = collected.peaks();
        assert_eq!(peaks.contains_key(OVERFLOW), is_cut, "{limit}: {peaks:?}");
        assert_eq!(peaks.len() < 50, is_cut, "{limit}: {peaks:?}");
    }
}

#[test]
#[should_panic(expected = "1001 series by principal do not fit")]
fn more_than_the_default_stream_holds_is_asked_for_by_another_name() {
    let _ = LedgerMetrics::new(ledger(1)).with_top(MAX_TOP + 1);
}
