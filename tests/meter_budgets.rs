//! Promise: budgets count exactly what Stores hold. Meters that draw on budgets against a model that
//! keeps every memory, table and reservation by itself.

#![cfg(feature = "alloc")]

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

use fastrand::Rng;
use highwater::{
    Budget, BudgetedLimits, Denial, FixedState, InlineLedger, MeterCounters, MeterLimits, StoreMemoryMeter,
};

#[path = "common/effort.rs"]
mod effort;

type Ledger = InlineLedger<u32, FixedState>;
type Meter = StoreMemoryMeter<Ledger>;

/// The bytes of a table element, by the limits that the meters are made with.
const ELEMENT: usize = 3;
const DEEPEST: usize = 4;
const HOST: usize = 0;

/// The budgets: the host's, a pool's, and two tenants', with the parent of each.
const PARENTS: [Option<usize>; 4] = [None, Some(HOST), Some(HOST), Some(HOST)];

/// A budget as it should be. The bytes of other users of it are `outside`.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    used: u64,
    limit: u64,
    denied: u64,
}

/// The budget of a turn, and what it has grown.
#[derive(Clone, Copy, Debug)]
struct Turn {
    budget: Option<usize>,
    bytes: u64,
}

/// A guard: the turn that it has put aside, and whether its own has been ended by hand.
#[derive(Clone, Copy, Debug)]
struct Guard {
    aside: Option<Turn>,
    over: bool,
}

/// A Store as it should be: its parts by themselves, and who has to answer for their bytes.
#[derive(Debug)]
struct Store {
    memories: Vec<usize>,
    tables: Vec<usize>,
    budget: Option<usize>,
    bytes: u64,
    turn: Option<Turn>,
    guards: Vec<Guard>,
    sums: [Sum; 4],
}

impl Store {
    fn held(&self) -> u64 {
        let (memory, elements): (usize, usize) = (self.memories.iter().sum(), self.tables.iter().sum());
        (memory + elements * ELEMENT) as u64
    }

    fn chain(budget: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(budget), |&budget| PARENTS[budget])
    }

    fn add(&mut self, budget: Option<usize>, bytes: i64) {
        for budget in budget.into_iter().flat_map(Self::chain) {
            let sum = &mut self.sums[budget];
            sum.used = sum.used.checked_add_signed(bytes).expect("no more is given back than was taken");
        }
    }

    /// Whose limit forbids so many more bytes, from the budget in force upward.
    fn over(&mut self, more: u64) -> Option<u32> {
        let budget = self.turn.and_then(|turn| turn.budget).or(self.budget)?;
        let over = |&(_, budget): &(u32, usize)| {
            more > self.sums[budget].limit.saturating_sub(self.sums[budget].used)
        };
        let (level, budget) = (0..).zip(Self::chain(budget)).find(over)?;
        self.sums[budget].denied += 1;
        Some(level)
    }

    /// The turn that is on has to answer for so many bytes more.
    fn charge_turn(&mut self, more: u64) {
        if let Some(Turn { budget: Some(budget), bytes }) = &mut self.turn {
            *bytes += more;
            let budget = *budget;
            self.add(Some(budget), more as i64);
        } else {
            self.charge_store(more);
        }
    }

    fn charge_store(&mut self, more: u64) {
        if self.budget.is_some() {
            self.bytes += more;
            self.add(self.budget, more as i64);
        }
    }

    /// The Store holds fewer bytes: those of the turn go first.
    fn give_back(&mut self, mut less: u64) {
        if let Some(Turn { budget: Some(budget), bytes }) = &mut self.turn {
            let own = less.min(*bytes);
            *bytes -= own;
            let budget = *budget;
            self.add(Some(budget), -(own as i64));
            less -= own;
        }
        if self.budget.is_some() {
            self.bytes -= less;
            self.add(self.budget, -(less as i64));
        }
    }

    /// The bytes in budgets of turns that guards have put aside.
    fn aside(&self) -> u64 {
        let aside = self.guards.iter().filter_map(|guard| guard.aside);
        aside.filter(|turn| turn.budget.is_some()).map(|turn| turn.bytes).sum()
    }

    fn begin(&mut self, budget: Option<usize>) {
        if let (None, Some(budget)) = (self.budget, budget) {
            self.budget = Some(PARENTS[budget].unwrap_or(budget));
            self.charge_store(self.held());
        }
        self.turn = Some(Turn { budget, bytes: 0 });
    }

    /// What a turn has left belongs to the Store.
    fn leave(&mut self, turn: Option<Turn>) {
        if let Some(Turn { budget: Some(budget), bytes }) = turn {
            self.add(Some(budget), -(bytes as i64));
            self.charge_store(bytes);
        }
    }

    /// All turns end by hand. What guards have put aside stays with them.
    fn end_all(&mut self) {
        let turn = self.turn.take();
        self.leave(turn);
        self.guards.iter_mut().for_each(|guard| guard.over = true);
    }

    fn end_guard(&mut self) {
        let Guard { aside, over } = self.guards.pop().expect("guards end inside out");
        if over {
            self.leave(aside);
        } else {
            let turn = mem::replace(&mut self.turn, aside);
            self.leave(turn);
        }
    }
}

