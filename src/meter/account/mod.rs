//! The arithmetic of one Store, without engine, ledger or allocation.
//!
//! [`held`] keeps the sums, [`approval`] answers the engine, [`instantiation`] takes back the bytes
//! of a failed instantiation, [`turn`] tells a lease's own growth from the rest, [`unasked`] tells
//! failures apart by their words.

mod approval;
mod held;
mod instantiation;
mod turn;
mod unasked;

pub use held::Account;
pub use instantiation::Mark;
pub(super) use turn::Used;
