//! Runs the calls of a model on several threads and looks for an order that explains the answers.

use loom::thread;

use crate::{
    history::{Event, Operation},
    kinds::{ALIVE, Kind},
    linearizability,
};

/// What one thread does.
#[derive(Clone, Copy, Debug)]
pub enum Do {
    Record(u64, u64),
    Peak(u64),
    Len,
    Floor,
    Snapshot,
}

impl Do {
    /// Makes the call. A snapshot is checked for itself: each key once, and no more than fit.
    fn run<K: Kind>(self, ledger: &K::Ledger, session: &K::Session, capacity: usize) -> Option<Operation> {
        Some(match self {
            Self::Record(key, bytes) => {
                Operation::Record { key, bytes, answer: Some(K::record(session, key, bytes)) }
            }
            Self::Peak(key) => Operation::Peak { key, answer: K::peak(session, key) },
            Self::Len => Operation::Len { answer: K::len(ledger) },
            Self::Floor => Operation::Floor { answer: K::floor(ledger) },
            Self::Snapshot => {
                let mut entries = K::snapshot(session);
                assert!(entries.len() <= capacity, "{entries:?} are more than {capacity}");
                entries.sort_unstable();
                entries.dedup_by_key(|entry| entry.0);
                assert!(entries.iter().all(|entry| entry.1 != 0));
                return None;
            }
        })
    }
}

/// A scenario: what is in the ledger before, and what each thread then does at the same time.
pub struct Model {
    pub capacity: usize,
    pub before: &'static [Do],
    pub threads: &'static [&'static [Do]],
}

impl Model {
    /// Explores the model with one kind of ledger. `LOOM_MAX_PREEMPTIONS` bounds the preemptions; if it is not set, the kind
    /// does for two threads, and 1 for more.
    pub fn check<K: Kind>(&'static self) {
        let mut builder = loom::model::Builder::new();
        let bound = if self.threads.len() > 2 { 1 } else { K::PREEMPTIONS };
        builder.preemption_bound.get_or_insert(bound);
        builder.max_branches = 20_000;
        builder.check(|| self.run_once::<K>());
    }

    fn run_once<K: Kind>(&'static self) {
        let alive = ALIVE.get();
        let ledger = K::ledger(self.capacity);
        let work = |ledger: K::Ledger, calls: &'static [Do], capacity: usize| {
            let session = K::session(&ledger);
            calls.iter().filter_map(|call| call.run::<K>(&ledger, &session, capacity)).collect::<Vec<_>>()
        };
        let before = work(ledger.clone(), self.before, self.capacity);
        let threads: Vec<_> = self
            .threads
            .iter()
            .map(|calls| {
                let ledger = ledger.clone();
                thread::spawn(move || work(ledger, calls, self.capacity))
            })
            .collect();
        let answers: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        let after = self.look_afterwards::<K>(&ledger);
        assert_eq!(K::refused(&ledger), 0);
        assert!(
            explained(&before, &mut answers.clone(), &after, self.capacity),
            "no order explains {before:?}, then at once {answers:?}, then {after:?}"
        );
        drop(ledger);
        assert_eq!(ALIVE.get(), alive, "keys left over, or dropped twice");
    }

    /// Everything that the ledger shows when no call is in flight.
    fn look_afterwards<K: Kind>(&self, ledger: &K::Ledger) -> Vec<Operation> {
        let session = K::session(ledger);
        let mut keys: Vec<u64> = [self.before]
            .iter()
            .chain(self.threads)
            .flat_map(|calls| calls.iter())
            .filter_map(|call| if let Do::Record(key, _) = call { Some(*key) } else { None })
            .collect();
        keys.sort_unstable();
        keys.dedup();
        let shown = K::snapshot(&session);
        let len = K::len(ledger);
        assert_eq!(shown.len(), len, "{shown:?} are not {len} residents");
        let peaks = keys.iter().map(|&key| {
            let answer = K::peak(&session, key);
            let in_snapshot: Vec<_> =
                shown.iter().filter(|entry| entry.0 == key).map(|entry| entry.1).collect();
            assert_eq!(in_snapshot, if answer == 0 { vec![] } else { vec![answer] }, "key {key}");
            Operation::Peak { key, answer }
        });
        peaks.chain([Operation::Len { answer: len }, Operation::Floor { answer: K::floor(ledger) }]).collect()
    }
}

/// Whether some order of the threads' operations, each thread's own kept, is legal between `before` and `after`.
fn explained(
    before: &[Operation],
    threads: &mut [Vec<Operation>],
    after: &[Operation],
    capacity: usize,
) -> bool {
    if threads.iter().all(Vec::is_empty) {
        let events: Vec<_> = before
            .iter()
            .chain(after)
            .zip(0..)
            .map(|(&operation, place)| Event { call: 2 * place, end: 2 * place + 1, operation })
            .collect();
        return linearizability::check(&events, capacity).is_ok();
    }
    (0..threads.len()).any(|thread| {
        if threads[thread].is_empty() {
            return false;
        }
        let first = threads[thread].remove(0);
        let order: Vec<_> = before.iter().copied().chain([first]).collect();
        let found = explained(&order, threads, after, capacity);
        threads[thread].insert(0, first);
        found
    })
}
