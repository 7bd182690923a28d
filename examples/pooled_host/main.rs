//! A WebAssembly host that runs guests for thousands of principals on a pool of wasmtime Stores,
//! and asks a ledger of fixed size who used most memory.
//!
//! ```text
//! cargo run --release --example pooled_host
//! cargo run --release --example pooled_host -- --principals 100000 --invocations 200000 --verify
//! cargo run --release --example pooled_host -- --budget 67108864 --principal-budget 16777216
//! cargo run --release --example pooled_host -- --window 10000
//! cargo run --release --example pooled_host -- --serve 127.0.0.1:9464
//! ```
//!
//! [`store`] is about the contents of a Store after a lease, [`workload`] about the invocations
//! that are drawn, and their skew. The exit code is 0 if all went well, 1 if the ledger differs
//! from the exact answer, the budgets from the engine, or the engine failed, and 2 for a wrong
//! option, or an address that cannot be had.

mod budgets;
mod exact;
mod guests;
mod host;
mod options;
mod pool;
mod report;
mod service;
mod store;
mod windows;
mod workload;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use wasmtime::error::Context;

use crate::options::Options;
use crate::report::Report;
use crate::service::Service;

fn main() -> ExitCode {
    let options = Options::parse();
    let service = match options.serve.map(|address| Service::bind(address, &options)) {
        Some(Err(error)) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
        bound => bound.and_then(Result::ok),
    };
    match report(&options, service.as_ref()) {
        Ok(report) if report.is_exact() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the host as `options` say, prints what came out and returns it.
fn report(options: &Options, service: Option<&Service>) -> wasmtime::Result<Report> {
    let run = host::run(options, service)?;
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
