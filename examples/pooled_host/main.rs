//! A WebAssembly host that runs guests for thousands of principals on a pool of wasmtime Stores,
//! and asks a ledger of fixed size who used most memory.
//!
//! ```text
//! cargo run --release --example pooled_host
//! cargo run --release --example pooled_host -- --principals 100000 --invocations 200000 --verify
//! cargo run --release --example pooled_host -- --budget 67108864 --principal-budget 16777216
//! ```
//!
//! [`store`] is about the contents of a Store after a lease, [`workload`] about the invocations
//! that are drawn, and their skew. The exit code is 0 if all went well, 1 if the ledger differs
//! from the exact answer, the budgets from the engine, or the engine failed, and 2 for a wrong
//! option.

mod budgets;
mod exact;
mod guests;
mod host;
mod options;
mod pool;
mod report;
mod store;
mod workload;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use wasmtime::error::Context;

use crate::options::Options;
use crate::report::Report;

fn main() -> ExitCode {
    let options = Options::parse();
    match report(&options) {
        Ok(report) if report.is_exact() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the host as `options` say, prints what came out and returns it.
fn report(options: &Options) -> wasmtime::Result<Report> {
    let run = host::run(options)?;
    let report = Report::new(options, &run);
    let text = if options.json { serde_json::to_string_pretty(&report)? + "\n" } else { report.to_string() };
    print(&text).context("the report cannot be written")?;
    Ok(report)
}

/// The reader of the report may close it before its end, as `head` does.
fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
