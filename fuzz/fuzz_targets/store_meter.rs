//! Any sequence of an engine's callbacks, with growths that fail and leases that change: the meter
//! and its budgets against a plain model of the Store.

#![no_main]

use std::collections::HashMap;

use arbitrary::Arbitrary;
use highwater::{Budget, BudgetedLimits, MemoryLedger, MeterLimits, PrincipalId, StoreMemoryMeter};
use libfuzzer_sys::fuzz_target;

/// The bytes that a table element counts for.
const ELEMENT: usize = 32;

#[derive(Arbitrary, Debug)]
struct Input {
    /// Whether the Store's total is recorded when a growth is approved, or a lease's own growth
    /// when it has happened.
    on_approval: bool,
    ceiling: Size,
    /// The limit of the Store's budget, if it has one.
    budget: Option<Size>,
    events: Vec<Event>,
}

#[derive(Arbitrary, Debug)]
enum Event {
    Memory {
        which: u8,
        by: Size,
        maximum: Option<Size>,
        fails: bool,
    },
    Table {
        which: u8,
        by: Size,
        maximum: Option<Size>,
        fails: bool,
    },
    /// A growth that the engine refuses without asking.
    Unasked,
    Lease {
        principal: u8,
        ceiling: Size,
        /// Whether it draws on a budget of its own, below the Store's.
        tenant: bool,
    },
    Settle,
}

/// Sizes that meet each other, and now and then the largest there are.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Size {
    Bytes(u8),
    Pages(u8),
    BelowTheLargest(u8),
}

impl Size {
    fn get(self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.into(),
            Self::Pages(pages) => usize::from(pages) << 16,
            Self::BelowTheLargest(less) => usize::MAX - usize::from(less),
        }
    }
}

/// The true contents of the Store, and the charge that each principal should have.
#[derive(Default)]
struct Store {
    memories: [usize; 3],
    tables: [usize; 2],
    ceiling: usize,
    principal: u8,
    inherited: usize,
    charged: HashMap<u8, usize>,
}

impl Store {
    fn memory(&self) -> usize {
        self.memories.iter().sum()
    }

    fn charge(&mut self, bytes: usize) {
        let charged = self.charged.entry(self.principal).or_default();
        *charged = bytes.max(*charged);
    }

    fn elements(&self) -> u128 {
        self.tables.iter().map(|&elements| elements as u128).sum()
    }

    /// Whether the sizes are within the ceiling: tables apart, or beside the memories.
    fn admits(&self, memory: u128, elements: u128, apart: bool) -> bool {
        let (ceiling, table) = (self.ceiling as u128, elements * ELEMENT as u128);
        let within = |bytes: u128| bytes <= ceiling && bytes < usize::MAX as u128;
        if apart { within(memory) && within(table) } else { within(memory + table) }
    }
}

fn id(principal: u8) -> PrincipalId {
    PrincipalId::new(format!("tenant-{principal}")).expect("a valid id")
}

fn limits(on_approval: bool, ceiling: usize, budget: Option<&Budget>) -> BudgetedLimits {
    let limits = if on_approval { MeterLimits::on_approval(ceiling) } else { MeterLimits::total(ceiling) };
    budget.map_or(limits.into(), |budget| limits.with_budget(budget))
}

/// Whether the Store's budget has room for all that the Store would hold.
fn has_room(budget: Option<&Budget>, memory: u128, elements: u128) -> bool {
    budget.is_none_or(|budget| memory + elements * ELEMENT as u128 <= u128::from(budget.limit()))
}

fuzz_target!(|input: Input| {
    let apart = input.on_approval;
    let ledger = MemoryLedger::with_capacity(256);
    let mut store = Store { ceiling: input.ceiling.get(), ..Store::default() };
    let budget = input.budget.map(|limit| Budget::new(limit.get() as u64));
    let budget = budget.as_ref();
    let tenant = budget.map(|budget| budget.child(u64::MAX));
    let first = limits(apart, store.ceiling, budget);
    let mut meter = StoreMemoryMeter::with_limits(first, id(0), ledger.clone());
    for event in input.events {
        match event {
            Event::Memory { which, by, maximum, fails } => {
                let which = usize::from(which) % store.memories.len();
                let current = store.memories[which];
                let Some(desired) = current.checked_add(by.get()).filter(|&desired| desired > current) else {
                    continue;
                };
                let total = store.memory() as u128 + (desired - current) as u128;
                let elements = store.elements();
                let maximum = maximum.map(Size::get);
                let within =
                    if apart { store.admits(total, 0, true) } else { store.admits(total, elements, false) };
                let room = has_room(budget, total, elements);
                let expected = within && maximum.is_none_or(|maximum| desired <= maximum) && room;
                assert_eq!(meter.approve_memory(current, desired, maximum), Ok(expected));
                if !expected {
                    continue;
                }
                if input.on_approval {
                    store.charge(store.memory() - current + desired);
                }
                if fails {
                    assert_eq!(meter.memory_failed(&"no memory"), Ok(()));
                } else {
                    store.memories[which] = desired;
                    if !input.on_approval {
                        store.charge(store.memory() - store.inherited);
                    }
                }
            }
            Event::Table { which, by, maximum, fails } => {
                let which = usize::from(which) % store.tables.len();
                let current = store.tables[which];
                let Some(desired) = current.checked_add(by.get()) else { continue };
                let elements = store.elements() + (desired - current) as u128;
                let maximum = maximum.map(Size::get);
                let memory = if apart { 0 } else { store.memory() as u128 };
                let admitted = desired == current || store.admits(memory, elements, apart);
                let room = desired == current || has_room(budget, store.memory() as u128, elements);
                let expected = admitted && maximum.is_none_or(|maximum| desired <= maximum) && room;
                assert_eq!(meter.approve_table(current, desired, maximum), Ok(expected));
                if expected && fails {
                    assert_eq!(meter.table_failed(&"no memory"), Ok(()));
                } else if expected {
                    store.tables[which] = desired;
                }
            }
            Event::Unasked => {
                assert_eq!(meter.memory_failed(&"memory growth exceeds memory type's limits"), Ok(()));
            }
            Event::Lease { principal, ceiling, tenant: own } => {
                store.ceiling = ceiling.get();
                let own = tenant.as_ref().filter(|_| own);
                meter.start_lease(id(principal), limits(apart, store.ceiling, own));
                store.principal = principal;
                store.inherited = store.memory();
            }
            Event::Settle => meter.settle(),
        }
        if let Some(budget) = budget {
            let held = store.memory() as u128 + store.elements() * ELEMENT as u128;
            assert_eq!(u128::from(budget.used()), held);
        }
    }
    drop(meter);
    assert!(budget.is_none_or(|budget| budget.used() == 0));
    for principal in 0..=u8::MAX {
        let charged = store.charged.get(&principal).copied().unwrap_or(0) as u64;
        assert_eq!(ledger.peak(&id(principal)), charged.min(i64::MAX as u64), "tenant-{principal}");
    }
});
