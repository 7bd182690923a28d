//! A second opinion on the checker: programs whose accesses are all SeqCst have the outcomes of
//! their interleavings, no more and no fewer. That is a theorem about RC11; here it is tried with
//! random programs.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst},
};

use crate::{
    program::{Location, Program, Value},
    rc11::Model,
    search::find,
};

#[derive(Clone, Copy, Debug)]
enum Step {
    Load(Location),
    Store(Location, Value),
    Add(Location),
    Exchange(Location, Value, Value),
}

type Threads = Vec<Vec<Step>>;
/// What each step of each thread read; for stores nothing.
type Outcome = Vec<Vec<Option<Value>>>;

/// All outcomes of executions one step after the other.
fn interleave(
    threads: &Threads,
    memory: &BTreeMap<Location, Value>,
    done: &Outcome,
    found: &mut BTreeSet<Outcome>,
) {
    let mut ended = true;
    for (thread, steps) in threads.iter().enumerate() {
        let Some(&step) = steps.get(done[thread].len()) else { continue };
        ended = false;
        let (mut memory, mut done) = (memory.clone(), done.clone());
        let mut read = |location: Location| *memory.entry(location).or_default();
        let (seen, change) = match step {
            Step::Load(location) => (Some(read(location)), None),
            Step::Store(location, value) => (None, Some((location, value))),
            Step::Add(location) => (Some(read(location)), Some((location, read(location) + 1))),
            Step::Exchange(location, expected, new) => {
                let seen = read(location);
                (Some(seen), (seen == expected).then_some((location, new)))
            }
        };
        memory.extend(change);
        done[thread].push(seen);
        interleave(threads, &memory, &done, found);
    }
    if ended {
        found.insert(done.clone());
    }
}

/// The program that asks for this outcome.
fn asking<'a>(
    threads: &'a Threads,
    outcome: &'a Outcome,
    loads: Ordering,
    stores: Ordering,
    updates: Ordering,
) -> Program<'a> {
    threads.iter().zip(outcome).fold(Program::new(), |program, (steps, outcome)| {
        program.thread(move |t| {
            for (&step, &expected) in steps.iter().zip(outcome) {
                let seen = match step {
                    Step::Load(location) => Some(t.load(location, loads)?),
                    Step::Store(location, value) => {
                        t.store(location, value, stores);
                        None
                    }
                    Step::Add(location) => Some(t.fetch_add(location, 1, updates)?),
                    Step::Exchange(location, expected, new) => {
                        let result = t.compare_exchange(location, expected, new, updates, loads)?;
                        Some(result.unwrap_or_else(|seen| seen))
                    }
                };
                t.only_if(seen == expected)?;
            }
            Some(())
        })
    })
}

/// All outcomes that any values could give.
fn conceivable(threads: &Threads) -> Vec<Outcome> {
    let values = 0..=4;
    let mut outcomes = vec![vec![]];
    for steps in threads {
        let mut paths = vec![vec![]];
        for step in steps {
            let reads: Vec<Option<Value>> = match step {
                Step::Store(..) => vec![None],
                _ => values.clone().map(Some).collect(),
            };
            paths = paths
                .iter()
                .flat_map(|path| reads.iter().map(move |&read| [&path[..], &[read]].concat()))
                .collect();
        }
        outcomes = outcomes
            .iter()
            .flat_map(|outcome| {
                paths.iter().map(move |path| [&outcome[..], std::slice::from_ref(path)].concat())
            })
            .collect();
    }
    outcomes
}

/// Numbers that are as good as random.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn step(&mut self) -> Step {
        let location = ["x", "y"][self.roll(2) as usize];
        match self.roll(5) {
            0 | 1 => Step::Load(location),
            2 => Step::Store(location, self.roll(2) as Value + 1),
            3 => Step::Add(location),
            _ => Step::Exchange(location, self.roll(2) as Value, 2),
        }
    }

    /// Two or three threads, five steps in all.
    fn threads(&mut self) -> Threads {
        let lengths: &[usize] = if self.roll(2) == 0 { &[2, 3] } else { &[2, 2, 1] };
        lengths.iter().map(|&length| (0..length).map(|_| self.step()).collect()).collect()
    }
}

#[test]
fn seq_cst_programs_have_the_outcomes_of_their_interleavings() {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let (mut sequential, mut weak) = (0, 0);
    for _ in 0..60 {
        let threads = dice.threads();
        let mut found = BTreeSet::new();
        interleave(&threads, &BTreeMap::new(), &vec![vec![]; threads.len()], &mut found);
        for outcome in conceivable(&threads) {
            let allows = |loads, stores, updates| {
                find(&asking(&threads, &outcome, loads, stores, updates), Model::default()).is_some()
            };
            let seq_cst = allows(SeqCst, SeqCst, SeqCst);
            assert_eq!(seq_cst, found.contains(&outcome), "{threads:?}: {outcome:?}");
            // Weaker orderings never take an outcome away.
            let acq_rel = allows(Acquire, Release, AcqRel);
            let relaxed = allows(Relaxed, Relaxed, Relaxed);
            assert!(seq_cst <= acq_rel && acq_rel <= relaxed, "{threads:?}: {outcome:?}");
            sequential += usize::from(seq_cst);
            weak += usize::from(relaxed);
        }
    }
    assert!(weak > sequential, "{weak} outcomes, all of them sequential");
}
