//! Runs the calls of a model on several threads and looks for an order that explains the answers.

use std::sync::atomic::{AtomicU64, Ordering};

#[cfg(not(highwater_shuttle))]
use loom::thread;
#[cfg(highwater_shuttle)]
use shuttle::thread;

use highwater::Recorded;

use super::{
    history::{Event, Operation},
    kinds::{ALIVE, Kind},
    linearizability,
    subject::Readings,
};

/// The calls of one thread.
#[derive(Clone, Copy, Debug)]
pub enum Do {
    Record(u64, u64),
    Peak(u64),
    Len,
    Floor,
    Snapshot,
    /// Frees what keys can be freed.
    Collect,
}

impl Do {
    /// Makes the call and writes down what it answered. A snapshot is a read of every entry that it
    /// shows: each key once, and no more than fit.
    fn run<K: Kind>(self, session: &mut K::Session, ledger: &K::Ledger, capacity: usize) -> Vec<Event> {
        let call = now();
        let operations = match self {
            Self::Record(key, bytes) => {
                vec![Operation::Record { key, bytes, answer: Some(K::record(session, key, bytes)) }]
            }
            Self::Peak(key) => vec![Operation::Peak { key, answer: K::peak(session, key) }],
            Self::Len => vec![Operation::Len { answer: K::readings(ledger).len() }],
            Self::Floor => vec![Operation::Floor { answer: K::readings(ledger).floor() }],
            Self::Collect => {
                K::collect(session);
                vec![]
            }
            Self::Snapshot => {
                let mut entries = K::snapshot(session);
                let shown = entries.len();
                entries.sort_unstable();
                entries.dedup_by_key(|entry| entry.0);
                assert!(
                    shown == entries.len() && shown <= capacity,
                    "{shown} shown, {entries:?} in {capacity}"
                );
                assert!(entries.iter().all(|entry| entry.1 != 0));
                entries.into_iter().map(|(key, answer)| Operation::Peak { key, answer }).collect()
            }
        };
        let end = now();
        operations.into_iter().map(|operation| Event { call, end, operation }).collect()
    }
}

/// A clock that every thread of an execution reads.
fn now() -> u64 {
    static CLOCK: AtomicU64 = AtomicU64::new(0);
    CLOCK.fetch_add(1, Ordering::Relaxed)
}

/// A scenario: what is in the ledger before, what each thread then does at the same time, and what
/// is done when they are through.
#[derive(Clone, Debug)]
pub struct Model<Calls = &'static [Do]> {
    pub preemptions: usize,
    pub capacity: usize,
    pub before: Calls,
    pub threads: Vec<Calls>,
    pub after: Calls,
}

impl Model {
    /// Explores the model with one kind of ledger. `LOOM_MAX_PREEMPTIONS` bounds the preemptions;
    /// if it is not set, the model and the kind do. `LOOM_MAX_DURATION`, in seconds, ends the
    /// exploration early.
    #[cfg(not(highwater_shuttle))]
    pub fn check<K: Kind>(self) {
        let mut builder = loom::model::Builder::new();
        let bound = self.preemptions.min(K::PREEMPTIONS);
        let bound = *builder.preemption_bound.get_or_insert(bound);
        builder.max_branches = 20_000;
        let executions = std::sync::Arc::new(AtomicU64::new(0));
        let count = executions.clone();
        let started = std::time::Instant::now();
        builder.check(move || {
            count.fetch_add(1, Ordering::Relaxed);
            self.run_once::<K>();
        });
        let (executions, took) = (executions.load(Ordering::Relaxed), started.elapsed());
        // loom looks at the clock before every so many executions.
        let cut = builder.max_duration.is_some_and(|most| took >= most)
            && (executions + 1).is_multiple_of(builder.checkpoint_interval as u64);
        let through = if cut { "not through: " } else { "" };
        println!("{through}{executions} executions with {bound} preemptions in {:.1} s", took.as_secs_f32());
    }

    /// Runs the model under schedules with a few preemptions each, wherever chance puts them: 5000,
    /// or `SHUTTLE_SCHEDULES`.
    #[cfg(highwater_shuttle)]
    pub fn check<K: Kind>(self) {
        shuttle::check_pct(move || self.run_once::<K>(), schedules(5000), 5);
    }
}

/// How many schedules to run.
#[cfg(highwater_shuttle)]
pub fn schedules(unless_set: usize) -> usize {
    std::env::var("SHUTTLE_SCHEDULES")
        .map_or(unless_set, |text| text.parse().expect("SHUTTLE_SCHEDULES is a number"))
}

