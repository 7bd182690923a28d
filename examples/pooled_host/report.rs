//! The report of the host when it is done, for people and as JSON.

use std::fmt;
use std::time::Duration;

use highwater::{MemoryLedger, PrincipalId, Snapshot};
use indicatif::{HumanBytes, HumanCount};
use serde::Serialize;

use crate::budgets::{self, AtRest};
use crate::exact::Difference;
use crate::host::Run;
use crate::options::Options;
use crate::store::Measures;
use crate::windows::{Drawing, Ended};

/// Cells of the longest bar.
const BAR_WIDTH: usize = 24;
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
    grows: Grows,
    budgets: Option<AtRest>,
    residents: usize,
    capacity: usize,
    floor: u64,
    /// The bound of whatever is not in the ledger, for each of the three.
    untracked_at_most: Measures<u64>,
    evictions: u64,
    refused: u64,
    ledger_memory: usize,
    top: Vec<TopPrincipal>,
    verification: Option<Verification>,
    windows: Option<Vec<Ended>>,
    /// All residents of the ledger of own growth, to be merged with those of other hosts.
    snapshot: Snapshot<PrincipalId>,
}

/// Growths of memories and tables, as the meters counted them.
#[derive(Debug, Serialize)]
struct Grows {
    allowed: u64,
    denied: u64,
    /// Of these, memories over their principal's ceiling.
    denied_over_ceiling: u64,
    /// Of these, tables over their principal's ceiling.
    denied_table: u64,
    /// Of these, memories and tables over a budget.
    denied_over_budget: u64,
}

/// One of the biggest users by own growth, with what the other two ledgers know of it: `None` if it
/// is not among the biggest there, so that the bound of the untracked holds for it.
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
    /// How the budgets differ from the engine at rest, if there are budgets.
    budgets: Option<Vec<budgets::Difference>>,
}

impl Report {
    pub fn new(options: &Options, run: &Run) -> Self {
        let ledger = run.ledgers.own.stats();
        let seconds = run.elapsed.as_secs_f64();
        Self {
            seed: options.seed,
            threads: options.threads,
            pool_size: options.pool_size(),
            invocations: options.invocations,
            seconds,
            invocations_per_second: options.invocations as f64 / seconds,
            stores_made: run.stores_made,
            grows: Grows {
                allowed: run.growths.allowed,
                denied: run.growths.denied(),
                denied_over_ceiling: run.growths.denied_over_ceiling,
                denied_table: run.growths.denied_table,
                denied_over_budget: run.growths.denied_over_budget,
            },
            budgets: run.budgets.clone(),
            residents: ledger.residents,
            capacity: ledger.capacity,
            floor: ledger.floor,
            untracked_at_most: run.ledgers.as_ref().map(MemoryLedger::untracked_at_most),
            evictions: ledger.evictions,
            refused: ledger.refused,
            ledger_memory: run.ledgers.own.memory_bytes(),
            top: top(&run.ledgers, options.top),
            verification: Verification::new(run),
            windows: run.windows.clone(),
            snapshot: run.ledgers.own.snapshot(),
        }
    }

