//! Keys behind epoch-reclaimed pointers: any type, looked up by borrowed forms, each dropped once,
//! bounded in number, and panicking wherever they like.
#![cfg(feature = "alloc")]

mod bounded;
mod floods;
mod foreign;
mod nested;
mod panics;
mod pinned;
mod reclaimed;
mod waiting;
