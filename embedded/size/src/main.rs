//! The same program with and without a ledger: `ci/code-size` builds both and compares.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

use cortex_m_rt::entry;

type Principal = [u8; 16];

#[cfg(feature = "ledger")]
static LEDGER: highwater::StaticLedger<Principal, 64> = highwater::StaticLedger::new();

#[entry]
fn main() -> ! {
    loop {
        let principal: Principal = black_box([7; 16]);
        let bytes: u64 = black_box(65_536);
        let mut top: [(Principal, u64); 8] = black_box([([0; 16], 0); 8]);
        #[cfg(feature = "ledger")]
        {
            black_box(LEDGER.record_peak(&principal, bytes));
            black_box(LEDGER.peak(&principal));
            black_box(LEDGER.floor());
            black_box(LEDGER.top_into(&mut top));
        }
        black_box((principal, bytes, &mut top));
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}
