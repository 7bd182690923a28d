//! Atomics that count their accesses and let a test run code between any two of them, as an
//! interrupt would: `--cfg highwater_steps`. Only without the feature `alloc`.

use core::sync::atomic::Ordering;
use std::{
    boxed::Box,
    cell::{Cell, RefCell},
    collections::VecDeque,
};

/// A thread's accesses of atomics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// Loads.
    pub loads: u32,
    /// Plain stores.
    pub stores: u32,
    /// Compare-and-swaps and other updates.
    pub updates: u32,
}

/// Code to run before the step with this number.
type Interrupt = (u32, Box<dyn FnOnce()>);

std::thread_local! {
    static STEPS: Cell<Steps> = const { Cell::new(Steps { loads: 0, stores: 0, updates: 0 }) };
    static INTERRUPTS: RefCell<VecDeque<Interrupt>> = const { RefCell::new(VecDeque::new()) };
}

impl Steps {
    /// The accesses of this thread until now.
    #[must_use]
    pub fn until_now() -> Self {
        STEPS.get()
    }

    /// The accesses of this thread since then.
    #[must_use]
    pub fn since(then: Self) -> Self {
        let now = Self::until_now();
        Self {
            loads: now.loads - then.loads,
            stores: now.stores - then.stores,
            updates: now.updates - then.updates,
        }
    }

    /// All steps.
    #[must_use]
    pub fn total(self) -> u32 {
        self.loads + self.stores + self.updates
    }
}

/// Lets `handler` run after `steps` more steps of this thread, those of other handlers included.
/// Call it in the order in which the handlers are due.
pub fn interrupt_after(steps: u32, handler: impl FnOnce() + 'static) {
    let due = Steps::until_now().total() + steps;
    INTERRUPTS.with_borrow_mut(|interrupts| interrupts.push_back((due, Box::new(handler))));
}

/// Takes the next handler that has not run yet.
pub fn withdraw_interrupt() -> Option<Box<dyn FnOnce()>> {
    INTERRUPTS.with_borrow_mut(VecDeque::pop_front).map(|(_, handler)| handler)
}

/// Runs the handlers that are due, then counts a step.
fn step(count: impl FnOnce(&mut Steps)) {
    loop {
        let now = Steps::until_now().total();
        let is_due = INTERRUPTS.with_borrow(|all| all.front().is_some_and(|&(due, _)| due <= now));
        match is_due.then(withdraw_interrupt).flatten() {
            Some(handler) => handler(),
            None => break,
        }
    }
    let mut steps = STEPS.get();
    count(&mut steps);
    STEPS.set(steps);
}

macro_rules! stepped {
    ($($atomic:ident of $value:ty),*) => {$(
        /// As in `core`.
        #[derive(Debug)]
        pub struct $atomic(core::sync::atomic::$atomic);

        #[allow(dead_code)] // Not every width needs every operation.
        impl $atomic {
            pub(crate) const fn new(value: $value) -> Self {
                Self(core::sync::atomic::$atomic::new(value))
            }

            pub(crate) fn load(&self, order: Ordering) -> $value {
                step(|steps| steps.loads += 1);
                self.0.load(order)
            }

            pub(crate) fn store(&self, value: $value, order: Ordering) {
                step(|steps| steps.stores += 1);
                self.0.store(value, order);
            }

            pub(crate) fn compare_exchange(
                &self,
                seen: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                step(|steps| steps.updates += 1);
                self.0.compare_exchange(seen, new, success, failure)
            }

            pub(crate) fn fetch_add(&self, value: $value, order: Ordering) -> $value {
                step(|steps| steps.updates += 1);
                self.0.fetch_add(value, order)
            }

            pub(crate) fn fetch_max(&self, value: $value, order: Ordering) -> $value {
                step(|steps| steps.updates += 1);
                self.0.fetch_max(value, order)
            }

            pub(crate) fn fetch_xor(&self, value: $value, order: Ordering) -> $value {
                step(|steps| steps.updates += 1);
                self.0.fetch_xor(value, order)
            }
        }
    )*};
}

stepped!(AtomicU32 of u32, AtomicU64 of u64, AtomicUsize of usize);
