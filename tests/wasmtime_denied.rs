//! What a host's own limiter makes of growths that do not take place: its error, its own account of
//! them, and which of them trap, through both forms of `impl_resource_limiter!`.

#![cfg(all(feature = "std", not(any(loom, highwater_narrow, highwater_core_only))))]

use std::{
    error, fmt,
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use highwater::{Denial, MemoryLedger, MeterLimits, MeterLimitsBuilder, PrincipalId, StoreMemoryMeter};
use wasmtime::{Config, Engine, Error, Instance, Module, Store};

const PAGE: usize = 65_536;

/// The host's own error for a growth that did not take place.
#[derive(PartialEq, Debug)]
struct Refused(Denial);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused: {}", self.0)
    }
}

impl error::Error for Refused {}

struct Limiter {
    meter: StoreMemoryMeter,
    denials: Vec<Denial>,
}

impl Limiter {
    fn refuse(&mut self, denial: Denial) -> Refused {
        self.denials.push(denial);
        Refused(denial)
    }
}

highwater::impl_resource_limiter! {
    impl wasmtime::ResourceLimiter for Limiter {
        |limiter| limiter.meter,
        denied: |limiter, denial| limiter.refuse(denial)
    }
}

highwater::impl_resource_limiter! {
    impl wasmtime::ResourceLimiterAsync for Limiter {
        |limiter| limiter.meter,
        denied: |limiter, denial| limiter.refuse(denial),
    }
}

/// A guest with a page and ten elements. The limits deny a memory above seven pages and a table above
/// twenty elements; the engine fails a memory above four.
struct Guest {
    store: Store<Limiter>,
    instance: Instance,
    is_async: bool,
}

/// The limiter never waits, and nothing else does.
fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the limiter waits"),
    }
}

impl Guest {
    fn new(limits: MeterLimitsBuilder, is_async: bool) -> Self {
        let mut config = Config::new();
        config.memory_may_move(false).memory_reservation(4 * PAGE as u64).memory_reservation_for_growth(0);
        let limits = limits.memory_size(7 * PAGE).table_elements(20).build();
        let meter = StoreMemoryMeter::with_limits(limits, PrincipalId::default(), MemoryLedger::default());
        let limiter = Limiter { meter, denials: Vec::new() };
        let mut store = Store::new(&Engine::new(&config).unwrap(), limiter);
        let module = Module::new(store.engine(), include_str!("guests/tables.wat")).unwrap();
        let instance = if is_async {
            store.limiter_async(|limiter| limiter);
            at_once(Instance::new_async(&mut store, &module, &[]))
        } else {
            store.limiter(|limiter| limiter);
            Instance::new(&mut store, &module, &[])
        };
        Self { instance: instance.unwrap(), store, is_async }
    }

    fn call(&mut self, name: &str, by: i32) -> Result<i32, Error> {
        let grow = self.instance.get_typed_func::<i32, i32>(&mut self.store, name).unwrap();
        if self.is_async {
            at_once(grow.call_async(&mut self.store, by))
        } else {
            grow.call(&mut self.store, by)
        }
    }

    /// The three ways in which a growth does not take place: what the guest sees of each.
    fn tries(&mut self) -> [Result<i32, Error>; 3] {
        [self.call("grow", 7), self.call("grow_table", 11), self.call("grow", 5)]
    }
}

const DENIALS: [Denial; 3] = [Denial::OverCeiling, Denial::Table, Denial::FailedByEngine];

#[test]
fn the_host_is_told_of_every_growth_that_does_not_take_place() {
    for is_async in [false, true] {
        let mut guest = Guest::new(MeterLimits::builder(), is_async);
        assert_eq!(guest.tries().map(Result::unwrap), [-1; 3]);
        assert_eq!(guest.store.data().denials, DENIALS);
        assert_eq!((guest.call("grow", 1).unwrap(), guest.call("grow_table", 1).unwrap()), (1, 10));
        assert_eq!(guest.store.data().denials.len(), 3, "and of no other");
    }
}

#[test]
fn each_kind_traps_by_itself_with_the_hosts_error() {
    for is_async in [false, true] {
        for (traps, limits) in [
            MeterLimits::builder().trap_on_denied_memory(true),
            MeterLimits::builder().trap_on_denied_table(true),
            MeterLimits::builder().trap_on_failed_growth(true),
        ]
        .into_iter()
        .enumerate()
        {
            let mut guest = Guest::new(limits, is_async);
            for (kind, answer) in guest.tries().into_iter().enumerate() {
                if kind != traps {
                    assert_eq!(answer.unwrap(), -1);
                    continue;
                }
                let error = answer.unwrap_err();
                assert_eq!(error.downcast_ref(), Some(&Refused(DENIALS[kind])), "{error:?}");
                let because = format!("{error:#}").contains("Memory maximum size exceeded");
                assert_eq!(because, DENIALS[kind] == Denial::FailedByEngine, "{error:#}");
            }
            assert_eq!(guest.store.data().denials, DENIALS);
            assert_eq!(guest.store.data().meter.report().total, PAGE);
        }
    }
}
