//! What the host has to say when it is done, for people and as JSON.

use std::fmt;
use std::time::Duration;

use highwater::MemoryLedger;
use indicatif::{HumanBytes, HumanCount};
use serde::Serialize;

use crate::exact::Difference;
use crate::host::{Measures, Run};
use crate::options::Options;

/// Cells of the longest bar.
const BAR_WIDTH: u64 = 24;
/// Differences that are listed for people; JSON has them all.
const DIFFERENCES_SHOWN: usize = 10;

/// Sizes are in bytes.
#[derive(Debug, Serialize)]
pub struct Report {
    seed: u64,
    threads: usize,
    pool_size: usize,
    invocations: u64,
    seconds: f64,
    invocations_per_second: f64,
    stores_made: u64,
    denied_grows: u64,
    residents: usize,
    capacity: usize,
    floor: u64,
    untracked_at_most: u64,
    evictions: u64,
    refused: u64,
    ledger_memory: usize,
    top: Vec<TopPrincipal>,
    verification: Option<Verification>,
}

/// One of the biggest users by own growth, with what the other two ledgers know of it: `None` if it is too small to
/// be among the biggest there, in which case it has at most that ledger's floor.
#[derive(Debug, Serialize)]
struct TopPrincipal {
    principal: String,
    own: u64,
    inherited: Option<u64>,
    total: Option<u64>,
}

/// How the ledgers compare with the exact answers.
#[derive(Debug, Serialize)]
struct Verification {
    exact: bool,
    /// Principals that used memory.
    principals: usize,
    own: Vec<Difference>,
    inherited: Vec<Difference>,
    total: Vec<Difference>,
}

impl Report {
    pub fn new(options: &Options, run: &Run) -> Self {
        let ledger = &run.ledgers.own;
        let seconds = run.elapsed.as_secs_f64();
        Self {
            seed: options.seed,
            threads: options.threads,
            pool_size: options.pool_size(),
            invocations: options.invocations,
            seconds,
            invocations_per_second: options.invocations as f64 / seconds,
            stores_made: run.stores_made,
            denied_grows: run.denied_grows,
            residents: ledger.len(),
            capacity: ledger.capacity(),
            floor: ledger.floor(),
            untracked_at_most: ledger.untracked_at_most(),
            evictions: ledger.evictions(),
            refused: ledger.refused(),
            ledger_memory: ledger.memory_bytes(),
            top: top(&run.ledgers, options.top),
            verification: Verification::new(run),
        }
    }

    /// Whether the ledgers hold the exact answers, or nobody asked.
    pub fn is_exact(&self) -> bool {
        self.verification.as_ref().is_none_or(|verification| verification.exact)
    }
}

fn top(ledgers: &Measures<MemoryLedger>, n: usize) -> Vec<TopPrincipal> {
    let tracked = |peak: u64| (peak > 0).then_some(peak);
    let describe = |(principal, own)| TopPrincipal {
        inherited: tracked(ledgers.inherited.peak(&principal)),
        total: tracked(ledgers.total.peak(&principal)),
        principal: principal.to_string(),
        own,
    };
    ledgers.own.top(n).into_iter().map(describe).collect()
}

impl Verification {
    fn new(run: &Run) -> Option<Self> {
        let exact = run.exact.as_ref()?;
        let differences =
            exact.as_ref().zip(run.ledgers.as_ref()).map(|(exact, ledger)| exact.differences(ledger));
        Some(Self {
            exact: differences.own.is_empty()
                && differences.inherited.is_empty()
                && differences.total.is_empty(),
            principals: exact.own.len(),
            own: differences.own,
            inherited: differences.inherited,
            total: differences.total,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_top(f)?;
        writeln!(f)?;
        let shared = if self.residents == self.capacity {
            format!("; nobody else ever grew more than {}", HumanBytes(self.untracked_at_most))
        } else {
            "; nobody was left out".to_owned()
        };
        writeln!(
            f,
            "ledger   {} of {} residents, floor {}{shared}",
            count(self.residents),
            count(self.capacity),
            HumanBytes(self.floor)
        )?;
        writeln!(
            f,
            "         {} evictions, {} refused, in {} of fixed memory",
            HumanCount(self.evictions),
            HumanCount(self.refused),
            HumanBytes(self.ledger_memory as u64)
        )?;
        writeln!(
            f,
            "engine   {} grows denied; {} Stores made for a pool of {}",
            HumanCount(self.denied_grows),
            HumanCount(self.stores_made),
            count(self.pool_size)
        )?;
        writeln!(
            f,
            "speed    {} invocations on {} threads in {:.2?}: {} a second",
            HumanCount(self.invocations),
            count(self.threads),
            Duration::from_secs_f64(self.seconds),
            HumanCount(self.invocations_per_second as u64)
        )?;
        match &self.verification {
            Some(verification) => write!(f, "verify   {verification}"),
            None => writeln!(f, "verify   not asked for"),
        }
    }
}

impl Report {
    /// A table of the biggest users, with a bar for each.
    fn write_top(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let largest = self.top.first().map_or(0, |top| top.own);
        let width = self.top.iter().map(|top| top.principal.len()).max().unwrap_or(0).max("principal".len());
        writeln!(
            f,
            "{:>4}  {:width$}  {:>10}  {:bar$}  {:>10}  {:>10}",
            "#",
            "principal",
            "own growth",
            "",
            "inherited",
            "total",
            bar = BAR_WIDTH as usize
        )?;
        for (rank, top) in (1..).zip(&self.top) {
            writeln!(
                f,
                "{rank:>4}  {:width$}  {:>10}  {:bar$}  {:>10}  {:>10}",
                top.principal,
                bytes(top.own),
                bar_of(top.own, largest),
                top.inherited.map_or_else(|| "small".to_owned(), bytes),
                top.total.map_or_else(|| "small".to_owned(), bytes),
                bar = BAR_WIDTH as usize
            )?;
        }
        writeln!(
            f,
            "\nown growth: the most that one lease of the principal added to a Store; inherited: the most that it found\n\
             there, grown by others; total: the most that its Store held. Each is a maximum of its own, from a ledger\n\
             of its own; \"small\" is at or below that ledger's floor."
        )
    }
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.exact {
            return writeln!(f, "exact: all three ledgers against {} principals", count(self.principals));
        }
        writeln!(f, "NOT exact")?;
        for (name, differences) in
            [("own growth", &self.own), ("inherited", &self.inherited), ("total", &self.total)]
        {
            for difference in differences.iter().take(DIFFERENCES_SHOWN) {
                writeln!(f, "         {name}: {difference}")?;
            }
            if let Some(more @ 1..) = differences.len().checked_sub(DIFFERENCES_SHOWN) {
                writeln!(f, "         {name}: and {} more", count(more))?;
            }
        }
        Ok(())
    }
}

/// A bar in eighths of a cell, as long as `value` is of `largest`.
fn bar_of(value: u64, largest: u64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (value as f64 / largest.max(1) as f64 * (BAR_WIDTH * 8) as f64).round() as usize;
    "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}

fn bytes(bytes: u64) -> String {
    HumanBytes(bytes).to_string()
}

fn count(n: usize) -> HumanCount {
    HumanCount(n as u64)
}
