//! The parts that all benchmarks share: the workloads, the contenders, and the timing.
#![allow(dead_code, reason = "each benchmark target uses a part of the suite")]

pub mod chart;
pub mod claims;
pub mod comparison;
pub mod contenders;
pub mod driver;
pub mod engine;
pub mod heap;
pub mod plan;
pub mod principals;
pub mod report;
pub mod workload;
