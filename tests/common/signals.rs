//! Signals for tests: handlers, timers per thread, and waiting that is allowed in a handler
//! (Linux).

#![allow(unsafe_code, reason = "signals, timers and futexes are system calls")]

use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub use libc::{SIGUSR1, SIGUSR2, c_int, c_void, siginfo_t};

pub type Handler = extern "C" fn(c_int, *mut siginfo_t, *mut c_void);

/// Runs `handler` on every thread that gets `signal` from now on.
pub fn install(signal: c_int, handler: Handler) {
    // SAFETY: an all-zero `sigaction` is a valid one; the handler does only what a handler may do.
    let result = unsafe {
        let mut action: libc::sigaction = MaybeUninit::zeroed().assume_init();
        action.sa_sigaction = handler as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
        libc::sigaction(signal, &raw const action, ptr::null_mut())
    };
    assert_eq!(result, 0, "sigaction");
}

/// A thread that signals can be sent to while it lives.
#[derive(Clone, Copy)]
pub struct Target(libc::pthread_t);

impl Target {
    pub fn current() -> Self {
        // SAFETY: no preconditions.
        Self(unsafe { libc::pthread_self() })
    }

    /// The thread must not have ended.
    pub fn send(self, signal: c_int) {
        // SAFETY: the thread lives.
        assert_eq!(unsafe { libc::pthread_kill(self.0, signal) }, 0, "pthread_kill");
    }
}

/// Does `work` in a child of this process, in which no other thread exists, and fails if it panics
/// there.
pub fn in_a_forked_child(work: impl FnOnce()) {
    // SAFETY: the child makes calls on memory of its own and uses the allocator, which the system's
    // library keeps in order over a fork. It ends before it comes to anything that another thread
    // of the parent may have locked.
    match unsafe { libc::fork() } {
        0 => {
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            // SAFETY: no preconditions.
            unsafe { libc::_exit(i32::from(outcome.is_err())) }
        }
        child => {
            let mut status = 0;
            // SAFETY: the status outlives the call.
            assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child, "fork or waitpid");
            assert_eq!(status, 0, "the child of a fork");
        }
    }
}

/// Waits while `word` holds `value`. May be called in a signal handler.
pub fn wait_while(word: &AtomicU32, value: u32) {
    while word.load(Ordering::Acquire) == value {
        // SAFETY: the word outlives the call; without a timeout the remaining arguments are not
        // read.
        unsafe {
            libc::syscall(
                libc::SYS_futex,
                word.as_ptr(),
                libc::FUTEX_WAIT,
                value,
                ptr::null::<libc::timespec>(),
            );
        }
    }
}

/// Stores `value` and wakes all that wait for `word` to change. May be called in a signal handler.
pub fn store_and_wake(word: &AtomicU32, value: u32) {
    word.store(value, Ordering::Release);
    // SAFETY: the word outlives the call.
    unsafe {
        libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, i32::MAX);
    }
}

/// Sends a signal to the thread that made it, once each time that it is armed.
pub struct Timer(libc::timer_t);

impl Timer {
    pub fn new(signal: c_int) -> Self {
        let mut timer = MaybeUninit::uninit();
        // SAFETY: an all-zero `sigevent` is a valid one; the timer is read only after it was
        // created.
        unsafe {
            let mut event: libc::sigevent = MaybeUninit::zeroed().assume_init();
            event.sigev_notify = libc::SIGEV_THREAD_ID;
            event.sigev_signo = signal;
            event.sigev_notify_thread_id = libc::gettid();
            let created = libc::timer_create(libc::CLOCK_MONOTONIC, &raw mut event, timer.as_mut_ptr());
            assert_eq!(created, 0, "timer_create");
            Self(timer.assume_init())
        }
    }

    /// The signal comes `delay` from now. May be called in a signal handler.
    pub fn arm(&self, delay: Duration) {
        // 32 bits wide on some targets, which holds the nanoseconds of any second.
        let tv_nsec = delay.subsec_nanos() as libc::c_long;
        let delay = libc::timespec { tv_sec: 0, tv_nsec };
        let schedule =
            libc::itimerspec { it_interval: libc::timespec { tv_sec: 0, tv_nsec: 0 }, it_value: delay };
        // SAFETY: the timer exists.
        let armed = unsafe { libc::timer_settime(self.0, 0, &raw const schedule, ptr::null_mut()) };
        assert_eq!(armed, 0, "timer_settime");
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        // SAFETY: the timer exists and is dropped once.
        unsafe { libc::timer_delete(self.0) };
    }
}
