//! Counts instructions: QEMU lets each take 8 ns (see `.cargo/config.toml`), and a tick 80 ns.

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;

/// Instructions to a tick of the timer.
const INSTRUCTIONS: u32 = 10;
/// The timer counts down from here, and round.
const RELOAD: u32 = 0x00ff_ffff;

/// Starts the timer.
pub fn start(timer: &mut SYST) {
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(RELOAD);
    timer.clear_current();
    timer.enable_counter();
}

/// Makes a call, and tells how many instructions it took, to the nearest ten.
#[inline(never)]
pub fn taken_by<R>(call: fn() -> R) -> (R, u32) {
    let before = SYST::get_current();
    let result = call();
    let after = SYST::get_current();
    (result, (before.wrapping_sub(after) & RELOAD) * INSTRUCTIONS)
}
