//! The timer of QEMU's virt machine: the core-local interruptor of hart 0.

use core::ptr;

const COMPARE: *mut u64 = ptr::without_provenance_mut(0x0200_4000);
const TIME: *const u64 = ptr::without_provenance(0x0200_bff8);

/// Sets the next timer interrupt, in ticks of 100 ns from now, and calls off the one that is due.
pub fn set_timer(ticks: u64) {
    // SAFETY: registers of the virt machine, apart from all memory that Rust knows of.
    unsafe { COMPARE.write_volatile(TIME.read_volatile() + ticks) }
}
