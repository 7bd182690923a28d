//! The tables, in Markdown.

use super::{
    claims::{self, Target},
    comparison::Outcome,
    contenders::{
        BARE, DASHMAP, DASHMAP_AHASH, LEDGER, PAPAYA, PAPAYA_AHASH, RWLOCK, SCC, SPINLOCK, TRACKER,
    },
    engine,
    heap::{self, HeapUse},
    plan,
};

pub const PEERS: [&str; 8] = [DASHMAP, DASHMAP_AHASH, PAPAYA, PAPAYA_AHASH, SCC, RWLOCK, SPINLOCK, BARE];

/// Each claim with its target, the ratio that was measured, and the verdict.
pub fn claims(outcomes: &[Outcome], heap: &[HeapUse]) {
    println!("| claim | measured | target | |\n| --- | ---: | ---: | --- |");
    for claim in claims::all() {
        let (measured, verdict) = match claim.measured(outcomes) {
            Some(ratio) if claim.target.met_by(ratio) => (times(ratio), "met"),
            Some(ratio) => (times(ratio), "MISSED"),
            None => (String::new(), "not measured"),
        };
        let target = match claim.target {
            Target::AtLeast(least) => format!("at least {}", times(least)),
            Target::AtMost(most) => format!("at most {}", times(most)),
        };
        println!("| {} | {measured} | {target} | {verdict} |", claim.what);
    }
    let bytes = |ledger| heap.iter().find(|taken| taken.ledger == ledger).map_or(0, |taken| taken.bytes);
    let ratio = bytes(heap::MEMORY_LEDGER) as f64 / bytes(heap::DASHMAP_OF_STRINGS) as f64;
    let verdict = if ratio < 1.0 { "met" } else { "MISSED" };
    println!("| heap of the default ledger over DashMap's | {} | less than 1 x | {verdict} |", times(ratio));
    let (pairs, faster) = claims::faster_peers(outcomes);
    let verdict = match faster.len() {
        _ if pairs == 0 => "not measured",
        0 => "met",
        _ => "MISSED",
    };
    let won = pairs - faster.len();
    println!(
        "| every peer on every workload | {won} of {pairs} | at least {} | {verdict} |",
        times(claims::AS_FAST)
    );
}

/// The workloads on which a peer was faster than the ledger.
pub fn faster_peers(outcomes: &[Outcome]) {
    println!("| workload | peer | its time over ours |\n| --- | --- | ---: |");
    for faster in claims::faster_peers(outcomes).1 {
        println!("| {} | {} | {} |", faster.comparison, faster.peer, times(faster.ratio));
    }
}

/// Each peer's time over ours: 2 x is a peer that takes twice as long.
pub fn ratios(outcomes: &[Outcome]) {
    println!("| workload | ns | {} |", PEERS.join(" | "));
    println!("| --- | ---: |{}", " ---: |".repeat(PEERS.len()));
    for outcome in outcomes {
        for (subject, label) in [(LEDGER, ""), (TRACKER, ", through a tracker")] {
            let Some(timing) = outcome.timing(subject) else {
                continue;
            };
            let cells = PEERS.map(|peer| outcome.ratio(peer, subject).map(times).unwrap_or_default());
            println!(
                "| {}{label} | {} | {} |",
                outcome.name,
                digits(timing.nanoseconds()),
                cells.join(" | ")
            );
        }
    }
}

/// Comparisons that are not between ledgers on one workload but of pairs: the second of each over
/// the first.
pub fn pairs(outcomes: &[Outcome]) {
    println!("| comparison | ns | ns | ratio |\n| --- | ---: | ---: | ---: |");
    let paired = [
        plan::THREADS,
        plan::CAPACITY,
        engine::GROW,
        engine::GROW_BUDGET,
        engine::GROW_DENIED,
        engine::LEASE,
    ];
    for outcome in outcomes.iter().filter(|outcome| paired.contains(&outcome.name.as_str())) {
        for pair in outcome.timings.chunks_exact(2) {
            let [first, second] = [&pair[0], &pair[1]].map(|timing| digits(timing.nanoseconds()));
            let ratio = outcome.ratio(&pair[1].contender, &pair[0].contender).map(times).unwrap_or_default();
            let (over, under) = (&pair[1].contender, &pair[0].contender);
            println!("| {}: {over} over {under} | {second} | {first} | {ratio} |", outcome.name);
        }
    }
}

pub fn heap(heap: &[HeapUse]) {
    println!("| full ledger of 4096 ids of 20 characters | bytes of heap | a place |\n| --- | ---: | ---: |");
    for HeapUse { ledger, bytes } in heap {
        println!("| {ledger} | {bytes} | {} |", bytes / highwater::MAX_PRINCIPALS);
    }
}

fn times(ratio: f64) -> String {
    format!("{} x", digits(ratio))
}

/// Three significant digits.
fn digits(value: f64) -> String {
    let decimals =
        if value >= 100.0 { 0 } else { (2.0 - value.abs().log10().floor()).clamp(0.0, 4.0) as usize };
    format!("{value:.decimals$}")
}
