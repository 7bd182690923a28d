//! The command line.

use std::fmt::Display;
use std::net::SocketAddr;
use std::num::NonZero;
use std::str::FromStr;
use std::thread;

use clap::Parser;
use highwater::{MAX_PRINCIPALS, StaticBudget};

/// Runs WebAssembly guests for many principals on pooled wasmtime Stores, and reports who used most
/// memory.
#[derive(Debug, Clone, Parser)]
#[command(name = "pooled_host", allow_negative_numbers = true)]
pub struct Options {
    /// Principals that may come along; nine of ten are ephemeral jobs
    #[arg(long, value_name = "N", default_value_t = 50_000, value_parser = up_to::<u64>(10_000_000))]
    pub principals: u64,

    /// Guests to run
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = up_to::<u64>(1_000_000_000))]
    pub invocations: u64,

    /// Worker threads
    #[arg(long, value_name = "N", default_value_t = default_threads(), value_parser = up_to::<usize>(1024))]
    pub threads: usize,

    /// Principals that the ledger keeps
    #[arg(long, value_name = "N", default_value_t = MAX_PRINCIPALS, value_parser = up_to::<usize>(1 << 20))]
    pub capacity: usize,

    /// Stores in the pool; with fewer than threads, workers wait for each other's Stores [default:
    /// two for each thread]
    #[arg(long, value_name = "N", value_parser = up_to::<usize>(256))]
    pub pool: Option<usize>,

    /// Leases after which a Store is replaced, which frees what its leaseholders grew
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = up_to::<u32>(64))]
    pub leases_per_store: u32,

    /// Bytes that all Stores may hold at once, tables at 32 bytes an element
    #[arg(long, value_name = "BYTES", value_parser = up_to::<u64>(StaticBudget::MAX_LIMIT))]
    pub budget: Option<u64>,

    /// Bytes that all leases of a principal may have added at once
    #[arg(long, value_name = "BYTES", value_parser = up_to::<u64>(StaticBudget::MAX_LIMIT))]
    pub principal_budget: Option<u64>,

    /// Seed of everything that is drawn: the same seed gives the same peaks, on any number of
    /// threads, unless a budget denies some of them
    #[arg(long, value_name = "SEED", default_value_t = 1, value_parser = seed)]
    pub seed: u64,

    /// Principals in the report
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = up_to::<usize>(1 << 20))]
    pub top: usize,

    /// Keep an exact map beside the ledger and compare, and the budgets with the engine; exits with 1
    /// if they differ (the default)
    #[arg(long, overrides_with = "no_verify")]
    pub verify: bool,

    /// Run without the exact map, in fixed memory
    #[arg(long, overrides_with = "verify")]
    pub no_verify: bool,

    /// End a window after so many invocations, check each window by itself, and draw the highest
    /// peaks over time
    #[arg(long, value_name = "N", value_parser = up_to::<u64>(1_000_000_000), conflicts_with = "serve")]
    pub window: Option<u64>,

    /// Run until stopped, one window after another, and serve /metrics (Prometheus), /snapshot and
    /// /snapshot/WINDOW (JSON) at this address; the report of the end and the exact map are left out
    #[arg(long, value_name = "ADDR", value_parser = address, conflicts_with_all = ["verify", "json"])]
    pub serve: Option<SocketAddr>,

    /// Seconds of a window, when serving
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = up_to::<u64>(86_400), requires = "serve")]
    pub period: u64,

    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

impl Options {
    /// Whether the run is to be checked against the exact answer.
    pub fn verifies(&self) -> bool {
        !self.no_verify && self.serve.is_none()
    }

    /// Stores in the pool.
    pub fn pool_size(&self) -> usize {
        self.pool.unwrap_or_else(|| (2 * self.threads).min(256))
    }
}

/// A parser for whole numbers from 1 to `highest`, whose error names this range.
fn up_to<T>(highest: T) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: FromStr + PartialOrd + From<u8> + Display + Copy + Send + Sync + 'static,
{
    move |text| match text.parse() {
        Ok(number) if number >= T::from(1) && number <= highest => Ok(number),
        _ => Err(format!("expected a whole number from 1 to {highest}")),
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "expected an address and a port, for example 127.0.0.1:9464".to_owned())
}

fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("expected a whole number from 0 to {}", u64::MAX))
}

fn default_threads() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}
