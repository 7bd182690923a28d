//! A thread that can be stopped at any instruction of a call, by a signal whose handler does not
//! return until it is told to.

use std::cell::Cell;
use std::hint;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering, compiler_fence};

use super::signals::{self, SIGUSR1, Target, c_int, c_void, siginfo_t};
use super::steps::{FRAMES, Place};

/// The states of a stop: asked for, then either in effect or missed (the thread was between two
/// calls).
const IDLE: u32 = 0;
const ASKED: u32 = 1;
const STOPPED: u32 = 2;
const MISSED: u32 = 3;

/// The state of one thread that the controlling thread and the signal handler share.
pub struct Victim {
    target: OnceLock<Target>,
    state: AtomicU32,
    inside: AtomicBool,
    key: AtomicU64,
    bytes: AtomicU64,
    frames: [AtomicUsize; FRAMES],
}

thread_local! {
    static THIS: Cell<*const Victim> = const { Cell::new(ptr::null()) };
}

impl Victim {
    pub fn new() -> Self {
        Self {
            target: OnceLock::new(),
            state: AtomicU32::new(IDLE),
            inside: AtomicBool::new(false),
            key: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            frames: [const { AtomicUsize::new(0) }; FRAMES],
        }
    }

    /// Runs the victim's work on this thread, which gets the signals from now on.
    pub fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        signals::install(SIGUSR1, stop_here);
        // The unwinder sets itself up when it is first used, which had better not be in a handler.
        capture(&self.frames);
        THIS.set(self);
        assert!(self.target.set(Target::current()).is_ok(), "a victim runs once");
        let result = work();
        THIS.set(ptr::null());
        result
    }

    /// Makes a call during which the thread may be stopped; `key` and `bytes` say which it was.
    pub fn call<T>(&self, key: u64, bytes: u64, call: impl FnOnce() -> T) -> T {
        self.key.store(key, Ordering::Relaxed);
        self.bytes.store(bytes, Ordering::Relaxed);
        self.inside.store(true, Ordering::Relaxed);
        compiler_fence(Ordering::SeqCst);
        let result = call();
        compiler_fence(Ordering::SeqCst);
        self.inside.store(false, Ordering::Relaxed);
        result
    }

    /// Stops the thread at a random instruction of one of its calls.
    pub fn stop_inside_a_call(&self, rng: &mut fastrand::Rng) -> Stop<'_> {
        let target = self.target.wait();
        loop {
            for _ in 0..rng.u32(..3000) {
                hint::spin_loop();
            }
            self.state.store(ASKED, Ordering::Release);
            target.send(SIGUSR1);
            signals::wait_while(&self.state, ASKED);
            if self.state.load(Ordering::Acquire) == STOPPED {
                return Stop { victim: self };
            }
        }
    }
}

/// A thread that stands still until this is dropped.
pub struct Stop<'a> {
    victim: &'a Victim,
}

impl Stop<'_> {
    pub fn key(&self) -> u64 {
        self.victim.key.load(Ordering::Relaxed)
    }

    pub fn bytes(&self) -> u64 {
        self.victim.bytes.load(Ordering::Relaxed)
    }

    /// The return addresses on the stopped thread's stack, innermost first.
    pub fn place(&self) -> Place {
        std::array::from_fn(|frame| self.victim.frames[frame].load(Ordering::Relaxed))
    }
}

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        signals::store_and_wake(&self.victim.state, IDLE);
    }
}

extern "C" fn stop_here(_: c_int, _: *mut siginfo_t, _: *mut c_void) {
    #[allow(unsafe_code, reason = "a handler has no other way to its data")]
    // SAFETY: null, or the victim that runs on this thread and outlives that.
    let Some(victim) = (unsafe { THIS.get().as_ref() }) else {
        return;
    };
    if victim.inside.load(Ordering::Relaxed) {
        capture(&victim.frames);
        signals::store_and_wake(&victim.state, STOPPED);
        signals::wait_while(&victim.state, STOPPED);
    } else {
        signals::store_and_wake(&victim.state, MISSED);
    }
}

/// Notes the return addresses of the stack, through the handler's own frames down into what it
/// interrupted.
fn capture(frames: &[AtomicUsize; FRAMES]) {
    let mut used = 0;
    for frame in frames {
        frame.store(0, Ordering::Relaxed);
    }
    #[allow(unsafe_code, reason = "the lock that makes this safe is nothing for a handler")]
    // SAFETY: only one thread is a running victim's handler at a time, and no other thread unwinds
    // meanwhile.
    unsafe {
        backtrace::trace_unsynchronized(|frame| {
            frames[used].store(frame.ip().expose_provenance(), Ordering::Relaxed);
            used += 1;
            used < FRAMES
        });
    }
}
