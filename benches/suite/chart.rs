//! The ratios as a picture: one line a workload, one mark a peer, on a logarithmic axis.

use std::{error::Error, path::Path};

use plotters::prelude::*;

use super::{
    comparison::Outcome,
    contenders::{LEDGER, TRACKER},
    report::PEERS,
};

/// The lines of the chart, from top to bottom.
const LINES: &[(&str, &str, &str)] = &[
    ("inline/not-raised/random", LEDGER, "resident, not raised"),
    ("inline/not-raised/random", TRACKER, "the same, tracker"),
    ("inline/raised/random", LEDGER, "resident, raised"),
    ("inline/read/random", LEDGER, "read"),
    ("inline/newcomer-below", LEDGER, "newcomer, dropped"),
    ("inline/newcomer-above/by-page", LEDGER, "newcomer, evicts"),
    ("inline/fill", LEDGER, "first fill"),
    ("inline/mix", LEDGER, "mix"),
    ("inline/mix/threads-2", LEDGER, "mix, 2 threads"),
    ("inline/not-raised/one/threads-2", LEDGER, "one resident, 2 threads"),
    ("epoch/not-raised/random", LEDGER, "any key: not raised"),
    ("epoch/newcomer-above/by-page", LEDGER, "any key: newcomer, evicts"),
    ("epoch/mix/threads-2", LEDGER, "any key: mix, 2 threads"),
];

const COLOURS: [RGBColor; PEERS.len()] = [
    RGBColor(178, 34, 34),
    RGBColor(240, 128, 100),
    RGBColor(25, 90, 180),
    RGBColor(110, 170, 230),
    RGBColor(30, 140, 70),
    RGBColor(230, 150, 0),
    RGBColor(130, 60, 160),
    RGBColor(90, 90, 90),
];

const WIDTH: u32 = 960;
const LINE_HEIGHT: u32 = 30;
const MARGINS: u32 = 130;
const LABELS: u32 = 190;
const LEGEND: u32 = 140;
const TEXT: (&str, i32) = ("sans-serif", 14);

/// Draws those of the charted lines that were measured.
pub fn draw(file: &Path, outcomes: &[Outcome]) -> Result<(), Box<dyn Error>> {
    let lines: Vec<_> = LINES
        .iter()
        .filter_map(|&(name, subject, label)| {
            let outcome = outcomes.iter().find(|outcome| outcome.name == name)?;
            Some((label, PEERS.map(|peer| outcome.ratio(peer, subject))))
        })
        .collect();
    let ratios = || lines.iter().flat_map(|(_, ratios)| ratios.iter().flatten().copied());
    let (least, most) = (ratios().fold(0.5, f64::min), ratios().fold(10.0, f64::max));
    let count = lines.len();

    let area = SVGBackend::new(file, (WIDTH, count as u32 * LINE_HEIGHT + MARGINS)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(
            "time of each peer over highwater's, logarithmic (right of 1: highwater is faster)",
            ("sans-serif", 16),
        )
        .margin(10)
        .x_label_area_size(30)
        .y_label_area_size(LABELS)
        .right_y_label_area_size(LEGEND)
        .build_cartesian_2d((least * 0.8..most * 2.0).log_scale(), 0.0..count as f64)?;
    // The line on top has the greatest ordinate; labels stand beside the middle of their lines.
    let height = |line: usize| (count - line) as f64 - 0.5;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .x_label_formatter(&|ratio| format!("{ratio} x"))
        .draw()?;
    chart.draw_series(lines.iter().enumerate().map(|(line, _)| {
        PathElement::new([(least * 0.8, height(line)), (most * 2.0, height(line))], RGBColor(225, 225, 225))
    }))?;
    chart.draw_series([PathElement::new([(1.0, 0.0), (1.0, count as f64)], BLACK)])?;
    for (index, (peer, colour)) in PEERS.iter().zip(COLOURS).enumerate() {
        let marks = lines.iter().enumerate().filter_map(|(line, (_, ratios))| {
            Some(Circle::new((ratios[index]?, height(line)), 5, colour.mix(0.85).filled()))
        });
        chart.draw_series(marks)?;
        let (x, y) = ((WIDTH - LEGEND + 10) as i32, 50 + 22 * index as i32);
        area.draw(&Circle::new((x, y), 5, colour.mix(0.85).filled()))?;
        area.draw(&Text::new(*peer, (x + 12, y - 8), TEXT))?;
    }
    for (line, (label, _)) in lines.iter().enumerate() {
        let (_, y) = chart.backend_coord(&(1.0, height(line)));
        area.draw(&Text::new(*label, (12, y - 8), TEXT))?;
    }
    area.present()?;
    Ok(())
}
