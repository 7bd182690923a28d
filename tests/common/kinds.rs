//! The kinds of ledger that the contract tests run over.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};

use highwater::{
    Collector, FixedState, InlineLedger, Ledger, PrincipalId, Recorded, Recorder, StaticLedger, Tracker,
};

use super::hashers::OneHome;
use super::subject::{Readings, Subject};

/// The ledger that a kind has in it, and the calls that it passes on to that.
macro_rules! calls {
    ($key:ty) => {
        type Key = $key;

        fn ledger(&self) -> &dyn Readings {
            &self.0
        }

        fn record_peak(&self, key: &$key, bytes: u64) -> Recorded {
            self.0.record_peak(key, bytes)
        }

        fn peak(&self, key: &$key) -> u64 {
            self.0.peak(key)
        }

        fn snapshot(&self) -> Vec<($key, u64)> {
            self.0.snapshot().into_iter().collect()
        }
    };
}

/// Ids of nine words, as a wasmtime host uses them.
pub struct Principals(InlineLedger<PrincipalId>);

impl Subject for Principals {
    calls!(PrincipalId);

    fn with_capacity(capacity: usize) -> Self {
        Self(InlineLedger::with_capacity(capacity))
    }

    fn key(number: u64) -> PrincipalId {
        principal(number)
    }

    fn top(&self, n: usize) -> Vec<(PrincipalId, u64)> {
        self.0.top(n)
    }
}

/// Keys of two words, zeros among them, that all have one home: the longest probes there can be.
pub struct Colliding(InlineLedger<(u64, u64), OneHome>);

impl Subject for Colliding {
    calls!((u64, u64));

    fn with_capacity(capacity: usize) -> Self {
        Self(InlineLedger::with_capacity_and_hasher(capacity, OneHome))
    }

    fn key(number: u64) -> (u64, u64) {
        (number, number % 3)
    }

    fn top(&self, n: usize) -> Vec<((u64, u64), u64)> {
        self.0.top(n)
    }
}

/// Owned strings behind epoch-reclaimed pointers, on the default collector.
#[cfg(feature = "std-ledger")]
pub struct Strings(Ledger<String>);

#[cfg(feature = "std-ledger")]
impl Subject for Strings {
    calls!(String);

    fn with_capacity(capacity: usize) -> Self {
        Self(Ledger::with_capacity(capacity))
    }

    fn key(number: u64) -> String {
        string(number)
    }

    fn top(&self, n: usize) -> Vec<(String, u64)> {
        with_ties_in_order(self.0.top(usize::MAX), n)
    }
}

/// The same with a collector of the ledger's own, through recorders that each thread keeps, as
/// without `std`.
pub struct Recorders(Ledger<String, FixedState>, u64);

thread_local! {
    static RECORDERS: RefCell<HashMap<u64, Recorder<String, FixedState>>> = RefCell::default();
}

impl Recorders {
    fn with_recorder<T>(&self, call: impl FnOnce(&Recorder<String, FixedState>) -> T) -> T {
        RECORDERS
            .with_borrow_mut(|recorders| call(recorders.entry(self.1).or_insert_with(|| self.0.recorder())))
    }
}

impl Subject for Recorders {
    type Key = String;

    fn ledger(&self) -> &dyn Readings {
        &self.0
    }

    fn with_capacity(capacity: usize) -> Self {
        Self(Ledger::with_collector(capacity, FixedState, Collector::new()), unique())
    }

    fn key(number: u64) -> String {
        string(number)
    }

    fn record_peak(&self, key: &String, bytes: u64) -> Recorded {
        self.with_recorder(|recorder| recorder.pin().record_peak(key, bytes))
    }

    fn peak(&self, key: &String) -> u64 {
        self.with_recorder(|recorder| recorder.peak(key))
    }

    fn snapshot(&self) -> Vec<(String, u64)> {
        self.with_recorder(|recorder| recorder.snapshot().into_iter().collect())
    }

    fn top(&self, n: usize) -> Vec<(String, u64)> {
        with_ties_in_order(self.with_recorder(|recorder| recorder.pin().top(usize::MAX)), n)
    }
}

/// Epoch keys leave the order of ties open, so they are put in order before the list is cut.
fn with_ties_in_order(mut ranking: Vec<(String, u64)>, n: usize) -> Vec<(String, u64)> {
    assert!(ranking.is_sorted_by(|a, b| a.1 >= b.1), "{ranking:?}");
    ranking.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    ranking.truncate(n);
    ranking
}

fn string(number: u64) -> String {
    format!("tenant-{number:03}")
}

/// Tells the ledgers of one process apart.
fn unique() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Integers, recorded through trackers that each thread keeps, whose hints go stale under the
/// others' calls.
pub struct Tracked(InlineLedger<u64>, u64);

/// By ledger and key.
type Trackers = HashMap<(u64, u64), Tracker<InlineLedger<u64>>>;

thread_local! {
    static TRACKERS: RefCell<Trackers> = RefCell::default();
}

impl Subject for Tracked {
    type Key = u64;

    fn ledger(&self) -> &dyn Readings {
        &self.0
    }

    fn with_capacity(capacity: usize) -> Self {
        Self(InlineLedger::with_capacity(capacity), unique())
    }

