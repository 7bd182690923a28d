//! Keys behind epoch-reclaimed pointers: any type, looked up by borrowed forms, each dropped once, bounded in number, and
//! panicking wherever they like.
#![cfg(all(feature = "alloc", not(loom)))]

mod bounded;
mod floods;
mod foreign;
mod nested;
mod panics;
mod reclaimed;
mod waiting;
