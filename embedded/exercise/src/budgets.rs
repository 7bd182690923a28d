//! Three levels of urgency on one tree of static budgets.

use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use highwater::{OverBudget, StaticBudget};

use crate::caller::increment;
use crate::oracle::{Disagreement, expect};
use crate::random::Random;

static HOST: StaticBudget = StaticBudget::new(10_000);
static TENANTS: [StaticBudget; 3] = [HOST.child(6_000), HOST.child(5_000), HOST.child(4_000)];
static GUEST: StaticBudget = TENANTS[1].child(3_000);

const BUDGETS: [&StaticBudget; 5] = [&HOST, &TENANTS[0], &TENANTS[1], &TENANTS[2], &GUEST];
/// For each of them the budget above it.
const PARENTS: [Option<usize>; 5] = [None, Some(0), Some(0), Some(0), Some(2)];

/// The most that one reservation asks for: several of them reach a limit.
const LARGEST: u32 = 1_500;

/// The main loop and two interrupts, each above the one before it, which reserve in the same
/// budgets, move what they hold, and give it back.
pub struct Budgets {
    main: User,
    deferred: User,
    tick: User,
    running: AtomicU32,
}

/// One level of urgency. Only that level writes to it.
struct User {
    random: Random,
    /// The bytes that this level has reserved through each budget.
    held: [AtomicU32; BUDGETS.len()],
    calls: AtomicU32,
    approved: AtomicU32,
    denied_here: AtomicU32,
    denied_above: AtomicU32,
    interrupted: AtomicU32,
    contended: AtomicU32,
}

/// The figures of a run, if the sums are right.
#[derive(Clone, Copy, Debug)]
pub struct BudgetSummary {
    /// Reservations, releases and transfers at all levels.
    pub calls: u32,
    /// Reservations and transfers that a limit denied: that of the budget which was asked.
    pub denied_here: u32,
    /// Likewise by an ancestor.
    pub denied_above: u32,
    /// Calls that were interrupted.
    pub interrupted: u32,
    /// Calls during which an interrupt reserved something.
    pub contended: u32,
    /// The most that was in use at once.
    pub peak: u64,
}

impl fmt::Display for BudgetSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "calls of budgets       {}", self.calls)?;
        writeln!(f, "  denied by its limit  {}", self.denied_here)?;
        writeln!(f, "  denied by one above  {}", self.denied_above)?;
        writeln!(f, "  interrupted          {}", self.interrupted)?;
        writeln!(f, "  ... and contended    {}", self.contended)?;
        write!(f, "peak of the host       {}", self.peak)
    }
}

impl Default for Budgets {
    fn default() -> Self {
        Self::new()
    }
}