    fn key(number: u64) -> u64 {
        number
    }

    fn record_peak(&self, key: &u64, bytes: u64) -> Recorded {
        TRACKERS.with_borrow_mut(|trackers| {
            trackers.entry((self.1, *key)).or_insert_with(|| self.0.tracker(*key)).record_peak(bytes)
        })
    }

    fn peak(&self, key: &u64) -> u64 {
        self.0.peak(key)
    }

    fn snapshot(&self) -> Vec<(u64, u64)> {
        self.0.snapshot().into_iter().collect()
    }

    fn top(&self, n: usize) -> Vec<(u64, u64)> {
        self.0.top(n)
    }
}

/// Integers in a ledger as it would lie in a `static`, with just twice as many slots as places.
pub struct Fixed(Box<dyn FixedLedger>);

/// A [`StaticLedger`] of whatever capacity.
pub trait FixedLedger: Readings + Send + Sync {
    fn record_peak(&self, key: &u64, bytes: u64) -> Recorded;
    fn peak(&self, key: &u64) -> u64;
    fn top_into<'t>(&self, top: &'t mut [(u64, u64)]) -> &'t mut [(u64, u64)];
}

impl<const CAPACITY: usize> FixedLedger for StaticLedger<u64, CAPACITY> {
    fn record_peak(&self, key: &u64, bytes: u64) -> Recorded {
        self.record_peak(key, bytes)
    }

    fn peak(&self, key: &u64) -> u64 {
        self.peak(key)
    }

    fn top_into<'t>(&self, top: &'t mut [(u64, u64)]) -> &'t mut [(u64, u64)] {
        self.top_into(top)
    }
}

impl Subject for Fixed {
    type Key = u64;
    /// Below 64 places a few threads can hold every spare slot.
    const MAY_REFUSE: bool = true;

    fn ledger(&self) -> &dyn Readings {
        &*self.0
    }

    fn with_capacity(capacity: usize) -> Self {
        Self(match capacity {
            0 => panic!("a capacity of 0 does not compile"),
            1 => Box::new(StaticLedger::<u64, 1>::new()),
            2 => Box::new(StaticLedger::<u64, 2>::new()),
            3 => Box::new(StaticLedger::<u64, 3>::new()),
            4..8 => Box::new(StaticLedger::<u64, 4>::new()),
            8..64 => Box::new(StaticLedger::<u64, 8>::new()),
            64..256 => Box::new(StaticLedger::<u64, 64>::new()),
            _ => Box::new(StaticLedger::<u64, 256>::new()),
        })
    }

    fn key(number: u64) -> u64 {
        number
    }

    fn record_peak(&self, key: &u64, bytes: u64) -> Recorded {
        self.0.record_peak(key, bytes)
    }

    fn peak(&self, key: &u64) -> u64 {
        self.0.peak(key)
    }

    fn snapshot(&self) -> Vec<(u64, u64)> {
        self.top(self.capacity())
    }

    fn top(&self, n: usize) -> Vec<(u64, u64)> {
        self.0.top_into(&mut vec![(0, 0); n.min(2 * self.capacity())]).to_vec()
    }
}

/// Ids of all lengths that differ in their first word or only in their last: a torn read of two
/// would be a third.
pub fn principal(number: u64) -> PrincipalId {
    let id = match number % 3 {
        0 => format!("{number}"),
        1 => format!("{number:_>64}"),
        _ => format!("{number:-<40}"),
    };
    PrincipalId::new(id).expect("a valid id")
}

/// Instantiates generic tests, `fn name<S: Subject>()`, as a module per kind.
///
/// `for_every_kind! { a, b }` makes `principals::a`, `principals::b`, `colliding::a` and so on;
/// `for_interruptible_kinds!` leaves out the kinds whose calls may allocate or use thread-local
/// storage.
#[macro_export]
macro_rules! for_every_kind {
    ($($test:ident),+ $(,)?) => {
        $crate::for_interruptible_kinds! { $($test),+ }
        #[cfg(feature = "std-ledger")]
        $crate::for_kind! { strings: Strings; $($test),+ }
        #[cfg(not(feature = "std-ledger"))]
        $crate::for_kind! { recorders: Recorders; $($test),+ }
        $crate::for_kind! { tracked: Tracked; $($test),+ }
    };
}

/// See [`for_every_kind`].
#[macro_export]
macro_rules! for_interruptible_kinds {
    ($($test:ident),+ $(,)?) => {
        $crate::for_kind! { principals: Principals; $($test),+ }
        $crate::for_kind! { colliding: Colliding; $($test),+ }
        $crate::for_kind! { fixed: Fixed; $($test),+ }
    };
}

/// The module of one kind; see [`for_every_kind`].
#[macro_export]
macro_rules! for_kind {
    ($module:ident: $kind:ident; $($test:ident),+) => {
        mod $module {
            $(
                #[test]
                fn $test() {
                    super::$test::<$crate::common::kinds::$kind>();
                }
            )+
        }
    };
}

/// A name for messages: the kind without its path.
pub fn kind_name<S: Subject>() -> impl Debug {
    std::any::type_name::<S>().rsplit("::").next().unwrap_or_default()
}
