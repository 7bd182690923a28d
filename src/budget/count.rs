//! The count and the limit of one budget, without its ancestors.

use crate::sync::{AtomicWord, Ordering, Word, const_fn, widen};

/// Bits of the version, above the bytes. 32 bits leave few to spare: 4 of them let a budget count
/// to 256 MiB, which is more than the memory of processors without 64-bit atomics.
const VERSION_BITS: u32 = if Word::BITS == 64 { 16 } else { 4 };

/// The most bytes that a budget can count.
pub(super) const MOST: Word = Word::MAX >> VERSION_BITS;

/// The word that decides: the bytes in use and, above them, the *version*, which every new limit
/// changes. A reservation that was computed from an older limit expects an older version, so its
/// `compare_exchange` fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Count(Word);

impl Count {
    /// Added for the next version. The version wraps by itself, as it has the topmost bits.
    const NEXT_VERSION: Word = MOST + 1;

    fn used(self) -> Word {
        self.0 & MOST
    }

    /// The same version with this many bytes, which are at most [`MOST`].
    fn with_used(self, used: Word) -> Self {
        debug_assert!(used <= MOST);
        Self(self.0 & !MOST | used)
    }
}

/// How far a request is over a limit: the bytes in use and the limit that denied it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Over {
    pub(super) used: Word,
    pub(super) limit: Word,
}

/// Whether the limit has a say in an addition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Demand {
    /// Bytes that are asked for.
    WithinLimit,
    /// Bytes that are in use already, whatever the limit says. Only [`MOST`] bounds them.
    Regardless,
}

/// One budget's count, its limit, and its statistics.
pub(super) struct Level {
    count: AtomicWord,
    limit: AtomicWord,
    peak: AtomicWord,
    denied: AtomicWord,
}

impl Level {
    const_fn! {
        /// Nothing in use, at most `limit` bytes; a limit above [`MOST`] is `MOST`.
        pub(super) fn new(limit: u64) -> Self {
            Self {
                count: AtomicWord::new(0),
                limit: AtomicWord::new(saturate(limit)),
                peak: AtomicWord::new(0),
                denied: AtomicWord::new(0),
            }
        }
    }

    /// Whether `bytes` more would be within the limit now. Changes nothing.
    #[inline]
    pub(super) fn check(&self, bytes: u64) -> Result<(), Over> {
        self.admit(self.look(), bytes, Demand::WithinLimit).map(|_| ())
    }

    /// Adds `bytes` if the limit allows it, or has no say. Returns the bytes in use with them.
    #[inline]
    pub(super) fn add(&self, bytes: u64, demand: Demand) -> Result<Word, Over> {
        let mut seen = self.look();
        loop {
            let sum = self.admit(seen, bytes, demand)?;
            match self.replace(seen, sum) {
                Ok(()) => return Ok(sum.used()),
                Err(now) => seen = now,
            }
        }
    }

    /// Takes `bytes` off, or all that is in use if that is less. Returns how many were taken off.
    #[inline]
    pub(super) fn subtract(&self, bytes: u64) -> u64 {
        let mut seen = self.look();
        loop {
            let taken = seen.used().min(saturate(bytes));
            match self.replace(seen, seen.with_used(seen.used() - taken)) {
                Ok(()) => return widen(taken),
                Err(now) => seen = now,
            }
        }
    }

    /// The count with `bytes` more, if the limit of the version seen, or a newer limit, allows it.
    #[inline]
    fn admit(&self, seen: Count, bytes: u64, demand: Demand) -> Result<Count, Over> {
        let limit = match demand {
            // Relaxed: the look at the count has acquired every limit stored before its version.
            Demand::WithinLimit => self.limit.load(Ordering::Relaxed),
            Demand::Regardless => MOST,
        };
        let used = seen.used();
        if bytes > widen(limit.saturating_sub(used)) {
            return Err(Over { used, limit });
        }
        Ok(seen.with_used(used + saturate(bytes)))
    }

    #[inline]
    fn look(&self) -> Count {
        // Acquire: pairs with the new version in `set_limit`, so that a limit at least as new is
        // read next.
        Count(self.count.load(Ordering::Acquire))
    }

    #[inline]
    fn replace(&self, seen: Count, new: Count) -> Result<(), Count> {
        // AcqRel: a reservation that takes bytes given back happens after they were given back.
        // Acquire on failure: as in `look`.
        self.count
            .compare_exchange(seen.0, new.0, Ordering::AcqRel, Ordering::Acquire)
            .map(|_| ())
            .map_err(Count)
    }

    /// Once it has returned, no bytes are added by an older limit.
    pub(super) fn set_limit(&self, limit: u64) {
        // Relaxed: published by the new version.
        self.limit.store(saturate(limit), Ordering::Relaxed);
        // Release: pairs with `look`. An update, so that an addition computed from an older limit
        // fails.
        self.count.fetch_add(Count::NEXT_VERSION, Ordering::Release);
    }

    /// Notes that this much was in use.
    #[inline]
    pub(super) fn raise_peak(&self, used: Word) {
        // Relaxed, both: the number alone counts. It only grows, so an old value is too low, never
        // too high.
        if used > self.peak.load(Ordering::Relaxed) {
            self.peak.fetch_max(used, Ordering::Relaxed);
        }
    }

    pub(super) fn count_denial(&self) {
        // Relaxed: the number alone counts.
        self.denied.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn used(&self) -> u64 {
        widen(self.look().used())
    }

    pub(super) fn limit(&self) -> u64 {
        // Relaxed: a number to show.
        widen(self.limit.load(Ordering::Relaxed))
    }

    pub(super) fn peak(&self) -> u64 {
        // Relaxed: a number to show.
        widen(self.peak.load(Ordering::Relaxed))
    }

    pub(super) fn denied(&self) -> u64 {
        // Relaxed: a number to show.
        widen(self.denied.load(Ordering::Relaxed))
    }
}

/// Clamps a number of bytes to the most that can be counted.
#[inline]
#[allow(clippy::unnecessary_cast)] // A word is a `u64` on some targets and a `u32` on others.
const fn saturate(bytes: u64) -> Word {
    // The comparison makes the narrowing exact.
    if bytes > MOST as u64 { MOST } else { bytes as Word }
}