impl Budgets {
    /// An exercise of the budgets above. There can be one only, as they are statics.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            main: User::new(0x9e37_79b9),
            deferred: User::new(0x2545_f491),
            tick: User::new(0x6c07_8965),
            running: AtomicU32::new(1),
        }
    }

    /// Whether interrupts are to take part.
    #[must_use]
    pub fn are_running(&self) -> bool {
        self.running.load(Relaxed) != 0
    }

    /// The interrupts are to do something else from now on. To be called from the main loop.
    pub fn end(&self) {
        self.running.store(0, Relaxed);
    }

    /// Calls that the main loop has made.
    #[must_use]
    pub fn main_calls(&self) -> u32 {
        self.main.calls.load(Relaxed)
    }

    /// One call of the main loop.
    ///
    /// # Panics
    /// If a reading is impossible.
    pub fn main_step(&self) {
        self.main.step(&[&self.deferred, &self.tick]);
    }

    /// The deferred interrupt: above the main loop, below the timer.
    ///
    /// # Panics
    /// If a reading is impossible.
    pub fn deferred(&self) {
        for _ in 0..3 {
            self.deferred.step(&[&self.tick]);
        }
    }

    /// The timer interrupt, above everything.
    ///
    /// # Panics
    /// If a reading is impossible.
    pub fn tick(&self) {
        self.tick.step(&[]);
    }

    /// Judges the budgets, and gives everything back. To be called after [`end`](Self::end).
    ///
    /// # Errors
    /// The first [`Disagreement`] between a budget and the sums, or the fact that something which
    /// the run is for never occurred.
    pub fn verdict(&self) -> Result<BudgetSummary, Disagreement> {
        let users = [&self.main, &self.deferred, &self.tick];
        let sum = |count: fn(&User) -> &AtomicU32| users.iter().map(|user| count(user).load(Relaxed)).sum();
        let mut expected = [0; BUDGETS.len()];
        for (index, budget) in BUDGETS.into_iter().enumerate() {
            let own: u32 = users.iter().map(|user| user.held[index].load(Relaxed)).sum();
            let mut counted_in = Some(index);
            while let Some(ancestor) = counted_in {
                expected[ancestor] += u64::from(own);
                counted_in = PARENTS[ancestor];
            }
            expect("a budget's peak above its limit", u64::from(budget.peak() > budget.limit()), 0)?;
        }
        for (budget, expected) in BUDGETS.into_iter().zip(expected) {
            expect("used() of a budget", budget.used(), expected)?;
        }
        let summary = BudgetSummary {
            calls: sum(|user| &user.calls),
            denied_here: sum(|user| &user.denied_here),
            denied_above: sum(|user| &user.denied_above),
            interrupted: sum(|user| &user.interrupted),
            contended: sum(|user| &user.contended),
            peak: HOST.peak(),
        };
        let denied = BUDGETS.iter().map(|budget| budget.denied()).sum();
        expect("denied() of all budgets", denied, u64::from(summary.denied_here + summary.denied_above))?;

        for (index, budget) in BUDGETS.into_iter().enumerate() {
            users.iter().for_each(|user| budget.release(user.held[index].load(Relaxed).into()));
        }
        expect("used() with everything given back", BUDGETS.iter().map(|budget| budget.used()).sum(), 0)?;

        let shown = [
            (summary.denied_here, "denial by the budget that was asked"),
            (summary.denied_above, "denial by an ancestor"),
            (self.main.interrupted.load(Relaxed), "interrupt within a call of the main loop"),
            (self.deferred.interrupted.load(Relaxed), "interrupt within an interrupt's call"),
            (summary.contended, "reservation of an interrupt within a call"),
        ];
        match shown.iter().find(|(count, _)| *count == 0) {
            Some((_, what)) => Err(Disagreement::NothingShown(what)),
            None => Ok(summary),
        }
    }
}

impl User {
    const fn new(seed: u32) -> Self {
        Self {
            random: Random::new(seed),
            held: [const { AtomicU32::new(0) }; BUDGETS.len()],
            calls: AtomicU32::new(0),
            approved: AtomicU32::new(0),
            denied_here: AtomicU32::new(0),
            denied_above: AtomicU32::new(0),
            interrupted: AtomicU32::new(0),
            contended: AtomicU32::new(0),
        }
    }

    /// Reserves, gives back, or moves a random number of bytes. `above` are the users that can
    /// interrupt this one.
    ///
    /// # Panics
    /// If a budget is above its limit, or a denial says something impossible.
    fn step(&self, above: &[&Self]) {
        let done = |count: fn(&Self) -> &AtomicU32| -> u32 {
            above.iter().map(|user| count(user).load(Relaxed)).sum()
        };
        let before = (done(|user| &user.calls), done(|user| &user.approved));
        match self.call() {
            Ok(()) => {}
            Err(OverBudget { level, used, limit, requested, .. }) => {
                assert!(used <= limit && used + requested > limit, "denied {requested} at {used} of {limit}");
                increment(if level == 0 { &self.denied_here } else { &self.denied_above });
            }
        }
        let after = (done(|user| &user.calls), done(|user| &user.approved));
        increment(&self.calls);
        if after.0 != before.0 {
            increment(&self.interrupted);
        }
        if after.1 != before.1 {
            increment(&self.contended);
        }
        for budget in BUDGETS {
            let (used, limit) = (budget.used(), budget.limit());
            assert!(used <= limit, "{used} in use, {limit} allowed");
        }
    }

    fn call(&self) -> Result<(), OverBudget> {
        let any = || self.random.below(BUDGETS.len() as u32) as usize;
        let (from, to) = (any(), any());
        let held = self.held[from].load(Relaxed);
        let part = self.random.below(held + 1);
        match self.random.below(8) {
            0..4 => {
                let bytes = self.random.below(LARGEST);
                BUDGETS[from].reserve(bytes.into())?;
                self.held[from].store(held + bytes, Relaxed);
                increment(&self.approved);
            }
            4..6 => {
                BUDGETS[from].release(part.into());
                self.held[from].store(held - part, Relaxed);
            }
            _ => {
                BUDGETS[from].transfer(BUDGETS[to], part.into())?;
                self.held[from].store(held - part, Relaxed);
                self.held[to].store(self.held[to].load(Relaxed) + part, Relaxed);
            }
        }
        Ok(())
    }
}
