//! The workloads: the records and their principals, the size of the ledger, the number of threads.

use std::fmt;

use highwater::MAX_PRINCIPALS;

/// The work of each call of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Records a value above the floor that does not raise the resident's peak.
    NotRaised,
    /// Raises the resident's peak.
    Raised,
    /// Reads a resident's peak.
    Read,
    /// Reads the peak of a principal that is not tracked.
    ReadAbsent,
    /// Records a newcomer at the floor, which is dropped.
    NewcomerBelow,
    /// Records a newcomer above the floor, which evicts the lowest.
    NewcomerAbove(Rise),
    /// Of 100 calls, 97 do not raise a resident, 2 raise one and 1 is a newcomer that evicts.
    Mix,
    /// Records distinct principals into an empty ledger; its construction is not timed.
    Fill,
    /// Constructs a ledger and drops it.
    Construct,
}

/// How the values of newcomers follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rise {
    /// By one WebAssembly page: the victim is always the oldest resident.
    Page,
    /// By one byte: bounds that are rounded cannot tell the residents apart.
    One,
    /// At random within as many pages as there are places, over a base that rises by a page.
    Random,
}

/// Whose peaks a workload about residents touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Residents {
    /// All calls of all threads name the same one.
    One,
    /// All in scattered order; each thread has its own share of them.
    All,
}

/// The hash function of all contenders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hashing {
    /// The hasher that each contender usually has.
    Usual,
    /// The same hash for every key.
    Colliding,
}

#[derive(Clone, Copy, Debug)]
pub struct Workload {
    pub pattern: Pattern,
    pub residents: Residents,
    pub capacity: usize,
    /// Characters of an id.
    pub id_length: usize,
    pub threads: usize,
    pub hashing: Hashing,
}

/// Newcomers that are dropped come round again after so many.
pub const DROPPED_NEWCOMERS: usize = 4096;
const USUAL_ID_LENGTH: usize = 20;

impl Workload {
    /// `pattern` on all residents of a ledger of the default capacity, by one thread.
    pub const fn of(pattern: Pattern) -> Self {
        Self {
            pattern,
            residents: Residents::All,
            capacity: MAX_PRINCIPALS,
            id_length: USUAL_ID_LENGTH,
            threads: 1,
            hashing: Hashing::Usual,
        }
    }

    /// How many principals take part.
    pub const fn principals(&self) -> usize {
        3 * self.capacity + DROPPED_NEWCOMERS
    }

    pub const fn on_one(self) -> Self {
        Self { residents: Residents::One, ..self }
    }

    pub const fn capacity(self, capacity: usize) -> Self {
        Self { capacity, ..self }
    }

    pub const fn id_length(self, id_length: usize) -> Self {
        Self { id_length, ..self }
    }

    pub const fn threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    pub const fn colliding(self) -> Self {
        Self { hashing: Hashing::Colliding, ..self }
    }
}

/// A path such as `newcomer-above/by-page/capacity-64`; what is as usual goes unsaid.
impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usual = Self::of(self.pattern);
        f.write_str(match self.pattern {
            Pattern::NotRaised => "not-raised",
            Pattern::Raised => "raised",
            Pattern::Read => "read",
            Pattern::ReadAbsent => "read-absent",
            Pattern::NewcomerBelow => "newcomer-below",
            Pattern::NewcomerAbove(Rise::Page) => "newcomer-above/by-page",
            Pattern::NewcomerAbove(Rise::One) => "newcomer-above/by-one",
            Pattern::NewcomerAbove(Rise::Random) => "newcomer-above/random",
            Pattern::Mix => "mix",
            Pattern::Fill => "fill",
            Pattern::Construct => "construct",
        })?;
        if matches!(self.pattern, Pattern::NotRaised | Pattern::Raised | Pattern::Read) {
            f.write_str(match self.residents {
                Residents::One => "/one",
                Residents::All => "/random",
            })?;
        }
        if self.hashing == Hashing::Colliding {
            f.write_str("/colliding")?;
        }
        if self.capacity != usual.capacity || self.hashing == Hashing::Colliding {
            write!(f, "/capacity-{}", self.capacity)?;
        }
        if self.id_length != usual.id_length {
            write!(f, "/id-{}", self.id_length)?;
        }
        if self.threads != usual.threads {
            write!(f, "/threads-{}", self.threads)?;
        }
        Ok(())
    }
}

