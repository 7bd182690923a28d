//! A run in windows: who was biggest in each, against the exact answer.

use std::collections::BTreeMap;
use std::fmt;

use highwater::{PrincipalId, WindowedLedger, WindowsExhausted};
use indicatif::{HumanBytes, HumanCount};
use serde::Serialize;

use crate::exact::{Difference, ExactPeaks};

/// Principals whose peaks are drawn over time.
const DRAWN: usize = 5;
/// Windows that fit into a line.
const WIDEST: usize = 60;

/// A window that has ended. Sizes are in bytes.
#[derive(Debug, Clone, Serialize)]
pub struct Ended {
    pub window: u64,
    /// Principals of the window that the ledger holds.
    pub principals: usize,
    /// The bound of whatever it does not hold.
    pub untracked_at_most: u64,
    /// The highest, with their peaks.
    pub top: Vec<(PrincipalId, u64)>,
    /// How the window differs from the exact answer, if the run is verified.
    pub differences: Vec<Difference>,
}

/// Ends the current window, and reads it.
pub fn end(
    windows: &WindowedLedger<PrincipalId>,
    exact: Option<&ExactPeaks>,
    top: usize,
) -> Result<Ended, WindowsExhausted> {
    let window = windows.rotate()?;
    let snapshot =
        windows.closed(window).expect("it has just ended, and no other thread ends one").snapshot();
    Ok(Ended {
        window,
        principals: snapshot.len(),
        untracked_at_most: snapshot.untracked_at_most(),
        top: snapshot.top(top.max(DRAWN)).to_vec(),
        differences: exact.map_or_else(Vec::new, |exact| exact.compare(&snapshot)),
    })
}

/// Draws the highest principals over the windows.
pub struct Drawing<'a>(pub &'a [Ended]);

impl fmt::Display for Drawing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut highest: BTreeMap<PrincipalId, u64> = BTreeMap::new();
        for &(principal, peak) in self.0.iter().flat_map(|ended| &ended.top) {
            let kept = highest.entry(principal).or_default();
            *kept = peak.max(*kept);
        }
        let mut drawn: Vec<_> = highest.into_iter().collect();
        drawn.sort_by_key(|&(principal, peak)| (std::cmp::Reverse(peak), principal));
        drawn.truncate(DRAWN);
        let largest = drawn.first().map_or(1, |&(_, peak)| peak);
        let width = drawn.iter().map(|(principal, _)| principal.as_str().len()).max().unwrap_or(0);

        let shown = &self.0[self.0.len().saturating_sub(WIDEST)..];
        let (Some(first), Some(last)) = (shown.first(), shown.last()) else { return Ok(()) };
        writeln!(
            f,
            "windows  {} to {}; a full block is {}",
            HumanCount(first.window),
            HumanCount(last.window),
            HumanBytes(largest)
        )?;
        for (principal, peak) in drawn {
            let line: String = shown.iter().map(|ended| block(peak_in(ended, principal), largest)).collect();
            writeln!(f, "         {:width$}  {line}  {}", principal.as_str(), HumanBytes(peak))?;
        }
        let line: String = shown.iter().map(|ended| block(ended.untracked_at_most, largest)).collect();
        writeln!(f, "         {:width$}  {line}", "not held")
    }
}

fn peak_in(ended: &Ended, principal: PrincipalId) -> u64 {
    ended.top.iter().find(|entry| entry.0 == principal).map_or(0, |entry| entry.1)
}

/// A block as high as `value` is of `largest`; a space for nothing.
fn block(value: u64, largest: u64) -> char {
    const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    EIGHTHS[(value as f64 / largest as f64 * 8.0).ceil().min(8.0) as usize]
}
