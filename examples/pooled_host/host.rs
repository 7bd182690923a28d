//! The run: worker threads that take up invocations, lease a Store for each, and keep books.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use highwater::{Budget, MemoryLedger, MeterStats};
use indicatif::{HumanCount, ProgressBar, ProgressState, ProgressStyle};
use wasmtime::Result;

use crate::budgets::{AtRest, Budgets};
use crate::exact::ExactPeaks;
use crate::guests::Guests;
use crate::options::Options;
use crate::pool::StorePool;
use crate::store::{self, Measures};
use crate::workload::Workload;

/// Invocations that a worker takes up at a time, so that workers seldom meet at the counter or at
/// the progress bar.
const BATCH: u64 = 64;

/// The result of a run.
pub struct Run {
    pub ledgers: Measures<MemoryLedger>,
    /// The exact answers, if the run was to be verified.
    pub exact: Option<Books>,
    pub stores_made: u64,
    pub growths: MeterStats,
    pub budgets: Option<AtRest>,
    pub elapsed: Duration,
}

/// Runs all invocations. Fails if the engine cannot be set up, or with the first guest that could
/// not be run to its end.
pub fn run(options: &Options) -> Result<Run> {
    let engine = store::engine(options.pool_size(), options.leases_per_store)?;
    let guests = Guests::compile(&engine)?;
    let ledger = || MemoryLedger::with_capacity(options.capacity);
    let ledgers = Measures { own: ledger(), inherited: ledger(), total: ledger() };
    let budgets = Budgets::new(options.budget, options.principal_budget);
    let (stores, leases) = (options.pool_size(), options.leases_per_store);
    let site = Site {
        guests: &guests,
        stores: &StorePool::new(&engine, &ledgers.own, budgets.as_ref(), stores, leases),
        budgets: budgets.as_ref(),
        ledgers: &ledgers,
        workload: Workload::new(options.seed, options.principals, options.invocations),
        invocations: options.invocations,
        taken_up: AtomicU64::new(0),
        progress: progress_bar(options.invocations),
        verifies: options.verifies(),
    };

    let started = Instant::now();
    let books = thread::scope(|scope| {
        let workers: Vec<_> = (0..options.threads).map(|_| scope.spawn(|| site.work())).collect();
        // Join all of them before the first failure is reported.
        let books: Vec<_> =
            workers.into_iter().map(|worker| worker.join().expect("a worker panicked")).collect();
        books.into_iter().collect::<Result<Vec<Books>>>()
    });
    let elapsed = started.elapsed();
    site.progress.finish_and_clear();

    let books = books?.into_iter().reduce(fold).expect("there is at least one thread");
    let growths = site.stores.growths();
    Ok(Run {
        exact: options.verifies().then_some(books),
        stores_made: site.stores.stores_made(),
        growths,
        budgets: site.budgets.map(|budgets| budgets.at_rest(site.stores.in_use(), growths)),
        elapsed,
        ledgers,
    })
}

/// The state that the workers share.
struct Site<'a> {
    guests: &'a Guests,
    stores: &'a StorePool<'a>,
    budgets: Option<&'a Budgets>,
    ledgers: &'a Measures<MemoryLedger>,
    workload: Workload,
    invocations: u64,
    /// Invocations that some worker has begun or done.
    taken_up: AtomicU64,
    progress: ProgressBar,
    verifies: bool,
}

impl Site<'_> {
    /// Takes up invocations until there are none left.
    fn work(&self) -> Result<Books> {
        let mut books = Books::default();
        loop {
            // Relaxed: the counter only hands out numbers, nothing is published through it.
            let first = self.taken_up.fetch_add(BATCH, Ordering::Relaxed);
            if first >= self.invocations {
                return Ok(books);
            }
            let batch = first..self.invocations.min(first + BATCH);
            let done = batch.end - batch.start;
            for number in batch {
                if let Err(error) = self.invoke(number, &mut books) {
                    // The others find nothing left to do.
                    self.taken_up.store(self.invocations, Ordering::Relaxed);
                    return Err(error);
                }
            }
            self.progress.inc(done);
        }
    }

    fn invoke(&self, number: u64, books: &mut Books) -> Result<()> {
        let invocation = self.workload.invocation(number);
        let principal = invocation.principal;
        let mut store = self.stores.lease();
        let mut invoke = |budget: Option<&Budget>| store.invoke(self.guests, &invocation, budget);
        let usage = match self.budgets {
            Some(budgets) => budgets.during(principal, invoke),
            None => invoke(None),
        }?;
        drop(store);
        if let (Some(budgets), true) = (self.budgets, usage.turned_away) {
            budgets.turned_away();
        }

        // The meter has recorded what the principal grew itself; the rest is the host's to record.
        self.ledgers.inherited.record_peak(&principal, usage.metered.inherited as u64);
        self.ledgers.total.record_peak(&principal, usage.metered.total as u64);
        if self.verifies {
            books.own.record(principal, usage.held.own);
            books.inherited.record(principal, usage.held.inherited);
            books.total.record(principal, usage.held.total);
        }
        Ok(())
    }
}

/// The observations of the workers, as the engine reported them and not as the meter did: the exact
/// answers.
pub type Books = Measures<ExactPeaks>;

fn fold(books: Books, other: Books) -> Books {
    books.zip(other).map(|(mine, theirs)| mine.fold(theirs))
}

/// Drawn on standard error, and only if that is a terminal.
fn progress_bar(invocations: u64) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} invocations, {rate}, {eta} left")
            .expect("a valid template")
            .with_key("rate", |state: &ProgressState, out: &mut dyn fmt::Write| {
                // A line that cannot be written is not drawn; the next one may be.
                let _ = write!(out, "{} a second", HumanCount(state.per_sec() as u64));
            });
    ProgressBar::new(invocations).with_style(style)
}
