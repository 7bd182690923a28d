//! Catches a call that waits: it never comes back, however many interrupts return to it.

use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::Caller;

/// How many ticks one call may see. A call costs a few thousand instructions at most and a tick
/// comes every few thousand, so a call that sees this many is not slow but stuck.
const PATIENCE: u32 = 200;

/// Watches one caller from an interrupt that it cannot hold up.
pub(crate) struct Watchdog {
    seen: AtomicU32,
    ticks: AtomicU32,
    longest: AtomicU32,
}

/// A call has been interrupted [`Stuck::ticks`] times and still has not come back.
#[derive(Clone, Copy, Debug)]
pub struct Stuck {
    /// Which caller is stuck.
    pub caller: &'static str,
    /// How many ticks its call has seen.
    pub ticks: u32,
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { caller, ticks } = self;
        write!(f, "a call of the {caller} waits: not back after {ticks} ticks")
    }
}

impl Watchdog {
    pub(crate) const fn new() -> Self {
        Self { seen: AtomicU32::new(0), ticks: AtomicU32::new(0), longest: AtomicU32::new(0) }
    }

    /// One tick has passed. To be called while the caller is inside a call.
    pub(crate) fn tick(&self, caller: &Caller, name: &'static str) -> Result<(), Stuck> {
        let progress = caller.progress();
        let ticks = if progress == self.seen.load(Relaxed) { self.ticks.load(Relaxed) + 1 } else { 0 };
        self.seen.store(progress, Relaxed);
        self.ticks.store(ticks, Relaxed);
        self.longest.store(self.longest.load(Relaxed).max(ticks), Relaxed);
        if ticks > PATIENCE { Err(Stuck { caller: name, ticks }) } else { Ok(()) }
    }

    /// The largest number of ticks after the first that one call has seen.
    pub(crate) fn longest(&self) -> u32 {
        self.longest.load(Relaxed)
    }
}
