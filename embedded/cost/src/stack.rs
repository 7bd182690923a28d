//! How deep a call goes into the stack.

use core::ptr;

use cortex_m::register::msp;

/// More than any call takes, and less than there is, in bytes.
const DEPTH: u32 = 4096;
/// A value that no call is likely to write.
const PAINT: u32 = 0x5afe_c0de;

/// Makes a call, and tells how many bytes of stack it took below its caller's frame. No interrupt
/// may come meanwhile.
#[inline(never)]
pub fn used_by<R>(call: fn() -> R) -> (R, u32) {
    let top = msp::read();
    let words = || (top - DEPTH..top).step_by(size_of::<u32>());
    for address in words() {
        // SAFETY: RAM below the stack pointer, where nothing is.
        unsafe { ptr::with_exposed_provenance_mut::<u32>(address as usize).write_volatile(PAINT) }
    }
    let result = call();
    let deepest = words().find(|&address| {
        // SAFETY: as above.
        let word = unsafe { ptr::with_exposed_provenance::<u32>(address as usize).read_volatile() };
        word != PAINT
    });
    (result, top - deepest.unwrap_or(top))
}
