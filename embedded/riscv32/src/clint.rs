//! The core-local interruptor of QEMU's virt machine: the timer and the software interrupt of
//! hart 0.

use core::ptr;

const SOFTWARE_INTERRUPT: *mut u32 = ptr::without_provenance_mut(0x0200_0000);
const COMPARE_LOW: *mut u32 = ptr::without_provenance_mut(0x0200_4000);
const COMPARE_HIGH: *mut u32 = ptr::without_provenance_mut(0x0200_4004);
const TIME_LOW: *const u32 = ptr::without_provenance(0x0200_bff8);

/// Asks for a software interrupt, to be taken when the timer's handler is done.
pub fn raise_software_interrupt() {
    // SAFETY: a register of the virt machine, apart from all memory that Rust knows of.
    unsafe { SOFTWARE_INTERRUPT.write_volatile(1) }
}

/// Takes the request back.
pub fn clear_software_interrupt() {
    // SAFETY: as above.
    unsafe { SOFTWARE_INTERRUPT.write_volatile(0) }
}

/// Sets the next timer interrupt, in ticks of 100 ns from now, and calls off the one that is due.
/// The high half of the time stays 0: a run ends long before the low half wraps, after 429 s.
pub fn set_timer(ticks: u32) {
    // SAFETY: as above.
    unsafe {
        COMPARE_LOW.write_volatile(TIME_LOW.read_volatile() + ticks);
        COMPARE_HIGH.write_volatile(0);
    }
}
