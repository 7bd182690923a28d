//! Three levels of urgency on one ledger.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::caller::{CALLS_PER_RECORD, Interruptions, increment};
use crate::oracle::{Disagreement, Summary, compare, expect};
use crate::watchdog::{Stuck, Watchdog};
use crate::{Caller, Ledger, PLACES, number, principal};

/// How often the main loop reads the whole ledger: once in so many calls.
const READ_ALL_EVERY: u32 = 512;

/// How often the timer interrupt raises the lowest resident instead of one drawn at random, and how
/// often it has the deferred interrupt follow, in ticks.
const AIM_EVERY: u32 = 4;
const DEFERRED_EVERY: u32 = 3;

/// The main loop, a deferred interrupt that can be interrupted itself, and the timer interrupt,
/// each recording into the same ledger for principals that partly overlap.
pub struct Exercise {
    ledger: &'static Ledger,
    main: Caller,
    deferred: Caller,
    tick: Caller,
    in_deferred: AtomicU32,
    ticks: AtomicU32,
    main_watchdog: Watchdog,
    deferred_watchdog: Watchdog,
}

impl Exercise {
    /// An exercise of this ledger. No other code writes to it.
    #[must_use]
    pub const fn new(ledger: &'static Ledger) -> Self {
        Self {
            ledger,
            main: Caller::new(0..224, 0x9e37_79b9),
            deferred: Caller::new(96..272, 0x2545_f491),
            tick: Caller::new(160..320, 0x6c07_8965),
            in_deferred: AtomicU32::new(0),
            ticks: AtomicU32::new(0),
            main_watchdog: Watchdog::new(),
            deferred_watchdog: Watchdog::new(),
        }
    }

    /// Calls of `record_peak` that the main loop has made.
    #[must_use]
    pub fn main_records(&self) -> u32 {
        self.main.records()
    }

    /// One round of the main loop, at the lowest urgency: records, and reads everything now and
    /// then.
    ///
    /// # Panics
    /// If a reading is impossible.
    pub fn main_step(&self) {
        let above = [&self.deferred, &self.tick];
        let now = self.main.records();
        let above = Interruptions { interrupts: &self.ticks, callers: &above };
        self.main.record(self.ledger, now, &above);
        if now.is_multiple_of(READ_ALL_EVERY) {
            self.read_all();
        }
    }

    /// The deferred interrupt: above the main loop, below the timer.
    ///
    /// # Panics
    /// If a reading is impossible.
    pub fn deferred(&self) {
        self.in_deferred.store(1, Relaxed);
        let above = [&self.tick];
        let above = Interruptions { interrupts: &self.ticks, callers: &above };
        for _ in 0..3 {
            self.deferred.record(self.ledger, self.main.records(), &above);
        }
        self.in_deferred.store(0, Relaxed);
    }

    /// The timer interrupt, above everything. Returns whether the deferred interrupt is to follow.
    ///
    /// # Errors
    /// [`Stuck`] if a call at a lower level waits for something.
    ///
    /// # Panics
    /// If a reading is impossible.
    pub fn tick(&self) -> Result<bool, Stuck> {
        increment(&self.ticks);
        let turn = self.ticks.load(Relaxed);
        if self.in_deferred.load(Relaxed) == 1 {
            self.deferred_watchdog.tick(&self.deferred, "deferred interrupt")?;
        } else {
            self.main_watchdog.tick(&self.main, "main loop")?;
        }
        let above = Interruptions { interrupts: &self.ticks, callers: &[] };
        let now = self.main.records();
        // The key that an interrupted admission is about to evict is the one to raise.
        let victim = if turn.is_multiple_of(AIM_EVERY) { self.lowest_resident() } else { None };
        match victim {
            Some(victim) => self.tick.record_for(victim, self.ledger, now, &above),
            None => self.tick.record(self.ledger, now, &above),
        }
        // Last: reading finishes what the calls below have left half done.
        self.main.meet(self.ledger);
        self.deferred.meet(self.ledger);
        Ok(turn.is_multiple_of(DEFERRED_EVERY))
    }

