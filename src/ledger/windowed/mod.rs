//! Ledgers by windows: faces of one core, as the ledgers of all time are.

mod core;
#[cfg(feature = "alloc")]
mod cursor;
#[cfg(not(highwater_loom))]
mod fixed;
#[cfg(feature = "alloc")]
mod heap;
#[cfg(feature = "alloc")]
mod source;
mod window;

use ::core::{error::Error, fmt};

#[cfg(feature = "alloc")]
pub use cursor::{Interval, WindowCursor};
#[cfg(not(highwater_loom))]
pub use fixed::StaticWindowedLedger;
#[cfg(feature = "alloc")]
pub use heap::WindowedLedger;
pub use window::Window;

/// The windows of a ledger have all been used: the number of the current one is the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowsExhausted;

impl fmt::Display for WindowsExhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the current window is the last that can be numbered")
    }
}

impl Error for WindowsExhausted {}
