//! What it costs to report a ledger of 4096 principals: `cargo bench --bench reports`.
//!
//! The time of each step in microseconds (median of a hundred), and the records of two threads a
//! second while a scraper asks ten times a second, over those without one (turn about, median).

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use highwater::{MemoryLedger, PrincipalId, Snapshot};
use highwater_prometheus::LedgerCollector;
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;

const CAPACITY: u64 = 4096;

fn main() {
    let ids: Vec<PrincipalId> =
        (0..CAPACITY).map(|n| format!("principal-{n:010}").parse().expect("an id")).collect();
    let ledger = MemoryLedger::with_capacity(CAPACITY as usize);
    for (place, id) in ids.iter().enumerate() {
        ledger.record_peak(id, (1 << 20) + 65_536 * place as u64);
    }
    let snapshot = ledger.snapshot();
    let json = serde_json::to_string(&snapshot).expect("written");
    let mut registry = Registry::default();
    registry.register_collector(Box::new(LedgerCollector::new(ledger.clone()).with_top(100)));

    println!("| step | us |\n| --- | ---: |");
    row("a snapshot", || ledger.snapshot().len());
    row("a scrape, top 100 (a snapshot included)", || {
        let mut out = String::new();
        text::encode(&mut out, &registry).expect("written");
        out.len()
    });
    row("a snapshot to JSON", || serde_json::to_string(&snapshot).expect("written").len());
    row("JSON to a snapshot", || serde_json::from_str::<Snapshot<PrincipalId>>(&json).expect("read").len());
    row("two snapshots merged", || Snapshot::merge([snapshot.clone(), snapshot.clone()]).len());
    println!("\n{} bytes of JSON", json.len());

    let ratios = (0..12).map(|_| {
        let without = records(&ledger, &ids, None);
        let with = records(&ledger, &ids, Some(&registry));
        with as f64 / without as f64
    });
    let mut ratios: Vec<f64> = ratios.collect();
    ratios.sort_by(f64::total_cmp);
    println!("records of two threads with a scraper, over those without: {:.3}", ratios[ratios.len() / 2]);
}

fn row(name: &str, mut step: impl FnMut() -> usize) {
    let mut times: Vec<Duration> = (0..100)
        .map(|_| {
            let started = Instant::now();
            black_box(step());
            started.elapsed()
        })
        .collect();
    times.sort();
    println!("| {name} | {:.0} |", times[times.len() / 2].as_secs_f64() * 1e6);
}

/// Records that two threads make in a second, while a scraper asks for the registry or sleeps.
fn records(ledger: &MemoryLedger, ids: &[PrincipalId], scraped: Option<&Registry>) -> u64 {
    let (ended, total) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        for thread in 0..2 {
            let (ended, total) = (&ended, &total);
            scope.spawn(move || {
                let mut made = 0;
                while !ended.load(Ordering::Relaxed) {
                    for id in ids.iter().skip(thread).step_by(2) {
                        black_box(ledger.record_peak(id, 65_536 + (1 << 20)));
                        made += 1;
                    }
                }
                total.fetch_add(made, Ordering::Relaxed);
            });
        }
        for _ in 0..10 {
            thread::sleep(Duration::from_millis(100));
            if let Some(registry) = scraped {
                let mut out = String::new();
                text::encode(&mut out, registry).expect("written");
                black_box(out);
            }
        }
        ended.store(true, Ordering::Relaxed);
    });
    total.into_inner()
}
