//! Ledgers by windows: small models with answers under loom, random programs under shuttle.

mod caller;
#[cfg(highwater_shuttle)]
mod histories;
#[cfg(not(highwater_shuttle))]
mod pairs;
