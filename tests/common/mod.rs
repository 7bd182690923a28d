//! The parts that the contract tests share: the oracle, the ledgers under test, random plans of
//! calls, and the linearizability checker.

#![allow(dead_code, unused_imports, reason = "every test binary uses its own part of these helpers")]

pub mod effort;
pub mod hashers;
pub mod history;
pub mod kinds;
pub mod linearizability;
pub mod oracle;
pub mod plan;
pub mod replaced_rule;
#[cfg(target_os = "linux")]
pub mod signals;
#[cfg(target_os = "linux")]
pub mod steps;
pub mod subject;
#[cfg(target_os = "linux")]
pub mod victim;
pub mod watchdog;
#[cfg(all(target_has_atomic = "64", not(highwater_narrow)))]
pub mod windows;
