//! The claims of this crate about its speed, each with the target that it must meet.

use super::{
    comparison::Outcome,
    contenders::{BARE, DASHMAP, LEDGER, PAPAYA_AHASH, TRACKER},
    engine,
    plan::{CAPACITY, THREADS, variant},
};

/// The time of one contender over that of another, in one comparison.
pub struct Claim {
    pub what: &'static str,
    comparison: &'static str,
    time_of: String,
    over: String,
    pub target: Target,
}

#[derive(Clone, Copy)]
pub enum Target {
    AtLeast(f64),
    AtMost(f64),
}

impl Target {
    pub fn met_by(self, ratio: f64) -> bool {
        match self {
            Self::AtLeast(least) => ratio >= least,
            Self::AtMost(most) => ratio <= most,
        }
    }
}

impl Claim {
    /// `over` is at least `factor` times as fast as `time_of`.
    fn faster(what: &'static str, comparison: &'static str, over: &str, time_of: &str, factor: f64) -> Self {
        let (time_of, over) = (time_of.to_owned(), over.to_owned());
        Self { what, comparison, time_of, over, target: Target::AtLeast(factor) }
    }

    /// `time_of` takes at most `factor` times as long as `over`.
    fn no_slower(
        what: &'static str,
        comparison: &'static str,
        time_of: &str,
        over: &str,
        factor: f64,
    ) -> Self {
        Self { target: Target::AtMost(factor), ..Self::faster(what, comparison, over, time_of, factor) }
    }

    /// `None` if the comparison was not made.
    pub fn measured(&self, outcomes: &[Outcome]) -> Option<f64> {
        outcomes.iter().find(|outcome| outcome.name == self.comparison)?.ratio(&self.time_of, &self.over)
    }
}

/// All claims, in the order of the table. The ratios are against the DashMap ledger unless the
/// claim says otherwise.
pub fn all() -> Vec<Claim> {
    let dashmap = |what, comparison, over, factor| Claim::faster(what, comparison, over, DASHMAP, factor);
    vec![
        dashmap("resident, not raised, random", "inline/not-raised/random", LEDGER, 5.0),
        dashmap("resident, not raised, always the same", "inline/not-raised/one", LEDGER, 6.0),
        dashmap("tracker, not raised, random", "inline/not-raised/random", TRACKER, 15.0),
        dashmap("tracker, not raised, always the same", "inline/not-raised/one", TRACKER, 15.0),
        Claim::no_slower(
            "tracker over the bare limit, random",
            "inline/not-raised/random",
            TRACKER,
            BARE,
            2.5,
        ),
        Claim::no_slower(
            "tracker over the bare limit, always the same",
            "inline/not-raised/one",
            TRACKER,
            BARE,
            2.5,
        ),
        dashmap("newcomer at or below the floor", "inline/newcomer-below", LEDGER, 20_000.0),
        dashmap("newcomer above the floor, rising by a page", "inline/newcomer-above/by-page", LEDGER, 80.0),
        dashmap("newcomer above the floor, rising by one", "inline/newcomer-above/by-one", LEDGER, 80.0),
        Claim::no_slower(
            "newcomer above the floor: 1 048 576 places over 4096",
            CAPACITY,
            &variant(LEDGER, "1048576 places"),
            &variant(LEDGER, "4096 places"),
            4.0,
        ),
        Claim::no_slower(
            "one resident, not raised: 2 threads over 1",
            THREADS,
            &variant(LEDGER, "2 threads"),
            &variant(LEDGER, "1 thread"),
            1.15,
        ),
        dashmap("mix, 2 threads", "inline/mix/threads-2", LEDGER, 4.0),
        Claim::no_slower(
            "wasmtime memory.grow, meter over StoreLimits",
            engine::GROW,
            engine::METER,
            engine::STORE_LIMITS,
            1.02,
        ),
        Claim::no_slower(
            "wasmtime memory.grow, budgets of host and tenant over none",
            engine::GROW_BUDGET,
            engine::BUDGETED,
            engine::METER,
            1.03,
        ),
        dashmap("epoch keys: resident, not raised, random", "epoch/not-raised/random", LEDGER, 1.8),
        Claim::faster(
            "epoch keys: the same, against papaya",
            "epoch/not-raised/random",
            LEDGER,
            PAPAYA_AHASH,
            1.0,
        ),
        dashmap("epoch keys: tracker, not raised, random", "epoch/not-raised/random", TRACKER, 8.0),
    ]
}

/// As fast as a peer, with an allowance for noise.
pub const AS_FAST: f64 = 0.95;

/// A workload on which a peer was faster than the ledger.
pub struct Faster<'a> {
    pub comparison: &'a str,
    pub peer: &'a str,
    pub ratio: f64,
}

/// The number of pairs of workload and peer that were measured, and the pairs in which the peer was
/// faster. The bare array is no peer.
pub fn faster_peers(outcomes: &[Outcome]) -> (usize, Vec<Faster<'_>>) {
    let mut pairs = 0;
    let mut faster = Vec::new();
    for outcome in outcomes {
        for timing in &outcome.timings {
            let peer = timing.contender.as_str();
            if [LEDGER, TRACKER, BARE].contains(&peer) {
                continue;
            }
            let Some(ratio) = outcome.ratio(peer, LEDGER) else {
                continue;
            };
            pairs += 1;
            if ratio < AS_FAST {
                faster.push(Faster { comparison: &outcome.name, peer, ratio });
            }
        }
    }
    (pairs, faster)
}
