//! The run: worker threads that take up invocations, lease a Store for each, and keep books.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use highwater::{Budget, MemoryLedger, MeterStats, PrincipalId, WindowedLedger};
use indicatif::{HumanCount, ProgressBar, ProgressState, ProgressStyle};
use wasmtime::Result;
use wasmtime::error::Context;

use crate::budgets::{AtRest, Budgets};
use crate::exact::ExactPeaks;
use crate::guests::Guests;
use crate::options::Options;
use crate::pool::StorePool;
use crate::service::Service;
use crate::store::{self, Measures};
use crate::windows::{self, Ended};
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
    /// The windows, if the run was in windows.
    pub windows: Option<Vec<Ended>>,
    pub elapsed: Duration,
}

/// Runs all invocations; with a service, over and over until the process ends. Fails if the engine cannot be set up, or with the first guest that could
/// not be run to its end.
pub fn run(options: &Options, service: Option<&Service>) -> Result<Run> {
    let engine = store::engine(options.pool_size(), options.leases_per_store)?;
    let guests = Guests::compile(&engine)?;
    let ledger = || MemoryLedger::with_capacity(options.capacity);
    let ledgers = Measures { own: ledger(), inherited: ledger(), total: ledger() };
    let budgets = Budgets::new(options.budget, options.principal_budget);
    let (stores, leases) = (options.pool_size(), options.leases_per_store);
    let windowed = service.map_or_else(
        || WindowedLedger::with_capacity(if options.window.is_some() { options.capacity } else { 1 }),
        |service| service.windows.clone(),
    );
    let end = if service.is_some() { u64::MAX / 2 } else { options.invocations };
    let site = Site {
        guests: &guests,
        stores: &StorePool::new(&engine, &ledgers.own, budgets.as_ref(), stores, leases),
        budgets: budgets.as_ref(),
        ledgers: &ledgers,
        workload: Workload::new(options.seed, options.principals, options.invocations),
        windows: (service.is_some() || options.window.is_some()).then_some(&windowed),
        invocations: options.invocations,
        end: AtomicU64::new(0),
        taken_up: AtomicU64::new(0),
        progress: if service.is_some() { ProgressBar::hidden() } else { progress_bar(options.invocations) },
        verifies: options.verifies(),
    };

    if let Some(service) = service {
        let host = site.budgets.map(|budgets| budgets.host().clone());
        service.start(Arc::clone(site.stores.counters()), host).context("the service cannot start")?;
    }
    let started = Instant::now();
    let mut books = Books::default();
    let mut ended = Vec::new();
    let pass = options.window.unwrap_or(end);
    for first in (0..end).step_by(usize::try_from(pass).unwrap_or(usize::MAX)) {
        let of_pass = site.pass(first, end.min(first.saturating_add(pass)), options.threads)?;
        if options.window.is_some() {
            let exact = options.verifies().then_some(&of_pass.own);
            ended.push(windows::end(&windowed, exact, options.top)?);
        }
        books = fold(books, of_pass);
    }
    let elapsed = started.elapsed();
    site.progress.finish_and_clear();

    let growths = site.stores.growths();
    Ok(Run {
        exact: options.verifies().then_some(books),
        stores_made: site.stores.stores_made(),
        growths,
        budgets: site.budgets.map(|budgets| budgets.at_rest(site.stores.in_use(), growths)),
        windows: options.window.map(|_| ended),
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
    /// The ledger by windows, if there are any.
    windows: Option<&'a WindowedLedger<PrincipalId>>,
    /// The invocations of the workload, which begins again after them.
    invocations: u64,
    /// Where the pass of the workers ends that is under way.
    end: AtomicU64,
    /// Invocations that some worker has begun or done.
    taken_up: AtomicU64,
    progress: ProgressBar,
    verifies: bool,
}

impl Site<'_> {
    /// All workers do the invocations from `first` up to `end`, and rest.
    fn pass(&self, first: u64, end: u64, threads: usize) -> Result<Books> {
        // Relaxed: no worker runs yet.
        self.taken_up.store(first, Ordering::Relaxed);
        self.end.store(end, Ordering::Relaxed);
        let books = thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| self.work())).collect();
            // Join all of them before the first failure is reported.
            let books: Vec<_> =
                workers.into_iter().map(|worker| worker.join().expect("a worker panicked")).collect();
            books.into_iter().collect::<Result<Vec<Books>>>()
        })?;
        Ok(books.into_iter().reduce(fold).expect("there is at least one thread"))
    }

    /// Takes up invocations until there are none left.
    fn work(&self) -> Result<Books> {
        let mut books = Books::default();
        let end = self.end.load(Ordering::Relaxed);
        loop {
            // Relaxed: the counter only hands out numbers, nothing is published through it.
            let first = self.taken_up.fetch_add(BATCH, Ordering::Relaxed);
            if first >= end {
                return Ok(books);
            }
            let batch = first..end.min(first + BATCH);
            let done = batch.end - batch.start;
            for number in batch {
                if let Err(error) = self.invoke(number % self.invocations, &mut books) {
                    // The others find nothing left to do.
                    self.taken_up.store(end, Ordering::Relaxed);
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
        if let Some(windows) = self.windows {
            windows.record_peak(&principal, usage.metered.own as u64);
        }
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
