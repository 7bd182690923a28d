//! The turns of the principals, with their guests and the results that must come of them.

use highwater::Denial;

/// The bytes of a WebAssembly page.
pub const PAGE: usize = 64 * 1024;

/// One principal's turn on one guest.
pub struct Turn {
    pub principal: &'static str,
    pub guest: usize,
    /// By how many pages the guest is to grow.
    pub asks: i32,
    /// The pages that the guest's memory has afterwards, or -1 if it could not grow.
    pub answer: i32,
    /// The pages by which the memory grew in this turn.
    pub own: usize,
    /// Why a growth of this turn did not take place.
    pub denial: Option<Denial>,
}

/// The guests' modules by the numbers that turns name them by.
pub const GUESTS: [(&str, &[u8]); 2] = [
    ("buffer", include_bytes!(concat!(env!("OUT_DIR"), "/buffer.wasm"))),
    ("journal", include_bytes!(concat!(env!("OUT_DIR"), "/journal.wasm"))),
];

/// All turns in order. The heap has room for the memories that the early ones ask for; growing the
/// buffer to nine pages is within every limit, but there is no heap for it.
pub const TURNS: [Turn; 7] = [
    turn("sensor", 0, 1, 2, 1, None),
    turn("radio", 1, 2, 3, 2, None),
    turn("display", 0, 1, 3, 1, None),
    turn("update", 0, 6, -1, 0, Some(Denial::FailedByEngine)),
    turn("sensor", 1, 1, 4, 1, None),
    turn("update", 0, 20, -1, 0, Some(Denial::OverCeiling)),
    turn("radio", 0, 1, 4, 1, None),
];

/// The peak that must be reported for each principal, in pages.
pub const PEAKS: [(&str, usize); 4] = [("radio", 2), ("display", 1), ("sensor", 1), ("update", 0)];

const fn turn(
    principal: &'static str,
    guest: usize,
    asks: i32,
    answer: i32,
    own: usize,
    denial: Option<Denial>,
) -> Turn {
    Turn { principal, guest, asks, answer, own, denial }
}
