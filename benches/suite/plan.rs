//! All comparisons that there are, by name, none of them begun.

use highwater::PrincipalId;

use super::{
    comparison::{Contenders, Effort, Outcome, compare},
    contenders::{DASHMAP, KeyKind, LEDGER, entrants},
    engine,
    principals::{Id, principals},
    workload::{COMMON, HUGE, INLINE_ONLY, NEWCOMER_BY_PAGE, NOT_RAISED, Workload},
};

/// A comparison not yet made.
pub struct Planned {
    pub name: String,
    /// Whether it takes seconds before its first round, so that a quick look does without.
    pub heavy: bool,
    run: Box<Run>,
}

/// Makes the comparison of the given name.
type Run = dyn FnOnce(&str, &Effort) -> Outcome;

impl Planned {
    fn new(name: impl Into<String>, run: impl FnOnce(&str, &Effort) -> Outcome + 'static) -> Self {
        Self { name: name.into(), heavy: false, run: Box::new(run) }
    }

    pub fn run(self, effort: &Effort) -> Outcome {
        (self.run)(&self.name, effort)
    }
}

/// One thread and two on the same resident.
pub const THREADS: &str = "scaling/threads";
/// The default capacity and 256 times that.
pub const CAPACITY: &str = "scaling/capacity";

/// The name of `contender` in a comparison across workloads.
pub fn variant(contender: &str, of: &str) -> String {
    format!("{contender}, {of}")
}

pub fn all() -> Vec<Planned> {
    let inline = COMMON.iter().chain(INLINE_ONLY).map(|workload| peers::<PrincipalId>(*workload));
    let epoch = COMMON.iter().map(|workload| peers::<Id>(*workload));
    let threads = [("1 thread", NOT_RAISED.on_one()), ("2 threads", NOT_RAISED.on_one().threads(2))];
    let capacities = [("4096 places", NEWCOMER_BY_PAGE), ("1048576 places", NEWCOMER_BY_PAGE.capacity(HUGE))];
    let mut planned: Vec<Planned> = inline.chain(epoch).collect();
    planned.push(variants(THREADS, &[LEDGER, DASHMAP], threads));
    planned.push(variants(CAPACITY, &[LEDGER], capacities));
    planned.push(Planned::new(engine::GROW, |name, effort| compare(name, engine::grow(), effort)));
    planned
        .push(Planned::new(engine::GROW_BUDGET, |name, effort| compare(name, engine::grow_budget(), effort)));
    planned
        .push(Planned::new(engine::GROW_DENIED, |name, effort| compare(name, engine::grow_denied(), effort)));
    planned.push(Planned::new(engine::LEASE, |name, effort| compare(name, engine::lease(), effort)));
    planned
}

/// All contenders on one workload.
fn peers<K: KeyKind>(workload: Workload) -> Planned {
    let planned = Planned::new(format!("{}/{workload}", K::NAME), move |name, effort| {
        let keys = principals::<K>(workload.principals(), workload.id_length);
        let build = |entrant: super::contenders::Entrant<K>| {
            (entrant.name.to_owned(), (entrant.build)(workload, &keys))
        };
        compare(name, entrants(&workload).into_iter().map(build).collect(), effort)
    });
    Planned { heavy: workload.capacity == HUGE, ..planned }
}

/// A few, each on two workloads.
fn variants(name: &str, contenders: &'static [&str], workloads: [(&'static str, Workload); 2]) -> Planned {
    let planned = Planned::new(name, move |name, effort| {
        let keys = workloads
            .map(|(_, workload)| principals::<PrincipalId>(workload.principals(), workload.id_length));
        let mut all = Contenders::new();
        for contender in contenders {
            for ((of, workload), keys) in workloads.into_iter().zip(&keys) {
                let entrant = entrants(&workload).into_iter().find(|entrant| entrant.name == *contender);
                let build = entrant.expect("it takes part in both workloads").build;
                all.push((variant(contender, of), build(workload, keys)));
            }
        }
        compare(name, all, effort)
    });
    Planned { heavy: workloads.iter().any(|(_, workload)| workload.capacity == HUGE), ..planned }
}
