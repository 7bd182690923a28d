//! Measures this crate against its peers, each pair interleaved in the same run, prints the ratios
//! and draws them.
//!
//! `cargo bench --bench compare` takes some minutes on an idle machine; `-- --quick --only mix`
//! takes seconds.

mod peers;
mod suite;

use std::{path::PathBuf, time::Duration};

use clap::Parser;
use suite::{chart, comparison::Effort, heap, plan, report};

#[global_allocator]
static ALLOCATOR: heap::CountingAllocator = heap::CountingAllocator;

/// Ratios of speed between highwater and its peers
#[derive(Parser)]
struct Options {
    /// Measure only comparisons whose name contains this; may be repeated
    #[arg(long, value_name = "PART")]
    only: Vec<String>,
    /// Few short rounds, and nothing of a million places: a first look, not for quoting
    #[arg(long)]
    quick: bool,
    /// List the comparisons and measure nothing
    #[arg(long)]
    list: bool,
    /// Rounds of each contender
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    rounds: Option<u16>,
    /// Draw the ratios into this file [default: docs/bench.svg in a full run]
    #[arg(long, value_name = "FILE")]
    chart: Option<PathBuf>,
    /// Passed by `cargo bench`; whatever else runs this program gets a quick look
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    /// `cargo test --all-targets` runs this program too, and does not want to wait for minutes.
    fn is_quick(&self) -> bool {
        self.quick || !self.bench
    }

    fn effort(&self) -> Effort {
        let usual = if self.is_quick() {
            Effort { rounds: 7, round: Duration::from_millis(1), longest: Duration::from_millis(300) }
        } else {
            Effort { rounds: 61, round: Duration::from_millis(2), longest: Duration::from_secs(5) }
        };
        Effort { rounds: self.rounds.map_or(usual.rounds, usize::from), ..usual }
    }

    fn wants(&self, planned: &plan::Planned) -> bool {
        if self.only.is_empty() {
            !(self.is_quick() && planned.heavy)
        } else {
            self.only.iter().any(|part| planned.name.contains(part))
        }
    }

    /// Only a full run may replace the chart that the README shows.
    fn chart(&self) -> Option<PathBuf> {
        let full = self.only.is_empty() && !self.is_quick();
        let usual = || full.then(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/bench.svg")));
        self.chart.clone().or_else(usual)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let planned: Vec<_> = plan::all().into_iter().filter(|planned| options.wants(planned)).collect();
    if options.list {
        planned.iter().for_each(|planned| println!("{}", planned.name));
        return Ok(());
    }
    if planned.is_empty() {
        return Err(format!("no comparison is named like {:?}; --list names them all", options.only).into());
    }
    let effort = options.effort();
    let (mut outcomes, count) = (Vec::new(), planned.len());
    for (number, planned) in (1..).zip(planned) {
        eprintln!("{number:3}/{count} {}", planned.name);
        outcomes.push(planned.run(&effort));
    }
    let heap = heap::full_ledgers();
    println!("\nClaims\n");
    report::claims(&outcomes, &heap);
    println!("\nTime of each peer over ours\n");
    report::ratios(&outcomes);
    println!("\nOther comparisons\n");
    report::pairs(&outcomes);
    println!("\nFaster peers\n");
    report::faster_peers(&outcomes);
    println!("\nMemory\n");
    report::heap(&heap);
    if let Some(file) = options.chart() {
        chart::draw(&file, &outcomes)?;
        eprintln!("drawn: {}", file.display());
    }
    Ok(())
}
