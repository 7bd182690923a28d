//! One level of urgency that records: the main loop or one of the interrupts.

use core::ops::Range;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use highwater::Recorded;

use crate::random::Random;
use crate::{Ledger, PRINCIPALS, principal};

/// By how much the values rise with each call of the main loop, so that admissions never cease.
/// Millions of calls stay below the 2^31 - 1 at which peaks saturate on a 32-bit processor.
const RISE: u32 = 8;

/// The width of the band above the rising base from which values are drawn: some hundred calls'
/// worth, so that residents, newcomers and dropped newcomers all occur.
const BAND: u32 = 4096;

/// `record_peak`, and `peak` and `untracked_at_most` to read it back.
pub(crate) const CALLS_PER_RECORD: u32 = 3;

/// The calls of one level of urgency. Only that level writes to it, so loads and stores
/// suffice; other levels and the oracle read it.
pub struct Caller {
    principals: Range<u16>,
    random: Random,
    maxima: [AtomicU32; PRINCIPALS],
    records: AtomicU32,
    admissions: AtomicU32,
    refusals: AtomicU32,
    interrupted_admissions: AtomicU32,
    contended_admissions: AtomicU32,
    met_admissions: AtomicU32,
    progress: AtomicU32,
    /// The principal of the call that is under way, counted from 1, and its value; 0 between calls.
    in_flight: [AtomicU32; 2],
    /// Whether a more urgent level met the newcomer of the call that is under way.
    met: AtomicU32,
}

impl Caller {
    /// A caller that draws from `principals` with the random sequence of `seed`, which is not 0.
    #[must_use]
    pub const fn new(principals: Range<u16>, seed: u32) -> Self {
        assert!(principals.start < principals.end);
        assert!(principals.end as usize <= PRINCIPALS);
        Self {
            principals,
            random: Random::new(seed),
            maxima: [const { AtomicU32::new(0) }; PRINCIPALS],
            records: AtomicU32::new(0),
            admissions: AtomicU32::new(0),
            refusals: AtomicU32::new(0),
            interrupted_admissions: AtomicU32::new(0),
            contended_admissions: AtomicU32::new(0),
            met_admissions: AtomicU32::new(0),
            progress: AtomicU32::new(0),
            in_flight: [const { AtomicU32::new(0) }; 2],
            met: AtomicU32::new(0),
        }
    }

    /// Records one random value for one random principal and reads it back, as `record_for` does.
    pub(crate) fn record(&self, ledger: &Ledger, now: u32, above: &Interruptions<'_>) {
        self.record_for(self.draw_principal(), ledger, now, above);
    }

    /// Records one random value for a principal and reads it back. `now` is the number of calls
    /// that the main loop has made; `above` are the callers that can interrupt this one.
    ///
    /// # Panics
    /// If what it reads contradicts what it has just recorded.
    pub(crate) fn record_for(&self, number: u16, ledger: &Ledger, now: u32, above: &Interruptions<'_>) {
        let value = now * RISE + 1 + self.random.below(BAND);
        let id = principal(number);

        // The maximum is noted before the call: an oracle that looks on must not find the ledger
        // ahead of it.
        let known = &self.maxima[usize::from(number)];
        known.store(known.load(Relaxed).max(value), Relaxed);

        let [in_flight, its_value] = &self.in_flight;
        self.met.store(0, Relaxed);
        its_value.store(value, Relaxed);
        in_flight.store(u32::from(number) + 1, Relaxed);
        let before = above.count();
        let outcome = ledger.record_peak(&id, u64::from(value));
        let after = above.count();
        in_flight.store(0, Relaxed);

        increment(&self.records);
        match outcome {
            Recorded::Admitted => {
                increment(&self.admissions);
                if after.interrupts != before.interrupts {
                    increment(&self.interrupted_admissions);
                }
                if after.admissions != before.admissions {
                    increment(&self.contended_admissions);
                }
                if self.met.load(Relaxed) != 0 {
                    increment(&self.met_admissions);
                }
            }
            Recorded::Refused => increment(&self.refusals),
            _ => {}
        }

        // The peak first: a principal that is evicted between the two reads raises the bound
        // above its peak, never the other way round.
        let peak = ledger.peak(&id);
        let bound = ledger.untracked_at_most();
        assert!(
            peak >= u64::from(value) || bound >= u64::from(value),
            "recorded {value} for principal {number}, then read {peak} under a bound of {bound}",
        );
        self.completed_call();
    }

