//! The parts of Linux that a program without libc needs: a way in, a way out and a way to write.

use core::arch::{asm, naked_asm};
use core::fmt;
use core::panic::PanicInfo;

const SYS_WRITE: usize = 1;
const SYS_EXIT: usize = 60;

/// Standard output.
pub struct Stdout;

impl fmt::Write for Stdout {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let written: isize;
            // SAFETY: write(1, rest) reads `rest` and changes no memory of ours; the kernel
            // clobbers rcx and r11.
            unsafe {
                asm!(
                    "syscall",
                    inlateout("rax") SYS_WRITE => written,
                    in("rdi") 1,
                    in("rsi") rest.as_ptr(),
                    in("rdx") rest.len(),
                    lateout("rcx") _,
                    lateout("r11") _,
                    options(nostack, readonly),
                );
            }
            let written = usize::try_from(written).ok().filter(|&n| n > 0).ok_or(fmt::Error)?;
            rest = &rest[written..];
        }
        Ok(())
    }
}

/// Ends the process.
pub fn exit(code: u8) -> ! {
    // SAFETY: exit(code) does not return.
    unsafe {
        asm!("syscall", in("rax") SYS_EXIT, in("rdi") usize::from(code), options(noreturn, nostack));
    }
}

/// The kernel starts the program here. The stack is aligned for a call, and nothing on it is of
/// use.
#[unsafe(naked)]
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    naked_asm!("xor ebp, ebp", "call {main}", "ud2", main = sym crate::main)
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    exit(101)
}
