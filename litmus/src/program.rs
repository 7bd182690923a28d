//! Litmus programs: a few threads of atomic accesses, and the outcome that is asked for.
//!
//! A thread is a closure that runs again and again, each time with other answers to its reads. What
//! it did in one run to the end is a [`Path`]; which of the paths of several threads fit together
//! is the search's business.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst},
};

pub type Value = u32;
/// A location by its name. It holds 0 at first, unless the program says otherwise.
pub type Location = &'static str;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Read,
    Write,
    Fence,
}

/// One access of one run. An update is a read and, right behind it, a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    pub action: Action,
    /// Empty for a fence.
    pub location: Location,
    pub value: Value,
    pub ordering: Ordering,
    /// A write that forms an update with the read before it.
    pub updates: bool,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { action, location, value, ordering, updates } = self;
        match action {
            Action::Fence => write!(f, "fence {ordering:?}"),
            Action::Read => write!(f, "read {location} = {value} {ordering:?}"),
            Action::Write if *updates => write!(f, "  and write {location} = {value} {ordering:?}"),
            Action::Write => write!(f, "write {location} = {value} {ordering:?}"),
        }
    }
}

/// What a thread did in one run.
pub type Path = Vec<Event>;

/// What a thread's closure returns: `None` where its run is cut off, by `?`.
pub type Cut<T = ()> = Option<T>;

type Thread<'a> = Box<dyn Fn(&mut Run) -> Cut + 'a>;

#[derive(Default)]
pub struct Program<'a> {
    initially: BTreeMap<Location, Value>,
    finally: Vec<(Location, Value)>,
    threads: Vec<Thread<'a>>,
}

impl<'a> Program<'a> {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn initially(mut self, location: Location, value: Value) -> Self {
        self.initially.insert(location, value);
        self
    }

    pub fn thread(mut self, thread: impl Fn(&mut Run) -> Cut + 'a) -> Self {
        self.threads.push(Box::new(thread));
        self
    }

    /// Asks for executions whose last write of `location` writes this value.
    pub fn finally(mut self, location: Location, value: Value) -> Self {
        self.finally.push((location, value));
        self
    }

    pub fn initial_value(&self, location: Location) -> Value {
        self.initially.get(location).copied().unwrap_or(0)
    }

    pub fn last_values(&self) -> &[(Location, Value)] {
        &self.finally
    }

    /// For each thread the paths on which it comes to its end with the outcome that is asked for,
    /// whatever values its reads return among those that can be written at all.
    pub fn paths(&self) -> Vec<Vec<Path>> {
        let values = self.values();
        self.threads.iter().map(|thread| runs(thread, &|at| values.of(self, at), true)).collect()
    }

    /// What can be written to each location. A value depends on no longer a chain of writes than
    /// there are writes in an execution, so this ends, though counters alone would let it go on for
    /// ever.
    fn values(&self) -> Values {
        let mut values = Values::default();
        let mut rounds = 0;
        loop {
            let mut next = values.clone();
            let mut writes = 0;
            for thread in &self.threads {
                let paths = runs(thread, &|at| values.of(self, at), false);
                let written = |path: &Path| path.iter().filter(|event| event.action == Action::Write).count();
                writes += paths.iter().map(written).max().unwrap_or(0);
                for event in paths.iter().flatten().filter(|event| event.action == Action::Write) {
                    next.0.entry(event.location).or_default().insert(event.value);
                }
            }
            rounds += 1;
            if next == values || rounds > writes {
                return next;
            }
            values = next;
        }
    }
}

#[derive(Clone, Default, PartialEq)]
struct Values(BTreeMap<Location, BTreeSet<Value>>);

impl Values {
    fn of(&self, program: &Program, location: Location) -> BTreeSet<Value> {
        let mut values = self.0.get(location).cloned().unwrap_or_default();
        values.insert(program.initial_value(location));
        values
    }
}

