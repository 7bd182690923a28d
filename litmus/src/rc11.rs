//! The memory model: RC11, as in
//!
//! > Ori Lahav, Viktor Vafeiadis, Jeehoon Kang, Chung-Kil Hur, Derek Dreyer: *Repairing Sequential
//! > Consistency in C/C++11*. PLDI 2017, <https://doi.org/10.1145/3062341.3062352>, section 3.
//!
//! with the release sequences of C++20 (P0982R1: updates only, not later stores of the same thread),
//! which allow more. C++20, and with it Rust, took its rules for `SeqCst` from there (P0668R5). Names
//! are those of the paper: `sb` sequenced before, `rf` reads from, `mo` modification order, `rb`
//! reads before, `eco` extended coherence order, `sw` synchronizes with, `hb` happens before.

use std::{
    fmt,
    sync::atomic::Ordering::{AcqRel, Acquire, Release, SeqCst},
};

use crate::{
    program::{Action, Event},
    relation::{MAX_EVENTS, Relation, Set},
};

/// A rule of the model, or a part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axiom {
    /// `hb; eco?` is irreflexive.
    Coherence,
    /// Nothing comes between the read and the write of an update: `rmw` and `rb; mo` have nothing
    /// in common.
    Atomicity,
    /// `psc` is acyclic.
    SeqCst,
    /// `psc` has the order of fences with what is ordered only through reads in between (`psc_F`).
    SeqCstFences,
    /// `sb` and `rf` together are acyclic. C++20 does not have this one, only a recommendation.
    NoThinAir,
    /// A release store synchronizes with the acquire loads that read from it.
    Synchronization,
    /// Also through updates in between.
    ReleaseSequences,
    /// Also through fences.
    Fences,
}

/// RC11, all of it or without some axioms.
#[derive(Clone, Copy, Default)]
pub struct Model<'a> {
    pub without: &'a [Axiom],
}

impl Model<'_> {
    pub fn has(&self, axiom: Axiom) -> bool {
        !self.without.contains(&axiom)
    }
}

/// The events of an execution with what does not change from one choice of `rf` and `mo` to the
/// next.
pub struct Events {
    pub events: Vec<Event>,
    /// The thread of each; `None` for initial writes.
    pub threads: Vec<Option<usize>>,
    /// Initial writes come before everything.
    sb: Relation,
    rmw: Relation,
    same_location: Relation,
}

impl Events {
    pub fn new(initial: &[Event], paths: &[&[Event]]) -> Self {
        let mut events = initial.to_vec();
        let mut threads = vec![None; initial.len()];
        for (thread, path) in paths.iter().enumerate() {
            events.extend(*path);
            threads.resize(events.len(), Some(thread));
        }
        let count = events.len();
        assert!(count <= MAX_EVENTS, "{count} events are too many");
        let [mut sb, mut rmw, mut same_location] = [Relation::EMPTY; 3];
        for (later, event) in events.iter().enumerate() {
            for earlier in 0..later {
                if threads[later].is_some()
                    && (threads[earlier].is_none() || threads[earlier] == threads[later])
                {
                    sb.insert(earlier, later);
                }
            }
            if event.updates {
                rmw.insert(later - 1, later);
            }
            for (other, access) in events.iter().enumerate() {
                if event.action != Action::Fence && event.location == access.location {
                    same_location.insert(later, other);
                }
            }
        }
        Self { events, threads, sb, rmw, same_location }
    }

    pub fn set(&self, is_in: impl Fn(&Event) -> bool) -> Set {
        self.events.iter().enumerate().fold(0, |set, (index, event)| set | Set::from(is_in(event)) << index)
    }

    /// Happens before, for these reads.
    pub fn hb(&self, rf: Relation, model: Model) -> Relation {
        let all = Set::MAX;
        let fences = self.set(|event| event.action == Action::Fence);
        let releases = self
            .set(|event| matches!(event.ordering, Release | AcqRel | SeqCst) && event.action != Action::Read);
        let acquires = self.set(|event| {
            matches!(event.ordering, Acquire | AcqRel | SeqCst) && event.action != Action::Write
        });
        let writes = self.set(|event| event.action == Action::Write);
        let reads = self.set(|event| event.action == Action::Read);

        let sequence = match model.has(Axiom::ReleaseSequences) {
            true => rf.then(self.rmw).closure().optional(),
            false => Relation::EMPTY.optional(),
        };
        let (mut before, mut behind) = (Relation::EMPTY.optional(), Relation::EMPTY.optional());
        if model.has(Axiom::Fences) {
            before = self.sb.between(fences, writes).optional();
            behind = self.sb.between(reads, fences).optional();
        }
        let sw = match model.has(Axiom::Synchronization) {
            true => {
                before.between(releases, writes).then(sequence).then(rf).then(behind).between(all, acquires)
            }
            false => Relation::EMPTY,
        };
        (self.sb | sw).closure()
    }

    pub fn has_no_thin_air(&self, rf: Relation) -> bool {
        (self.sb | rf).is_acyclic()
    }

    /// Coherence and atomicity. `mo` may be of some locations only: then these are the two axioms
    /// for those.
    pub fn is_coherent(&self, rf: Relation, mo: Relation, hb: Relation, model: Model) -> bool {
        let rb = rf.inverse().then(mo);
        let eco = (rf | mo | rb).closure();
        (!model.has(Axiom::Coherence) || hb.then(eco.optional()).is_irreflexive())
            && (!model.has(Axiom::Atomicity) || self.rmw.and(rb.then(mo)).is_empty())
    }

    /// The axiom of sequential consistency.
    pub fn is_seq_cst(&self, rf: Relation, mo: Relation, hb: Relation, model: Model) -> bool {
        let all = Set::MAX;
        let rb = rf.inverse().then(mo);
        let eco = (rf | mo | rb).closure();
        let seq_cst = self.set(|event| event.ordering == SeqCst);
        let fences = self.set(|event| event.ordering == SeqCst && event.action == Action::Fence);

        let sb_elsewhere = self.sb.minus(self.same_location);
        let scb = self.sb | sb_elsewhere.then(hb).then(sb_elsewhere) | hb.and(self.same_location) | mo | rb;
        let from = Relation::identity(seq_cst) | hb.optional().between(fences, all);
        let to = Relation::identity(seq_cst) | hb.optional().between(all, fences);
        let psc_base = from.then(scb).then(to);
        let psc_fences = match model.has(Axiom::SeqCstFences) {
            true => (hb | hb.then(eco).then(hb)).between(fences, fences),
            false => Relation::EMPTY,
        };
        (psc_base | psc_fences).is_acyclic()
    }
}

/// A consistent execution that has the outcome that was asked for.
pub struct Execution {
    pub events: Events,
    pub rf: Relation,
    pub mo: Relation,
}

impl fmt::Display for Execution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Events { events, threads, .. } = &self.events;
        for (index, event) in events.iter().enumerate() {
            match threads[index] {
                Some(thread) => write!(f, "  {index:2} thread {thread}: {event}")?,
                None => write!(f, "  {index:2} initially: {} = {}", event.location, event.value)?,
            }
            if let Some(source) = (0..events.len()).find(|&source| self.rf.contains(source, index)) {
                write!(f, " from {source}")?;
            }
            let before = (0..events.len()).filter(|&before| self.mo.contains(before, index)).count();
            if event.action == Action::Write && before > 0 {
                write!(f, ", change {before}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