impl<Calls: AsRef<[Do]> + Clone + Send + 'static> Model<Calls> {
    pub fn run_once<K: Kind>(&self) {
        let alive = ALIVE.get();
        let ledger = K::ledger(self.capacity);
        let work = |ledger: K::Ledger, calls: Calls, capacity: usize| {
            let mut session = K::session(&ledger);
            calls
                .as_ref()
                .iter()
                .flat_map(|call| call.run::<K>(&mut session, &ledger, capacity))
                .collect::<Vec<_>>()
        };
        let before = work(ledger.clone(), self.before.clone(), self.capacity);
        let threads: Vec<_> = self
            .threads
            .iter()
            .map(|calls| {
                let (ledger, calls, capacity) = (ledger.clone(), calls.clone(), self.capacity);
                thread::spawn(move || work(ledger, calls, capacity))
            })
            .collect();
        let answers: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        let mut after = work(ledger.clone(), self.after.clone(), self.capacity);
        after.extend(self.look_afterwards::<K>(&ledger));
        let refused: Vec<_> = answers.iter().flatten().filter_map(refused_bytes).collect();
        assert_eq!(K::readings(&ledger).refused(), refused.len() as u64);
        assert!(
            refused.iter().all(|&bytes| bytes <= K::readings(&ledger).untracked_at_most()),
            "{refused:?} not covered"
        );
        // Three slots are to spare.
        assert!(refused.is_empty() || self.threads.len() > 3, "refused with a slot to spare: {answers:?}");
        assert!(
            explained(&before, &mut answers.clone(), &after, self.capacity),
            "no order explains {before:?}, then at once {answers:?}, then {after:?}"
        );
        drop(ledger);
        assert_eq!(ALIVE.get(), alive, "keys left over, or dropped twice");
    }

    /// Everything that the ledger shows when no call is in flight.
    fn look_afterwards<K: Kind>(&self, ledger: &K::Ledger) -> Vec<Event> {
        let session = K::session(ledger);
        let mut keys: Vec<u64> = [&self.before, &self.after]
            .into_iter()
            .chain(&self.threads)
            .flat_map(|calls| calls.as_ref())
            .filter_map(|call| if let Do::Record(key, _) = call { Some(*key) } else { None })
            .collect();
        keys.sort_unstable();
        keys.dedup();
        let shown = K::snapshot(&session);
        let len = K::readings(ledger).len();
        assert_eq!(shown.len(), len, "{shown:?} are not {len} residents");
        let peaks = keys.iter().map(|&key| {
            let answer = K::peak(&session, key);
            let in_snapshot: Vec<_> =
                shown.iter().filter(|entry| entry.0 == key).map(|entry| entry.1).collect();
            assert_eq!(in_snapshot, if answer == 0 { vec![] } else { vec![answer] }, "key {key}");
            Operation::Peak { key, answer }
        });
        let after =
            [Operation::Len { answer: len }, Operation::Floor { answer: K::readings(ledger).floor() }];
        peaks.chain(after).map(|operation| Event { call: now(), end: now(), operation }).collect()
    }
}

fn refused_bytes(event: &Event) -> Option<u64> {
    match event.operation {
        Operation::Record { bytes, answer: Some(Recorded::Refused), .. } => Some(bytes),
        _ => None,
    }
}

/// Whether an order that respects real time is legal. Schedules of shuttle are sequentially
/// consistent, so there must be one.
#[cfg(highwater_shuttle)]
fn explained(before: &[Event], threads: &mut [Vec<Event>], after: &[Event], capacity: usize) -> bool {
    let history: Vec<_> = before.iter().chain(threads.iter().flatten()).chain(after).copied().collect();
    linearizability::check(&history, capacity).is_ok()
}

/// Whether some order of the threads' operations, each thread's own kept, is legal between `before`
/// and `after`.
#[cfg(not(highwater_shuttle))]
fn explained(before: &[Event], threads: &mut [Vec<Event>], after: &[Event], capacity: usize) -> bool {
    if threads.iter().all(Vec::is_empty) {
        let events: Vec<_> = before
            .iter()
            .chain(after)
            .zip(0..)
            .map(|(event, place)| Event { call: 2 * place, end: 2 * place + 1, ..*event })
            .collect();
        return linearizability::check(&events, capacity).is_ok();
    }
    (0..threads.len()).any(|thread| {
        let Some(first) = threads[thread].first() else { return false };
        // The entries of one snapshot were each true at some instant, in whatever order.
        let together = threads[thread].iter().take_while(|event| event.call == first.call).count();
        (0..together).any(|index| {
            let next = threads[thread].remove(index);
            let order: Vec<_> = before.iter().copied().chain([next]).collect();
            let found = explained(&order, threads, after, capacity);
            threads[thread].insert(index, next);
            found
        })
    })
}