    /// Whether the ledgers hold the exact answers, or were not checked.
    pub fn is_exact(&self) -> bool {
        let windows = self.windows.iter().flatten();
        self.verification.as_ref().is_none_or(|verification| verification.exact)
            && windows.into_iter().all(|ended| ended.differences.is_empty())
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
        let budgets = run.budgets.as_ref().map(|budgets| budgets.differences.clone());
        Some(Self {
            exact: differences.own.is_empty()
                && differences.inherited.is_empty()
                && differences.total.is_empty()
                && budgets.as_ref().is_none_or(Vec::is_empty),
            principals: exact.own.len(),
            own: differences.own,
            inherited: differences.inherited,
            total: differences.total,
            budgets,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_top(f)?;
        writeln!(f)?;
        let left_out = if self.residents == self.capacity {
            format!("no other principal ever grew more than {}", HumanBytes(self.untracked_at_most.own))
        } else {
            "no principal was left out".to_owned()
        };
        writeln!(
            f,
            "ledger   {} of {} residents, floor {}: {left_out}",
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
            "grows    {} allowed, {} denied: {} for memory, {} for tables, {} over budgets",
            HumanCount(self.grows.allowed),
            HumanCount(self.grows.denied),
            HumanCount(self.grows.denied_over_ceiling),
            HumanCount(self.grows.denied_table),
            HumanCount(self.grows.denied_over_budget)
        )?;
        if let Some(budgets) = &self.budgets {
            write!(f, "{budgets}")?;
        }
        writeln!(
            f,
            "speed    {} invocations on {} threads in {:.2?}: {} a second",
            HumanCount(self.invocations),
            count(self.threads),
            Duration::from_secs_f64(self.seconds),
            HumanCount(self.invocations_per_second as u64)
        )?;
        writeln!(
            f,
            "         {} Stores made for a pool of {}",
            HumanCount(self.stores_made),
            count(self.pool_size)
        )?;
        if let Some(windows) = &self.windows {
            write!(f, "{}", Drawing(windows))?;
        }
        match &self.verification {
            Some(verification) => write!(f, "verify   {verification}")?,
            None => return writeln!(f, "verify   not asked for"),
        }
        let Some(windows) = &self.windows else { return Ok(()) };
        let wrong: Vec<_> = windows.iter().filter(|ended| !ended.differences.is_empty()).collect();
        if wrong.is_empty() {
            writeln!(f, "         exact: each of {} windows by itself", count(windows.len()))?;
        }
        for ended in wrong {
            for difference in ended.differences.iter().take(DIFFERENCES_SHOWN) {
                writeln!(f, "         window {}: {difference}", ended.window)?;
            }
        }
        Ok(())
    }
}

impl Report {
    /// A table of the biggest users, with a bar for each.
    fn write_top(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widest = self.top.iter().map(|top| top.principal.len()).max().unwrap_or(0).max("principal".len());
        let largest = self.top.first().map_or(0, |top| top.own);
        let mut row = |rank: &str, principal: &str, own: &str, bar: &str, inherited: &str, total: &str| {
            writeln!(
                f,
                "{rank:>4}  {principal:widest$}  {own:>10}  {bar:BAR_WIDTH$}  {inherited:>12}  {total:>12}"
            )
        };
        row("#", "principal", "own growth", "", "inherited", "total")?;
        for (rank, top) in (1..).zip(&self.top) {
            row(
                &format!("{rank}"),
                &top.principal,
                &format!("{}", HumanBytes(top.own)),
                &bar(top.own, largest),
                &peak_or_bound(top.inherited, self.untracked_at_most.inherited),
                &peak_or_bound(top.total, self.untracked_at_most.total),
            )?;
        }
        writeln!(
            f,
            "\nown growth: the most that one lease of the principal added to a Store; inherited: the most that it found\n\
             there, grown by others; total: the most that its Store held. Each is a maximum of its own, from a ledger of\n\
             its own; ≤ is that ledger's bound for whom it does not track."
        )
    }
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.exact {
            let budgets = if self.budgets.is_some() { ", and the budgets against the engine" } else { "" };
            return writeln!(
                f,
                "exact: all three ledgers against {} principals{budgets}",
                count(self.principals)
            );
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
        for difference in self.budgets.iter().flatten().take(DIFFERENCES_SHOWN) {
            writeln!(f, "         budgets: {difference}")?;
        }
        Ok(())
    }
}

/// A bar in eighths of a cell, as long as `value` is of `largest`.
fn bar(value: u64, largest: u64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let share = value as f64 / largest.max(1) as f64;
    let eighths = (share * (BAR_WIDTH * EIGHTHS.len()) as f64).round() as usize;
    "█".repeat(eighths / EIGHTHS.len()) + EIGHTHS[eighths % EIGHTHS.len()]
}

fn peak_or_bound(peak: Option<u64>, untracked_at_most: u64) -> String {
    peak.map_or_else(|| format!("≤ {}", HumanBytes(untracked_at_most)), |peak| HumanBytes(peak).to_string())
}

fn count(n: usize) -> HumanCount {
    HumanCount(n as u64)
}
