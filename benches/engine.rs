//! The meter inside wasmtime under criterion: `cargo bench --bench engine`.

mod peers;
mod suite;

use criterion::Criterion;
use suite::engine;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let comparisons = [
        (engine::GROW, engine::grow as fn() -> _),
        (engine::GROW_BUDGET, engine::grow_budget),
        (engine::GROW_DENIED, engine::grow_denied),
        (engine::LEASE, engine::lease),
    ];
    for (name, contenders) in comparisons {
        let mut group = criterion.benchmark_group(name);
        for (name, mut contender) in contenders() {
            group.bench_function(name, |bencher| bencher.iter_custom(|calls| contender.round(calls)));
        }
    }
    criterion.final_summary();
}