/// All runs of a thread with reads answered out of `values`. If not `chosen`, `only_if` lets
/// everything pass.
fn runs(thread: &Thread, values: &dyn Fn(Location) -> BTreeSet<Value>, chosen: bool) -> Vec<Path> {
    let mut paths = Vec::new();
    let mut scripts = vec![Vec::new()];
    while let Some(script) = scripts.pop() {
        let mut run = Run { script: &script, path: Vec::new(), reads: 0, unanswered: None, chosen };
        let ended = thread(&mut run).is_some();
        match run.unanswered {
            Some(location) => {
                scripts.extend(values(location).into_iter().map(|value| [&script[..], &[value]].concat()));
            }
            None if ended => paths.push(run.path),
            None => {}
        }
    }
    paths
}

/// One run of a thread, whose reads are answered from a script.
pub struct Run<'a> {
    script: &'a [Value],
    path: Path,
    reads: usize,
    /// The location of the first read that the script has no answer for.
    unanswered: Option<Location>,
    chosen: bool,
}

impl Run<'_> {
    pub fn load(&mut self, location: Location, ordering: Ordering) -> Cut<Value> {
        let Some(&value) = self.script.get(self.reads) else {
            self.unanswered = Some(location);
            return None;
        };
        self.reads += 1;
        self.path.push(Event { action: Action::Read, location, value, ordering, updates: false });
        Some(value)
    }

    pub fn store(&mut self, location: Location, value: Value, ordering: Ordering) {
        self.path.push(Event { action: Action::Write, location, value, ordering, updates: false });
    }

    /// The core has no fences, the classical tests have.
    #[cfg(test)]
    pub fn fence(&mut self, ordering: Ordering) {
        self.path.push(Event { action: Action::Fence, location: "", value: 0, ordering, updates: false });
    }

    /// A failure is a load that reads any other value, not only the newest.
    pub fn compare_exchange(
        &mut self,
        location: Location,
        expected: Value,
        new: Value,
        success: Ordering,
        failure: Ordering,
    ) -> Cut<Result<Value, Value>> {
        let seen = self.load(location, failure)?;
        if seen != expected {
            return Some(Err(seen));
        }
        self.write_behind(success, new);
        Some(Ok(seen))
    }

    pub fn update(
        &mut self,
        location: Location,
        ordering: Ordering,
        new: impl Fn(Value) -> Value,
    ) -> Cut<Value> {
        let seen = self.load(location, ordering)?;
        self.write_behind(ordering, new(seen));
        Some(seen)
    }

    pub fn fetch_add(&mut self, location: Location, value: Value, ordering: Ordering) -> Cut<Value> {
        self.update(location, ordering, |seen| seen + value)
    }

    pub fn fetch_max(&mut self, location: Location, value: Value, ordering: Ordering) -> Cut<Value> {
        self.update(location, ordering, |seen| seen.max(value))
    }

    pub fn swap(&mut self, location: Location, value: Value, ordering: Ordering) -> Cut<Value> {
        self.update(location, ordering, |_| value)
    }

    /// Cuts off the runs that do not have the outcome that is asked for.
    pub fn only_if(&self, condition: bool) -> Cut {
        (condition || !self.chosen).then_some(())
    }

    /// Makes the read just done the first half of an update.
    fn write_behind(&mut self, ordering: Ordering, value: Value) {
        let (reading, writing) = match ordering {
            Relaxed => (Relaxed, Relaxed),
            Acquire => (Acquire, Relaxed),
            Release => (Relaxed, Release),
            AcqRel => (Acquire, Release),
            SeqCst => (SeqCst, SeqCst),
            other => panic!("not an ordering of updates: {other:?}"),
        };
        let read = self.path.last_mut().expect("an update reads first");
        read.ordering = reading;
        let write = Event { action: Action::Write, value, ordering: writing, updates: true, ..*read };
        self.path.push(write);
    }
}
