//! Models: every interleaving, within a bound on preemptions, of a few calls on a tiny ledger.
//!
//! `ci/models` runs them under loom, `ci/shuttle` under shuttle, together with random programs for
//! more threads. They are a module of the crate (`src/lib.rs`), since the checkers are
//! dev-dependencies, which only unit tests see. Each model checks the answers of all calls and the
//! final contents: some order of the calls that keeps each thread's own order must explain them by
//! the sequential rule. (Not the order of real time: loom takes sequentially consistent accesses
//! for acquire and release ones, except that such a load never reads a store that a newer such
//! store to the same word has replaced. So the models see whether raises and reads across
//! principals have one order, but where a word has its first value, a later call may see an older
//! state. The rest of the contract is checked on real threads.)
#![allow(dead_code, reason = "the helpers shared with the other tests are used in part")]

#[cfg(highwater_shuttle)]
#[path = "../common/budgets.rs"]
mod budgets;
#[path = "../common/history.rs"]
mod history;
#[path = "../common/linearizability.rs"]
mod linearizability;
#[path = "../common/oracle.rs"]
mod oracle;
#[path = "../common/subject.rs"]
mod subject;
#[cfg(not(highwater_narrow))]
#[path = "../common/windows.rs"]
mod windows_rule;

mod budget;
#[cfg(not(highwater_shuttle))]
mod epoch;
mod harness;
#[cfg(highwater_shuttle)]
mod histories;
mod kinds;
mod scenarios;
#[cfg(not(highwater_narrow))]
mod windows;