/// Real budgets with the numbers of the model's.
struct World {
    budgets: [Budget; 4],
}

impl World {
    fn limits(&self, element: usize, budget: Option<usize>, rng: &mut Rng) -> BudgetedLimits {
        let limits = MeterLimits::builder().table_element_bytes(element);
        let limits = limits.record_on_approval(rng.bool()).build();
        budget.map_or(limits.into(), |budget| limits.with_budget(&self.budgets[budget]))
    }

    fn check(&self, meter: &Meter, store: &Store, note: &dyn std::fmt::Debug) {
        for (budget, sum) in self.budgets.iter().zip(&store.sums) {
            let real = (budget.used(), budget.denied());
            assert_eq!(real, (sum.used, sum.denied), "{budget:?} after {note:?} on {store:?}");
        }
        let elements: usize = store.tables.iter().sum();
        let report = meter.report();
        assert_eq!((report.total, report.table_elements), (store.memories.iter().sum(), elements));
        if store.budget.is_some() {
            let turn = store.turn.map_or(0, |turn| turn.bytes);
            assert_eq!(store.bytes + turn + store.aside(), store.held(), "{store:?}");
        }
    }
}

const BY_ENGINE: &str = "no memory";

/// Grows a memory or table, or makes one.
fn grow(meter: &mut Meter, store: &mut Store, rng: &mut Rng) {
    let table = rng.u8(..3) == 0;
    let sizes = if table { &mut store.tables } else { &mut store.memories };
    let which = rng.usize(..=sizes.len().min(2));
    if which == sizes.len() {
        sizes.push(0);
    }
    let current = sizes[which];
    let desired = current + rng.usize(..if table { 60 } else { 200 });
    let (largest, fails) = (if rng.u8(..8) == 0 { Some(100) } else { None }, rng.u8(..5) == 0);
    let more = (if table { (desired - current) * ELEMENT } else { desired - current }) as u64;
    // The account's own rules are in tests/meter_account.rs; here only that they come first.
    let over_type = largest.is_some_and(|largest| desired > largest);
    let expected = match over_type {
        true => Err(Denial::OverTypeMaximum),
        false => store.over(more).map_or(Ok(()), |level| Err(Denial::OverBudget { level })),
    };
    let allowed = if table {
        meter.approve_table(current, desired, largest)
    } else {
        meter.approve_memory(current, desired, largest)
    };
    assert_eq!(allowed, Ok(expected.is_ok()), "{current} to {desired} on {store:?}");
    if let Err(denial) = expected {
        assert_eq!(meter.account().last_denial(), Some(denial));
        return;
    }
    store.charge_turn(more);
    if fails {
        // It was reserved until then.
        let in_force = meter.budget().map_or(more, |budget| budget.used());
        assert!(in_force >= more);
        if table { meter.table_failed(&BY_ENGINE) } else { meter.memory_failed(&BY_ENGINE) }.unwrap();
        store.give_back(more);
        return;
    }
    let sizes = if table { &mut store.tables } else { &mut store.memories };
    sizes[which] = desired;
}

/// An instantiation of up to three memories, of which each may be denied. Without all of them there
/// is no instance.
fn instantiate(meter: &mut Meter, store: &mut Store, rng: &mut Rng) {
    let mark = meter.mark();
    let (defined, known) = (rng.usize(1..4), store.memories.len());
    for _ in 0..defined {
        let bytes = rng.usize(..150);
        let over = store.over(bytes as u64);
        assert_eq!(meter.approve_memory(0, bytes, None), Ok(over.is_none()));
        if over.is_some() {
            break;
        }
        store.charge_turn(bytes as u64);
        store.memories.push(bytes);
    }
    let created = store.memories.len() == known + defined;
    if created && rng.bool() {
        meter.settle();
        return;
    }
    // It failed. Half of the hosts know by themselves that nothing is left of it.
    let gone = if rng.bool() && !created {
        meter.withdraw(mark);
        true
    } else {
        meter.withdraw_unless_created(mark, defined as u32, 0, 0)
    };
    assert_eq!(gone, !created);
    if gone {
        let bytes: usize = store.memories.drain(known..).sum();
        store.give_back(bytes as u64);
    }
}

