//! Promise: every call takes effect at one instant between its call and its return, against the
//! sequential rule.

mod common;

use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use common::effort;
use common::history::{Call, Event};
use common::kinds::kind_name;
use common::linearizability::check;
use common::subject::Subject;

for_every_kind! { histories_of_threads_are_linearizable }

/// Real threads, a clock that all of them read, histories short enough to search.
fn histories_of_threads_are_linearizable<S: Subject>() {
    let first = effort::first_seed();
    let mut states = 0;
    for seed in (0..effort::scaled(1500)).map(|round| first.wrapping_add(round)) {
        let mut rng = fastrand::Rng::with_seed(seed);
        let ledger = S::with_capacity(rng.usize(1..=3));
        let (threads, keys, largest) = (rng.usize(2..=4), rng.u64(2..=5), rng.u64(3..=12));
        let programs: Vec<Vec<Call>> = (0..threads)
            .map(|_| (0..rng.usize(2..=7)).map(|_| Call::random(&mut rng, keys, largest)).collect())
            .collect();
        let history = run(&ledger, &programs);
        assert!(
            S::MAY_REFUSE || ledger.refused() == 0,
            "{:?}: refused with HIGHWATER_SEED={seed}",
            kind_name::<S>()
        );
        match check(&history, ledger.capacity()) {
            Ok(seen) => states += seen,
            Err(why) => panic!("{:?} with HIGHWATER_SEED={seed}: {why}", kind_name::<S>()),
        }
    }
    println!("{:?}: {} histories, {states} states", kind_name::<S>(), effort::scaled(1500));
}

fn run<S: Subject>(ledger: &S, programs: &[Vec<Call>]) -> Vec<Event> {
    let start = Barrier::new(programs.len());
    let epoch = Instant::now();
    // Nanoseconds since `epoch`; equal readings count as overlapping, so a coarse clock loses
    // rejections only.
    let now = || u64::try_from(epoch.elapsed().as_nanos()).expect("a short run");
    thread::scope(|scope| {
        let workers: Vec<_> = programs
            .iter()
            .map(|program| {
                let (start, now) = (&start, &now);
                scope.spawn(move || {
                    let mut history = Vec::with_capacity(4 * program.len());
                    start.wait();
                    for call in program {
                        call.run(ledger, now, &mut history);
                    }
                    history
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no call panics")).collect()
    })
}
