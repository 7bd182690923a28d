//! A host whose principal type belongs to a third crate: two aliases, and the rest reads as before.

#![cfg(all(feature = "std", not(any(highwater_narrow, highwater_core_only))))]

use std::{collections::HashMap, thread};

use wasmtime::{Engine, Instance, Module, Result, Store};

/// A foreign type: no trait of this crate, no order, not even `Debug`.
mod third_crate {
    #[derive(Clone, PartialEq, Eq, Hash)]
    pub struct PrincipalId(pub String);
}
use third_crate::PrincipalId;

type MemoryLedger = highwater::Ledger<PrincipalId>;
type StoreMemoryMeter = highwater::StoreMemoryMeter<MemoryLedger>;

const PAGE: usize = 65_536;
const CEILING: usize = 12 * PAGE;

/// The state that the host's threads share.
#[derive(Clone)]
struct Host {
    ledger: MemoryLedger,
    engine: Engine,
    module: Module,
}

/// A Store's data; the limiter is the host's own type.
struct Guest {
    limiter: Limiter,
}

struct Limiter(StoreMemoryMeter);

highwater::impl_resource_limiter! {
    impl wasmtime::ResourceLimiter for Limiter { |limiter| limiter.0 }
}

fn id(number: usize) -> PrincipalId {
    PrincipalId(format!("tenant-{number}"))
}

impl Host {
    fn new() -> Result<Self> {
        let engine = Engine::default();
        let module = Module::new(&engine, include_str!("guests/grower.wat"))?;
        Ok(Self { ledger: MemoryLedger::default(), engine, module })
    }

    /// A Store with a meter of its own, over a clone of the ledger, for one principal after the
    /// other.
    fn serve(&self, principals: impl Iterator<Item = usize>) -> Result<Vec<(usize, usize)>> {
        let meter = StoreMemoryMeter::new(CEILING, id(0), self.ledger.clone());
        let mut store = Store::new(&self.engine, Guest { limiter: Limiter(meter) });
        store.limiter(|guest| &mut guest.limiter);
        let instance = Instance::new(&mut store, &self.module, &[])?;
        let grow = instance.get_typed_func::<i32, i32>(&mut store, "grow")?;
        let memory = instance.get_memory(&mut store, "m0").expect("the guest exports it");

        let mut sizes = vec![(0, memory.data_size(&store))];
        for principal in principals {
            store.data_mut().limiter.0.set(CEILING, id(principal));
            if grow.call(&mut store, 1)? >= 0 {
                sizes.push((principal, memory.data_size(&store)));
            }
        }
        Ok(sizes)
    }
}

#[test]
fn each_store_has_a_clone_of_the_ledger() -> Result<()> {
    fn is_shared_state<T: Clone + Send + Sync + 'static>(_: &T) {}
    let host = Host::new()?;
    is_shared_state(&host);

    let workers: Vec<_> = (0..4)
        .map(|worker| {
            let host = host.clone();
            thread::spawn(move || {
                (0..50).map(|round| host.serve((0..20).map(|n| worker + n * round % 37))).collect()
            })
        })
        .collect();
    let mut expected = HashMap::new();
    for worker in workers {
        let served: Result<Vec<_>> = worker.join().expect("no worker panics");
        for (principal, size) in served?.into_iter().flatten() {
            let peak = expected.entry(principal).or_insert(0);
            *peak = size.max(*peak);
        }
    }
    assert_eq!(host.ledger.len(), expected.len());
    assert_eq!(expected.values().max(), Some(&CEILING), "some ran into their ceiling");
    for (principal, size) in expected {
        assert_eq!(host.ledger.peak(&id(principal)), size as u64);
    }
    Ok(())
}