/// Lets a Store do something inside the turns that are on.
fn play(world: &World, meter: &mut Meter, store: &mut Store, depth: usize, rng: &mut Rng) {
    for _ in 0..rng.usize(..10) {
        let kind = rng.u8(..20);
        match kind {
            0 => {
                let budget = random_budget(rng);
                meter.start_lease(1, world.limits(7, budget, rng));
                store.end_all();
                store.begin(budget);
            }
            1 => {
                meter.set(usize::MAX, 2);
                store.end_all();
                store.begin(None);
            }
            2 => {
                meter.end_lease();
                store.end_all();
            }
            3 => {
                // The host has counted the first memory. Bytes that guards have put aside are there.
                let size = store.memories.first().copied().unwrap_or(0);
                let spare = (store.held() - store.aside()) as usize;
                let bytes = rng.usize(size.saturating_sub(spare)..size + 300);
                match store.memories.first_mut() {
                    Some(memory) => *memory = bytes,
                    None => store.memories.push(bytes),
                }
                let (before, now) = (meter.report().total, store.memories.iter().sum());
                meter.reconcile(now);
                match now.checked_sub(before) {
                    Some(more) => store.charge_turn(more as u64),
                    None => store.give_back((before - now) as u64),
                }
            }
            4 => {
                // A memory that was there before the limiter asks to grow, past every limit.
                let before: usize = store.memories.iter().sum();
                let there = before + rng.usize(..50);
                store.memories = vec![there];
                store.charge_store((there - before) as u64);
                assert_eq!(meter.approve_memory(there, usize::MAX, Some(there)), Ok(false));
            }
            5 | 6 => instantiate(meter, store, rng),
            7 => {
                let budget = rng.usize(..4);
                let limit = rng.u64(..5_000);
                world.budgets[budget].set_limit(limit);
                store.sums[budget].limit = limit;
            }
            8..12 if depth < DEEPEST => nest(world, meter, store, depth, rng),
            _ => grow(meter, store, rng),
        }
        world.check(meter, store, &kind);
    }
}

fn random_budget(rng: &mut Rng) -> Option<usize> {
    [None, Some(HOST), Some(2), Some(3)][rng.usize(..4)]
}

/// A guard's turn inside those that are on, which may end by a panic.
fn nest(world: &World, meter: &mut Meter, store: &mut Store, depth: usize, rng: &mut Rng) {
    let budget = random_budget(rng);
    let mut lease = meter.lease(3, world.limits(9, budget, rng));
    let aside = store.turn.take();
    store.guards.push(Guard { aside, over: false });
    store.begin(budget);
    play(world, &mut lease, store, depth + 1, rng);
    if rng.u8(..4) == 0 {
        let unwound = catch_unwind(AssertUnwindSafe(move || {
            let _lease = lease;
            resume_unwind(Box::new("as a host function would"));
        }));
        assert!(unwound.is_err());
    } else {
        drop(lease);
    }
    store.end_guard();
}

/// What becomes of what random Stores do, one after the other, while other users come and go.
#[test]
fn budgets_count_what_a_store_holds() {
    static COUNTERS: MeterCounters = MeterCounters::new();
    let seed = effort::first_seed();
    println!("HIGHWATER_SEED={seed}");
    let mut rng = Rng::with_seed(seed);
    for _ in 0..effort::scaled(20_000) {
        let limits: [u64; 4] = std::array::from_fn(|_| rng.u64(..6_000));
        let host = Budget::new(limits[HOST]);
        let [pool, one, other] = [1, 2, 3].map(|child: usize| host.child(limits[child]));
        let world = World { budgets: [host, pool, one, other] };
        let outside = rng.u64(..=limits[HOST].min(limits[2]));
        world.budgets[2].reserve(outside).expect("there is room");
        let mut sums = limits.map(|limit| Sum { used: 0, limit, denied: 0 });
        (sums[HOST].used, sums[2].used) = (outside, outside);

        let budget = [None, Some(HOST), Some(1), Some(2)][rng.usize(..4)];
        let idle = world.limits(ELEMENT, budget, &mut rng);
        let mut meter =
            Meter::idle(idle, Ledger::with_capacity_and_hasher(8, FixedState)).counted_in(&COUNTERS);
        let (memories, tables, guards) = (Vec::new(), Vec::new(), Vec::new());
        let mut store = Store { memories, tables, budget, bytes: 0, turn: None, guards, sums };
        play(&world, &mut meter, &mut store, 0, &mut rng);

        drop(meter);
        let used = world.budgets.each_ref().map(|budget| budget.used());
        assert_eq!(used, [outside, 0, outside, 0], "a Store that goes away gives back all that it held");
    }
    let stats = COUNTERS.stats();
    println!("{stats:?}");
    assert!(stats.allowed.min(stats.denied_over_budget) > effort::scaled(20_000), "{stats:?}");
    assert!(stats.denied_over_type_maximum.min(stats.failed_by_engine) > 0, "{stats:?}");
}
