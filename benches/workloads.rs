//! Every workload for every contender under criterion:
//! `cargo bench --bench workloads -- inline/not-raised`.

mod peers;
mod suite;

use std::{cell::LazyCell, time::Duration};

use criterion::Criterion;
use highwater::PrincipalId;
use suite::{
    contenders::{KeyKind, entrants},
    principals::{Id, principals},
    workload::{COMMON, INLINE_ONLY, Workload},
};

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600))
        .configure_from_args();
    for workload in COMMON.iter().chain(INLINE_ONLY) {
        bench::<PrincipalId>(&mut criterion, *workload);
    }
    for workload in COMMON {
        bench::<Id>(&mut criterion, *workload);
    }
    criterion.final_summary();
}

/// Keys and ledgers are built when criterion first asks for a measurement, so those that are
/// filtered out cost nothing.
fn bench<K: KeyKind>(criterion: &mut Criterion, workload: Workload) {
    let keys = LazyCell::new(|| principals::<K>(workload.principals(), workload.id_length));
    let mut group = criterion.benchmark_group(format!("{}/{workload}", K::NAME));
    for entrant in entrants::<K>(&workload) {
        let mut contender = None;
        group.bench_function(entrant.name, |bencher| {
            let contender = contender.get_or_insert_with(|| (entrant.build)(workload, &keys));
            bencher.iter_custom(|calls| contender.round(calls));
        });
    }
}
