//! A Linux program without `std`, `alloc` or libc that keeps a static ledger and prints it. Exit
//! code 0 if the report is right.
#![no_std]
#![no_main]

mod linux;

use core::fmt::Write;

use highwater::{PrincipalId, StaticLedger};

static LEDGER: StaticLedger<PrincipalId, 4> = StaticLedger::new();

/// The sizes that each tenant asks for in turn, in pages. There are more tenants than places.
const DEMANDS: [(&str, &[u64]); 6] = [
    ("alpha", &[1, 5, 3]),
    ("bravo", &[2]),
    ("charlie", &[9, 1]),
    ("delta", &[4, 8]),
    ("echo", &[1]),
    ("foxtrot", &[7, 6]),
];
const PAGE: u64 = 65_536;

/// The four highest, as they must be reported.
const EXPECTED: [(&str, u64); 4] = [("charlie", 9), ("delta", 8), ("foxtrot", 7), ("alpha", 5)];

extern "C" fn main() -> ! {
    for (tenant, pages) in DEMANDS {
        let Ok(id) = PrincipalId::new(tenant) else { linux::exit(1) };
        for demand in pages {
            LEDGER.record_peak(&id, demand * PAGE);
        }
    }

    let mut top = [(PrincipalId::default(), 0); 4];
    let residents = LEDGER.top_into(&mut top);
    let mut right = residents.len() == EXPECTED.len() && LEDGER.floor() <= 5 * PAGE;
    for ((id, peak), (tenant, pages)) in residents.iter().zip(EXPECTED) {
        let written = writeln!(linux::Stdout, "{id:<10} {peak:>8} bytes");
        right &= written.is_ok() && id.as_str() == tenant && *peak == pages * PAGE;
    }
    linux::exit(if right { 0 } else { 1 })
}
