//! Keys behind epoch-reclaimed pointers: any type, looked up by borrowed forms, each dropped once, bounded in number, and
//! panicking wherever they like.
#![cfg(feature = "alloc")]

mod bounded;
mod foreign;
mod panics;
mod pinned;
mod reclaimed;
