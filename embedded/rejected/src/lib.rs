//! Each feature brings a static ledger that cannot be.
#![no_std]

use highwater::StaticLedger;

/// A ledger that could hold no key.
#[cfg(feature = "no-places")]
pub static LEDGER: StaticLedger<u32, 0> = StaticLedger::new();

/// More than a gate word of 32 bits can address.
#[cfg(feature = "too-many-places")]
pub static LEDGER: StaticLedger<u32, 100_000> = StaticLedger::new();

/// A reference is no key that a slot can hold by value.
#[cfg(feature = "string-keys")]
pub static LEDGER: StaticLedger<&str, 8> = StaticLedger::new();
