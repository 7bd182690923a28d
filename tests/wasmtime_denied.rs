//! What a host's own limiter makes of growths that do not take place: its error, its own account of
//! them, and which of them trap, through both forms of `impl_resource_limiter!`; a limiter with a rule
//! of its own around the meter; and one that is an account alone.

#![cfg(all(feature = "std", not(any(highwater_narrow, highwater_core_only))))]

use std::{
    error, fmt,
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use highwater::{
    Account, Denial, MemoryLedger, MeterLimits, MeterLimitsBuilder, PrincipalId, StoreMemoryMeter,
};
use wasmtime::{Config, Engine, Error, Instance, Module, ResourceLimiter, Result, Store};

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

    fn call(&mut self, name: &str, by: i32) -> Result<i32> {
        let grow = self.instance.get_typed_func::<i32, i32>(&mut self.store, name).unwrap();
        if self.is_async {
            at_once(grow.call_async(&mut self.store, by))
        } else {
            grow.call(&mut self.store, by)
        }
    }

    /// The three ways in which a growth does not take place: what the guest sees of each.
    fn tries(&mut self) -> [Result<i32>; 3] {
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

/// A rule of the host's own, which denies what the meter has approved.
struct Stricter {
    meter: StoreMemoryMeter,
    most: usize,
}

impl ResourceLimiter for Stricter {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        let allowed = self.meter.approve_memory(current, desired, maximum)?;
        if allowed && desired > self.most {
            self.meter.memory_failed(&"denied by the host")?;
            return Ok(false);
        }
        Ok(allowed)
    }

    fn memory_grow_failed(&mut self, error: Error) -> Result<()> {
        Ok(self.meter.memory_failed(&error)?)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        let allowed = self.meter.approve_table(current, desired, maximum)?;
        if allowed && desired > self.most {
            self.meter.table_failed(&"denied by the host")?;
            return Ok(false);
        }
        Ok(allowed)
    }
}

#[test]
fn a_host_that_denies_what_the_meter_approved_says_so() {
    let (ledger, alice) = (MemoryLedger::default(), PrincipalId::default());
    let meter = StoreMemoryMeter::with_limits(MeterLimits::total(100 * PAGE), alice, ledger.clone());
    let mut store = Store::new(&Engine::default(), Stricter { meter, most: 2 * PAGE });
    store.limiter(|limiter| limiter);
    let module = Module::new(store.engine(), include_str!("guests/tables.wat")).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    for (name, by, answer) in
        [("grow", 5, -1), ("grow", 1, 1), ("grow_table", 140_000, -1), ("grow_table", 5, 10), ("grow", 1, -1)]
    {
        let grow = instance.get_typed_func::<i32, i32>(&mut store, name).unwrap();
        assert_eq!(grow.call(&mut store, by).unwrap(), answer, "{name} by {by}");
    }
    let report = store.data().meter.report();
    assert_eq!((report.total, report.table_elements, report.denied), (2 * PAGE, 15, 3));
    assert_eq!(ledger.peak(&alice), 2 * PAGE as u64);
}

/// An account without meter and ledger, as the arithmetic of a host that has its own of both.
struct AccountOnly(Account);

impl ResourceLimiter for AccountOnly {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        Ok(self.0.approve_memory(&MeterLimits::default(), current, desired, maximum).is_ok())
    }

    fn memory_grow_failed(&mut self, error: Error) -> Result<()> {
        self.0.memory_failed(&error);
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        Ok(self.0.approve_table(&MeterLimits::default(), current, desired, maximum).is_ok())
    }

    fn table_grow_failed(&mut self, error: Error) -> Result<()> {
        self.0.table_failed(&error);
        Ok(())
    }
}

#[test]
fn an_account_alone_tells_failures_that_follow_no_question() {
    let mut config = Config::new();
    config.wasm_memory64(true).wasm_custom_page_sizes(true);
    let mut store = Store::new(&Engine::new(&config).unwrap(), AccountOnly(Account::new()));
    store.limiter(|limiter| limiter);
    let module = Module::new(store.engine(), include_str!("guests/sixty_four_bit.wat")).unwrap();
    let wide = Instance::new(&mut store, &module, &[]).unwrap();
    let grow = wide.get_typed_func::<i64, i64>(&mut store, "grow_table").unwrap();
    assert_eq!(grow.call(&mut store, 5).unwrap(), 10);
    assert_eq!(grow.call(&mut store, -1).unwrap(), -1);
    let elements = wide.get_table(&mut store, "t0").unwrap().size(&store);
    assert_eq!((store.data().0.table_elements() as u64, elements), (15, 15));

    let module = Module::new(store.engine(), include_str!("guests/byte_pages.wat")).unwrap();
    let bytes = Instance::new(&mut store, &module, &[]).unwrap();
    let grow = bytes.get_typed_func::<i32, i32>(&mut store, "grow").unwrap();
    assert_eq!(grow.call(&mut store, 1_000).unwrap(), 1);
    assert_eq!(grow.call(&mut store, -1_000).unwrap(), -1);
    assert_eq!(store.data().0.total(), PAGE + 1_001);
    assert_eq!((store.data().0.denied(), store.data().0.last_denial()), (2, Some(Denial::OverTypeMaximum)));
}
