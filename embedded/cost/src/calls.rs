//! The calls that are measured, and the states of the ledger in which they are made.

use core::hint::black_box;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use highwater::{Recorded, StaticLedger};

/// A principal, as an embedded host would name it: sixteen bytes.
type Principal = [u8; 16];

/// How many principals the ledger keeps.
pub const PLACES: usize = 64;

static LEDGER: StaticLedger<Principal, PLACES> = StaticLedger::new();

/// A call and what becomes of it.
pub struct Call {
    pub name: &'static str,
    /// Brings about what the call is to meet.
    pub prepare: fn(),
    pub make: fn() -> Option<Recorded>,
    /// The same without the ledger.
    pub besides: fn() -> Option<Recorded>,
    pub outcome: Option<Recorded>,
}

/// All of them, for a ledger that is full.
pub const CALLS: [Call; 9] = [
    record("record_peak at the floor", at_the_floor, Recorded::Unchanged),
    record("record_peak, not raised", as_high_as_known, Recorded::Unchanged),
    record("record_peak, raised", higher_than_known, Recorded::Raised),
    record("record_peak, dropped", newcomer_too_low, Recorded::Dropped),
    record("record_peak, admitted", newcomer, Recorded::Admitted),
    read("peak of a resident", as_high_as_known, read_peak, no_ledger),
    read("peak of an absent key", newcomer, read_peak, no_ledger),
    read("len", newcomer, read_len, || None),
    read("top_into, 8 entries", newcomer, read_top, || None),
];

/// The principal of the call to come, and the bytes that it records.
static PRINCIPAL: AtomicU32 = AtomicU32::new(0);
static BYTES: AtomicU32 = AtomicU32::new(0);
/// The last newcomer, and the largest value so far.
static NEWCOMERS: AtomicU32 = AtomicU32::new(0);
static HIGHEST: AtomicU32 = AtomicU32::new(0);

const fn record(name: &'static str, prepare: fn(), outcome: Recorded) -> Call {
    Call { name, prepare, make: record_peak, besides: no_ledger, outcome: Some(outcome) }
}

const fn read(
    name: &'static str,
    prepare: fn(),
    make: fn() -> Option<Recorded>,
    besides: fn() -> Option<Recorded>,
) -> Call {
    Call { name, prepare, make, besides, outcome: None }
}

/// Takes all places.
pub fn fill() {
    while LEDGER.len() < PLACES {
        newcomer();
        record_peak();
    }
}

/// Makes the key, and no call.
fn no_ledger() -> Option<Recorded> {
    black_box((principal(), bytes()));
    None
}

fn record_peak() -> Option<Recorded> {
    Some(LEDGER.record_peak(&principal(), bytes().into()))
}

fn read_peak() -> Option<Recorded> {
    black_box(LEDGER.peak(&principal()));
    None
}

fn read_len() -> Option<Recorded> {
    black_box(LEDGER.len());
    None
}

fn read_top() -> Option<Recorded> {
    let mut top = [([0; 16], 0); 8];
    black_box(LEDGER.top_into(&mut top));
    black_box(&mut top);
    None
}

fn at_the_floor() {
    BYTES.store(LEDGER.floor() as u32, Relaxed);
}

/// One resident after the other, in the order of their slots.
fn as_high_as_known() {
    static TURN: AtomicU32 = AtomicU32::new(0);
    let turn = TURN.load(Relaxed) % PLACES as u32;
    TURN.store(turn + 1, Relaxed);
    let mut place = 0;
    LEDGER.for_each(|id, peak| {
        if place == turn {
            PRINCIPAL.store(number(&id), Relaxed);
            BYTES.store(peak as u32, Relaxed);
        }
        place += 1;
    });
}

fn higher_than_known() {
    as_high_as_known();
    BYTES.store(higher(), Relaxed);
}

fn newcomer() {
    NEWCOMERS.store(NEWCOMERS.load(Relaxed) + 1, Relaxed);
    PRINCIPAL.store(NEWCOMERS.load(Relaxed), Relaxed);
    BYTES.store(higher(), Relaxed);
}

/// Above the floor, which does not know yet that the lowest resident has grown, and below that one.
fn newcomer_too_low() {
    let mut lowest = ([0; 16], u64::MAX);
    LEDGER.for_each(|id, peak| {
        if peak < lowest.1 {
            lowest = (id, peak);
        }
    });
    LEDGER.record_peak(&lowest.0, higher().into());
    newcomer();
    BYTES.store(LEDGER.floor() as u32 + 1, Relaxed);
}

/// A value above all others, two steps above the last.
fn higher() -> u32 {
    let bytes = HIGHEST.load(Relaxed) + 2;
    HIGHEST.store(bytes, Relaxed);
    bytes
}

fn bytes() -> u32 {
    BYTES.load(Relaxed)
}

/// The principal that the call is about.
#[inline(never)]
fn principal() -> Principal {
    let mut id = *b"principal/No....";
    id[12..].copy_from_slice(&PRINCIPAL.load(Relaxed).to_be_bytes());
    id
}

fn number(id: &Principal) -> u32 {
    u32::from_be_bytes([id[12], id[13], id[14], id[15]])
}