    /// Notes if the call that is under way has a newcomer in the ledger already: installed, perhaps
    /// finished by the call that looks, and not come back. To be called from a more urgent level.
    pub(crate) fn meet(&self, ledger: &Ledger) {
        let [in_flight, its_value] = &self.in_flight;
        let number = match in_flight.load(Relaxed) {
            0 => return,
            counted => u16::try_from(counted - 1).expect("a principal's number"),
        };
        if ledger.peak(&principal(number)) == u64::from(its_value.load(Relaxed)) {
            self.met.store(1, Relaxed);
        }
    }

    /// Notes that a call has come back, for the watchdog.
    pub(crate) fn completed_call(&self) {
        increment(&self.progress);
    }

    /// A number that changes whenever a call comes back.
    pub(crate) fn progress(&self) -> u32 {
        self.progress.load(Relaxed)
    }

    /// The largest value that this caller has given to a principal, 0 for none.
    pub(crate) fn maximum(&self, number: usize) -> u32 {
        self.maxima[number].load(Relaxed)
    }

    /// Calls of `record_peak`.
    #[must_use]
    pub fn records(&self) -> u32 {
        self.records.load(Relaxed)
    }

    /// Calls that admitted a newcomer.
    #[must_use]
    pub fn admissions(&self) -> u32 {
        self.admissions.load(Relaxed)
    }

    /// Calls that were refused for want of a free slot.
    #[must_use]
    pub fn refusals(&self) -> u32 {
        self.refusals.load(Relaxed)
    }

    /// Calls that admitted a newcomer and were interrupted on the way.
    #[must_use]
    pub fn interrupted_admissions(&self) -> u32 {
        self.interrupted_admissions.load(Relaxed)
    }

    /// Calls that admitted a newcomer although an interrupt admitted one of its own on the way.
    #[must_use]
    pub fn contended_admissions(&self) -> u32 {
        self.contended_admissions.load(Relaxed)
    }

    /// Calls that admitted a newcomer, which an interrupt met in the ledger before the call was
    /// over.
    #[must_use]
    pub fn met_admissions(&self) -> u32 {
        self.met_admissions.load(Relaxed)
    }

    /// Every other draw is one of a few favourites at the start of the range, which stay resident
    /// and are raised; the rest come and go.
    fn draw_principal(&self) -> u16 {
        let Range { start, end } = self.principals;
        let span = u32::from(end - start);
        let offset = match self.random.below(2) {
            0 => self.random.below(span / 8),
            _ => self.random.below(span),
        };
        start + u16::try_from(offset).expect("an offset within a range of u16")
    }
}

/// The interrupts that could come between the start and the end of a caller's call.
pub(crate) struct Interruptions<'a> {
    pub(crate) interrupts: &'a AtomicU32,
    pub(crate) callers: &'a [&'a Caller],
}

#[derive(Clone, Copy)]
pub(crate) struct InterruptionCount {
    interrupts: u32,
    admissions: u32,
}

impl Interruptions<'_> {
    fn count(&self) -> InterruptionCount {
        InterruptionCount {
            interrupts: self.interrupts.load(Relaxed),
            admissions: self.callers.iter().map(|caller| caller.admissions()).sum(),
        }
    }
}

/// Adds one to a counter that only its caller writes.
pub(crate) fn increment(counter: &AtomicU32) {
    counter.store(counter.load(Relaxed).wrapping_add(1), Relaxed);
}