pub const NOT_RAISED: Workload = Workload::of(Pattern::NotRaised);
pub const RAISED: Workload = Workload::of(Pattern::Raised);
pub const READ: Workload = Workload::of(Pattern::Read);
pub const NEWCOMER_BELOW: Workload = Workload::of(Pattern::NewcomerBelow);
pub const NEWCOMER_BY_PAGE: Workload = Workload::of(Pattern::NewcomerAbove(Rise::Page));
pub const NEWCOMER_BY_ONE: Workload = Workload::of(Pattern::NewcomerAbove(Rise::One));
pub const NEWCOMER_RANDOM: Workload = Workload::of(Pattern::NewcomerAbove(Rise::Random));
pub const MIX: Workload = Workload::of(Pattern::Mix);
pub const FILL: Workload = Workload::of(Pattern::Fill);

/// Measured for both kinds of key.
pub const COMMON: &[Workload] = &[
    NOT_RAISED,
    NOT_RAISED.on_one(),
    RAISED,
    RAISED.on_one(),
    READ,
    Workload::of(Pattern::ReadAbsent),
    NEWCOMER_BELOW,
    NEWCOMER_BY_PAGE,
    NEWCOMER_BY_ONE,
    NEWCOMER_RANDOM,
    MIX,
    FILL,
    NOT_RAISED.on_one().threads(2),
    MIX.threads(2),
    NOT_RAISED.id_length(8),
    NOT_RAISED.id_length(64),
];

/// Measured for inline keys alone: what varies here has little to do with the kind of key.
pub const INLINE_ONLY: &[Workload] = &[
    Workload::of(Pattern::Construct),
    NOT_RAISED.on_one().threads(4),
    NOT_RAISED.threads(2),
    NOT_RAISED.threads(4),
    RAISED.on_one().threads(2),
    RAISED.on_one().threads(4),
    RAISED.threads(2),
    RAISED.threads(4),
    READ.threads(2),
    READ.threads(4),
    NEWCOMER_BELOW.threads(2),
    NEWCOMER_BELOW.threads(4),
    NEWCOMER_BY_PAGE.threads(2),
    NEWCOMER_BY_PAGE.threads(4),
    MIX.threads(4),
    NOT_RAISED.capacity(64),
    NOT_RAISED.capacity(LARGE),
    NOT_RAISED.capacity(HUGE),
    NEWCOMER_BY_PAGE.capacity(64),
    NEWCOMER_BY_PAGE.capacity(LARGE),
    NEWCOMER_BY_PAGE.capacity(HUGE),
    NEWCOMER_BELOW.capacity(64),
    FILL.capacity(64),
    FILL.capacity(LARGE),
    MIX.capacity(64),
    MIX.capacity(LARGE),
    Workload::of(Pattern::Construct).capacity(HUGE),
    NOT_RAISED.on_one().id_length(8),
    NOT_RAISED.on_one().id_length(64),
    NEWCOMER_BY_PAGE.id_length(8),
    NEWCOMER_BY_PAGE.id_length(64),
    NOT_RAISED.colliding().capacity(64),
    NOT_RAISED.colliding().capacity(512),
    NOT_RAISED.colliding().capacity(4096),
    NEWCOMER_BY_PAGE.colliding().capacity(64),
    NEWCOMER_BY_PAGE.colliding().capacity(512),
    NEWCOMER_BY_PAGE.colliding().capacity(4096),
];

const LARGE: usize = 65_536;
pub const HUGE: usize = 1_048_576;