    /// Judges the ledger. To be called when the interrupts are off.
    ///
    /// # Errors
    /// The first [`Disagreement`] between the ledger and the oracle, or the fact that something
    /// which the run is for never occurred.
    pub fn verdict(&self) -> Result<Summary, Disagreement> {
        let callers = [&self.main, &self.deferred, &self.tick];
        let sum = |count: fn(&Caller) -> u32| callers.iter().map(|caller| count(caller)).sum::<u32>();
        compare(self.ledger, |principal| {
            callers.iter().map(|caller| caller.maximum(principal.into())).max().unwrap_or(0).into()
        })?;

        let admissions = sum(Caller::admissions);
        let admitted_into_free_places = self.ledger.len() as u64;
        let expected = u64::from(admissions) - admitted_into_free_places;
        expect("evictions()", self.ledger.evictions(), expected)?;
        // Three levels hold at most three slots pending; a ledger of 64 places has more to spare.
        expect("refused()", self.ledger.refused(), 0)?;
        expect("calls refused", sum(Caller::refusals).into(), 0)?;

        let records = sum(Caller::records);
        let summary = Summary {
            calls: records * CALLS_PER_RECORD,
            records,
            admissions,
            evictions: self.ledger.evictions(),
            interrupts: self.ticks.load(Relaxed),
            interrupted_admissions: sum(Caller::interrupted_admissions),
            contended_admissions: sum(Caller::contended_admissions),
            met_admissions: sum(Caller::met_admissions),
            longest_call: self.main_watchdog.longest().max(self.deferred_watchdog.longest()),
            floor: self.ledger.floor(),
        };
        let shown = [
            (summary.interrupts, "timer interrupt"),
            (self.deferred.records(), "deferred interrupt"),
            (self.main.interrupted_admissions(), "interrupt within an admission of the main loop"),
            (self.deferred.interrupted_admissions(), "interrupt within an interrupt's admission"),
            (summary.contended_admissions, "admission of an interrupt within another admission"),
            (self.main.met_admissions(), "installed newcomer of the main loop met by an interrupt"),
            (self.deferred.met_admissions(), "installed newcomer of an interrupt met by another"),
        ];
        match shown.iter().find(|(count, _)| *count == 0) {
            Some((_, what)) => Err(Disagreement::NothingShown(what)),
            None => Ok(summary),
        }
    }

    /// The resident with the lowest peak. To be called at the highest urgency, where nothing comes
    /// between: all residents must be there, whatever the calls below have left half done.
    ///
    /// # Panics
    /// If some are missing.
    fn lowest_resident(&self) -> Option<u16> {
        let (mut residents, mut lowest) = (0, None);
        let complete = self.ledger.for_each(|key, peak| {
            residents += 1;
            if lowest.is_none_or(|(_, other)| peak < other) {
                lowest = Some((key, peak));
            }
        });
        let len = self.ledger.len();
        assert!(complete && residents == len, "{residents} residents, but len() is {len}");
        lowest.and_then(|(key, _)| number(&key))
    }

    /// Reads the whole ledger while interrupts change it.
    fn read_all(&self) {
        let floor = self.ledger.floor();
        let mut entries = [(principal(0), 0); PLACES + 1];
        let read = self.ledger.top_into(&mut entries);
        self.main.completed_call();
        assert!(read.len() <= PLACES, "{} entries in {PLACES} places", read.len());
        assert!(self.ledger.len() <= PLACES);
        for (key, peak) in read {
            assert!(number(key).is_some(), "a key that was never recorded: {key:x?}");
            assert!(*peak >= floor, "a resident at {peak} below the floor of {floor}");
        }
        assert!(self.ledger.floor() >= floor, "the floor fell");
        self.main.completed_call();
    }
}
