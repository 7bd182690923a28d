//! What was recorded in each window, kept the simple way.
//!
//! The main loop may be interrupted between its record and its note of it. So it announces a record
//! first, and a window may hold the value that is announced. A record during which windows ended
//! may be in any of these.

use core::{
    fmt,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

pub const KEYS: usize = 100;
/// More windows than the ledger keeps, and than can end during one record.
const RING: usize = 64;

struct Noted {
    /// The highest value that is in this window for certain.
    certain: AtomicU64,
    /// The highest value that may be in it.
    possible: AtomicU64,
}

static NOTES: [[Noted; KEYS]; RING] =
    [const { [const { Noted { certain: AtomicU64::new(0), possible: AtomicU64::new(0) } }; KEYS] }; RING];
/// The record that the main loop is in, or has not noted yet.
static KEY: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

fn notes(window: u64) -> &'static [Noted; KEYS] {
    &NOTES[window as usize % RING]
}

/// Makes room for the notes of a window that is about to begin.
pub fn begin(window: u64) {
    for noted in notes(window) {
        noted.certain.store(0, Relaxed);
        noted.possible.store(0, Relaxed);
    }
}

pub fn announce(key: u64, bytes: u64) {
    KEY.store(key, Relaxed);
    BYTES.store(bytes, Relaxed);
}

pub fn is_announced() -> bool {
    BYTES.load(Relaxed) > 0
}

/// Notes a record that began in one window and ended in another, or in the same one.
pub fn note(key: u64, bytes: u64, first: u64, last: u64) {
    for window in first..=last {
        let noted = &notes(window)[key as usize];
        noted.possible.fetch_max(bytes, Relaxed);
        if first == last {
            noted.certain.fetch_max(bytes, Relaxed);
        }
    }
}

pub fn noted() {
    BYTES.store(0, Relaxed);
}

/// Why a window that has ended is wrong.
pub enum Wrong {
    /// The window holds a value of a principal that was never recorded in it.
    Invented { key: u64, bytes: u64 },
    /// The window holds less than what was recorded, or nothing, above its certificate.
    Lost { key: u64, recorded: u64, held: u64, certificate: u64 },
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invented { key, bytes } => write!(f, "{key} never recorded {bytes} bytes in it"),
            Self::Lost { key, recorded, held, certificate } => {
                write!(f, "{key} recorded {recorded} bytes, {held} are held, {certificate} certified")
            }
        }
    }
}

/// Compares a window that has just ended. `held` tells what it holds of a key.
pub fn compare(window: u64, certificate: u64, held: impl Fn(u64) -> u64) -> Result<(), Wrong> {
    for key in 0..KEYS as u64 {
        let noted = &notes(window)[key as usize];
        let (certain, mut possible) = (noted.certain.load(Relaxed), noted.possible.load(Relaxed));
        if KEY.load(Relaxed) == key {
            possible = possible.max(BYTES.load(Relaxed));
        }
        let bytes = held(key);
        if bytes > possible {
            return Err(Wrong::Invented { key, bytes });
        }
        if certain > certificate.max(bytes) {
            return Err(Wrong::Lost { key, recorded: certain, held: bytes, certificate });
        }
    }
    Ok(())
}
