//! Merges snapshots of many hosts, or of many windows, and draws who used most memory.
//!
//! ```text
//! cargo run --release --example pooled_host -- --seed 1 --json > one.json
//! cargo run --release --example pooled_host -- --seed 2 --json > two.json
//! cargo run --release --example fleet -- one.json two.json --svg fleet.svg
//! for window in 1 2 3; do curl -s 127.0.0.1:9464/snapshot/$window; done |
//!     cargo run --release --example fleet -- --svg windows.svg
//! ```
//!
//! Each input holds any number of snapshots in JSON, or objects with a field `snapshot`. Snapshots
//! with the number of a window are also drawn over time. The exit code is 2 for input that is not a
//! snapshot, and for options that are wrong.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use highwater::Snapshot;
use indicatif::HumanBytes;
use plotters::prelude::*;
use serde::Deserialize;

/// Merges snapshots of ledgers and draws who used most memory
#[derive(Parser)]
#[command(name = "fleet")]
struct Options {
    /// Files of snapshots in JSON; standard input if there are none
    files: Vec<PathBuf>,

    /// Principals to show
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,

    /// Draw a chart into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// A snapshot by itself, or in the report of a host.
#[derive(Deserialize)]
struct Reported {
    snapshot: Snapshot<String>,
}

/// The snapshots of a text, one JSON value after another.
fn snapshots(text: &str) -> Result<Vec<Snapshot<String>>, serde_json::Error> {
    let values = serde_json::Deserializer::from_str(text).into_iter::<serde_json::Value>();
    values
        .map(|value| {
            let value = value?;
            if value.get("snapshot").is_some() {
                return Ok(Reported::deserialize(value)?.snapshot);
            }
            Snapshot::deserialize(value)
        })
        .collect()
}

fn main() -> ExitCode {
    let options = Options::parse();
    let parts = match read(&options.files) {
        Ok(parts) => parts,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    match show(&options, &parts) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn read(files: &[PathBuf]) -> Result<Vec<Snapshot<String>>, String> {
    let mut parts = Vec::new();
    let mut add = |name: &str, text: &str| {
        let found = snapshots(text).map_err(|error| format!("{name}: {error}"))?;
        if found.is_empty() {
            return Err(format!("{name}: no snapshot in it"));
        }
        parts.extend(found);
        Ok(())
    };
    for file in files {
        let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        add(&file.display().to_string(), &text)?;
    }
    if files.is_empty() {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map_err(|error| format!("standard input: {error}"))?;
        add("standard input", &text)?;
    }
    Ok(parts)
}

fn show(options: &Options, parts: &[Snapshot<String>]) -> Result<(), Box<dyn Error>> {
    let merged = Snapshot::merge(parts.iter().cloned());
    let text = table(&merged, parts.len(), options.top);
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        written => written?,
    }
    if let Some(file) = &options.svg {
        let windows = by_window(parts);
        if windows.len() > 1 {
            draw_over_time(file, &merged, &windows, options.top)?;
        } else {
            draw_bars(file, &merged, options.top)?;
        }
    }
    Ok(())
}

/// The merged snapshot of each window, if all parts are of windows.
fn by_window(parts: &[Snapshot<String>]) -> BTreeMap<u64, Snapshot<String>> {
    let mut windows: BTreeMap<u64, Vec<Snapshot<String>>> = BTreeMap::new();
    for part in parts {
        let Some(window) = part.window() else { return BTreeMap::new() };
        windows.entry(window).or_default().push(part.clone());
    }
    windows.into_iter().map(|(window, parts)| (window, Snapshot::merge(parts))).collect()
}

/// The highest, with a bar for each, and what bounds all others.
fn table(merged: &Snapshot<String>, parts: usize, top: usize) -> String {
    const BAR: u64 = 40;
    let shown = merged.top(top);
    let highest = shown.first().map_or(1, |entry| entry.1);
    let width = shown.iter().map(|entry| entry.0.chars().count()).max().unwrap_or(0);
    let mut text = format!("{} principals of {parts} snapshots\n\n", merged.len());
    for (principal, peak) in shown {
        let bar = u128::from(BAR) * u128::from(*peak) / u128::from(highest);
        let bar = "█".repeat(usize::try_from(bar).unwrap_or(0).max(1));
        text += &format!("{principal:width$}  {:>10}  {bar}\n", HumanBytes(*peak).to_string());
    }
    let rest = if merged.len() > shown.len() { "all that are not shown here are lower; " } else { "" };
    let bound = HumanBytes(merged.untracked_at_most());
    text += &format!("\n{rest}any principal that is not listed anywhere used at most {bound}\n");
    if !merged.is_exact() {
        text += &format!("a ledger has refused {} records\n", merged.refused());
    }
    text
}

const SIZE: (u32, u32) = (900, 420);
const MIB: f64 = (1 << 20) as f64;

fn draw_bars(file: &Path, merged: &Snapshot<String>, top: usize) -> Result<(), Box<dyn Error>> {
    let shown = merged.top(top);
    let highest = shown.first().map_or(1.0, |entry| entry.1 as f64 / MIB);
    let root = SVGBackend::new(file, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let count = shown.len().max(1) as u32;
    let mut chart = ChartBuilder::on(&root)
        .caption("Highest peaks", ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(150)
        .build_cartesian_2d(0.0..highest * 1.05, (0..count).into_segmented())?;
    let name = |place: &SegmentValue<u32>| match place {
        SegmentValue::CenterOf(place) => {
            shown.get((count - 1 - place) as usize).map_or(String::new(), |entry| entry.0.clone())
        }
        _ => String::new(),
    };
    let mesh = &mut chart.configure_mesh();
    mesh.disable_y_mesh().y_label_formatter(&name).y_labels(shown.len() + 1).x_desc("MiB").draw()?;
    chart.draw_series(shown.iter().zip((0..count).rev()).map(|((_, peak), place)| {
        let corners =
            [(0.0, SegmentValue::Exact(place)), (*peak as f64 / MIB, SegmentValue::Exact(place + 1))];
        let mut bar = Rectangle::new(corners, RGBColor(0, 114, 178).filled());
        bar.set_margin(3, 3, 0, 0);
        bar
    }))?;
    root.present()?;
    Ok(())
}

/// Colours that people with any kind of sight tell apart (Okabe and Ito).
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
];

fn draw_over_time(
    file: &Path,
    merged: &Snapshot<String>,
    windows: &BTreeMap<u64, Snapshot<String>>,
    top: usize,
) -> Result<(), Box<dyn Error>> {
    let shown = merged.top(top.min(COLOURS.len()));
    let highest = shown.first().map_or(1.0, |entry| entry.1 as f64 / MIB);
    let (first, last) = (*windows.keys().next().unwrap_or(&0), *windows.keys().last().unwrap_or(&1));
    let root = SVGBackend::new(file, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption("Peaks of each window", ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(60)
        .build_cartesian_2d(first as f64..last as f64, 0.0..highest * 1.05)?;
    chart.configure_mesh().x_desc("window").y_desc("MiB").draw()?;
    for ((principal, _), colour) in shown.iter().zip(COLOURS) {
        let points = windows
            .iter()
            .map(|(window, snapshot)| (*window as f64, snapshot.peak(principal.as_str()) as f64 / MIB));
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(2)))?
            .label(principal)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
    }
    // What no principal that a window does not list has exceeded in it.
    let floor =
        windows.iter().map(|(window, snapshot)| (*window as f64, snapshot.untracked_at_most() as f64 / MIB));
    let grey = RGBColor(150, 150, 150);
    chart
        .draw_series(LineSeries::new(floor, grey.stroke_width(1)))?
        .label("not listed: at most")
        .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], grey.stroke_width(1)));
    chart.configure_series_labels().background_style(WHITE.mix(0.8)).border_style(BLACK.mix(0.2)).draw()?;
    root.present()?;
    Ok(())
}
