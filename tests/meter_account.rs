//! The account of a Store against a model that keeps every memory and table by itself.

use highwater::{Account, Attribution, Denial, MeterLimits};
use proptest::prelude::*;

/// What may happen to a Store. Sizes are in pages, `which` picks one of what exists.
#[derive(Clone, Copy, Debug)]
enum Event {
    Memory {
        which: usize,
        by: usize,
        maximum: Option<usize>,
        fails: bool,
    },
    Table {
        which: usize,
        by: usize,
        maximum: Option<usize>,
        fails: bool,
    },
    Unasked,
    Settle,
    Lease,
    /// An instantiation of this many memories, the last of which fails without a word.
    LostInstantiation {
        memories: usize,
        size: usize,
    },
}

fn event() -> impl Strategy<Value = Event> {
    let growth = (0..5_usize, 0..40_usize, prop::option::of(0..60_usize), prop::bool::weighted(0.2));
    prop_oneof![
        6 => growth.clone().prop_map(|(which, by, maximum, fails)| Event::Memory { which, by, maximum, fails }),
        3 => growth.prop_map(|(which, by, maximum, fails)| Event::Table { which, by, maximum, fails }),
        1 => Just(Event::Unasked),
        1 => Just(Event::Settle),
        1 => Just(Event::Lease),
        1 => (1..4_usize, 0..20_usize)
            .prop_map(|(memories, size)| Event::LostInstantiation { memories, size }),
    ]
}

/// The words of a failure that follows no question.
const UNASKED: &str = "memory growth exceeds memory type's limits";

fn limits() -> impl Strategy<Value = (MeterLimits, Bounds)> {
    let apart = prop::option::of(0..100_usize);
    (any::<bool>(), 1..200_usize, prop::option::of(1..60_usize), 0..4_usize, apart).prop_map(
        |(scoped, total, each, element, apart)| {
            let scoped = each.filter(|_| scoped);
            let start = scoped.map_or_else(MeterLimits::default, MeterLimits::per_memory).to_builder();
            let mut builder = start.total_memory(total).table_element_bytes(element);
            if let Some(each) = each {
                builder = builder.memory_size(each);
            }
            if let Some(apart) = apart {
                builder = builder.tables_apart(apart);
            }
            let each_table =
                scoped.and_then(|each| each.checked_div(element)).map(|elements| elements.max(1));
            let shared = scoped.is_none() && apart.is_none();
            (builder.build(), Bounds { total, each, element, apart, shared, each_table })
        },
    )
}

#[derive(Clone, Copy, Debug)]
struct Bounds {
    total: usize,
    each: Option<usize>,
    element: usize,
    apart: Option<usize>,
    /// Whether tables are in the total.
    shared: bool,
    /// Elements of a single table.
    each_table: Option<usize>,
}

/// The Store as the engine sees it, every memory and table on its own.
#[derive(Default)]
struct Model {
    memories: Vec<usize>,
    tables: Vec<usize>,
    inherited: usize,
    largest: usize,
    denied: u64,
}

impl Model {
    fn memory(&self) -> usize {
        self.memories.iter().sum()
    }

    /// What a lease is charged with that answers for the whole Store once it has grown it.
    fn store_total(&self) -> usize {
        if self.memory() > self.inherited { self.memory() } else { 0 }
    }

    fn elements(&self) -> usize {
        self.tables.iter().sum()
    }

    fn fits(&self, bounds: Bounds) -> bool {
        let tables = self.elements() * bounds.element;
        let shared = if bounds.shared { tables } else { 0 };
        self.memory() + shared <= bounds.total && bounds.apart.is_none_or(|apart| tables <= apart)
    }
}

/// Grows one of `sizes`, or adds one; answers the old and the new size.
fn grow(sizes: &mut Vec<usize>, which: usize, by: usize) -> (usize, usize, usize) {
    let index = which.min(sizes.len());
    if index == sizes.len() {
        sizes.push(0);
    }
    let old = sizes[index];
    sizes[index] = old + by;
    (index, old, old + by)
}

fn undo(sizes: &mut Vec<usize>, index: usize, old: usize) {
    sizes[index] = old;
    if old == 0 && index + 1 == sizes.len() {
        sizes.pop();
    }
}

proptest! {
    #[test]
    fn the_account_agrees_with_the_model(
        (limits, bounds) in limits(),
        events in prop::collection::vec(event(), 0..60),
    ) {
        let mut account = Account::new();
        let mut model = Model::default();
        for event in events {
            match event {
                Event::Memory { which, by, maximum, fails } => {
                    let (index, old, new) = grow(&mut model.memories, which, by);
                    let verdict = account.approve_memory(&limits, old, new, maximum);
                    let expected = if !model.fits(bounds) || bounds.each.is_some_and(|each| new > each) {
                        Err(Denial::OverCeiling)
                    } else if maximum.is_some_and(|maximum| new > maximum) {
                        Err(Denial::OverTypeMaximum)
                    } else {
                        Ok(())
                    };
                    prop_assert_eq!(verdict, expected);
                    if verdict.is_ok() && fails {
                        account.memory_failed(&"no memory");
                    }
                    if verdict.is_err() || fails {
                        undo(&mut model.memories, index, old);
                        model.denied += 1;
                    } else {
                        model.largest = model.largest.max(new);
                    }
                }
                Event::Table { which, by, maximum, fails } => {
                    let (index, old, new) = grow(&mut model.tables, which, by);
                    let verdict = account.approve_table(&limits, old, new, maximum);
                    let too_large = bounds.each_table.is_some_and(|each| new > each);
                    let expected = if !model.fits(bounds) || too_large {
                        Err(Denial::Table)
                    } else if maximum.is_some_and(|maximum| new > maximum) {
                        Err(Denial::OverTypeMaximum)
                    } else {
                        Ok(())
                    };
                    prop_assert_eq!(verdict, expected);
                    if verdict.is_ok() && fails {
                        account.table_failed(&"no memory");
                    }
                    if verdict.is_err() || fails {
                        undo(&mut model.tables, index, old);
                        model.denied += 1;
                    }
                }
                Event::Unasked => {
                    account.memory_failed(&UNASKED);
                    model.denied += 1;
                }
                Event::Settle => {
                    account.settle();
                    prop_assert!(!account.settle(), "settling twice settles nothing more");
                }
                Event::Lease => {
                    account.start_lease();
                    (model.inherited, model.largest, model.denied) = (model.memory(), 0, 0);
                }
                Event::LostInstantiation { memories, size } => {
                    let mark = account.mark();
                    for _ in 0..memories {
                        if account.approve_memory(&limits, 0, size, None).is_err() {
                            model.denied += 1;
                        }
                    }
                    account.withdraw(mark);
                }
            }
            prop_assert_eq!(account.total(), model.memory());
            prop_assert_eq!(account.table_elements(), model.elements());
            prop_assert_eq!(account.inherited(), model.inherited);
            prop_assert_eq!(account.own(), model.memory() - model.inherited);
            prop_assert_eq!(account.denied(), model.denied);
            prop_assert_eq!(account.approved_charge(Attribution::StoreTotal), model.store_total());
            prop_assert_eq!(account.approved_charge(Attribution::LargestMemory), model.largest);
        }
        account.settle();
        prop_assert_eq!(account.settled_charge(Attribution::StoreTotal), model.store_total());
        prop_assert_eq!(account.settled_charge(Attribution::OwnGrowth), model.memory() - model.inherited);
        prop_assert_eq!(account.settled_charge(Attribution::LargestMemory), model.largest);
    }

    /// An engine gone mad can bring the sizes out of step with it, but not out of their own order,
    /// and nothing panics.
    #[test]
    fn no_sequence_of_calls_breaks_the_invariants(
        calls in prop::collection::vec((0..8_u8, any::<usize>(), any::<usize>(), any::<Option<usize>>()), 0..80),
        ceiling in any::<usize>(),
        summed in any::<bool>(),
    ) {
        let limits = if summed { MeterLimits::total(ceiling) } else { MeterLimits::per_memory(ceiling) };
        let mut account = Account::new();
        let mut mark = account.mark();
        for (call, current, desired, maximum) in calls {
            let before = account.total();
            match call {
                0 | 1 => {
                    if account.approve_memory(&limits, current, desired, maximum).is_err() {
                        prop_assert_eq!(account.total(), before.max(current), "a denial changes nothing");
                    } else {
                        let bounded = if summed { account.total() } else { desired };
                        prop_assert!(bounded <= ceiling || summed && desired <= current);
                    }
                    prop_assert!(account.total() >= current);
                }
                2 => drop(account.approve_table(&limits, current, desired, maximum)),
                3 => drop(account.memory_failed(&"no memory")),
                4 => drop(account.table_failed(&"no memory")),
                5 => drop(account.memory_failed(&UNASKED)),
                6 => mark = account.mark(),
                _ if desired % 2 == 0 => account.withdraw(mark),
                _ => account.start_lease(),
            }
            prop_assert!(account.inherited() <= account.total());
            prop_assert_eq!(account.inherited() + account.own(), account.total());
            prop_assert!(account.settled_charge(Attribution::StoreTotal) <= account.approved_charge(Attribution::StoreTotal));
        }
    }
}

/// Sizes that an engine clamps to the end of the address space.
#[test]
fn sums_that_cannot_be_represented_are_denied() {
    let limits = MeterLimits::builder().build();
    let mut account = Account::new();
    assert_eq!(account.approve_memory(&limits, 0, 65_536, None), Ok(()));
    let all = 0_usize.wrapping_sub(65_536);
    assert_eq!(account.approve_memory(&limits, 0, all, None), Err(Denial::OverCeiling));
    assert_eq!(account.approve_memory(&limits, 65_536, all, None), Ok(()), "all there is, in one memory");
    account.memory_failed(&"no memory");
    assert_eq!(account.total(), 65_536);
    assert_eq!(account.approve_table(&limits, 0, usize::MAX, None), Err(Denial::Table));
}

/// A failure of one kind cannot be that of a growth of the other kind, which therefore stands.
#[test]
fn a_failure_takes_back_only_a_growth_of_its_kind() {
    let limits = MeterLimits::total(1 << 20);
    let mut account = Account::new();
    account.approve_memory(&limits, 0, 4_096, None).unwrap();
    account.table_failed(&"no memory");
    assert_eq!(account.settled_charge(Attribution::StoreTotal), 4_096);
    account.approve_table(&limits, 0, 10, None).unwrap();
    account.memory_failed(&"no memory");
    assert_eq!((account.total(), account.table_elements()), (4_096, 10));
}

/// A meter that was put in front of a Store late cannot know what it holds, but a memory that asks
/// to grow is part of it.
#[test]
fn what_was_there_before_is_learnt_as_it_grows_and_charged_to_nobody() {
    let limits = MeterLimits::total(100);
    let mut account = Account::new();
    assert_eq!(account.approve_memory(&limits, 40, 50, None), Ok(()));
    assert_eq!((account.total(), account.inherited(), account.own()), (50, 40, 10));
    assert_eq!(account.approve_memory(&limits, 60, 120, None), Err(Denial::OverCeiling));
    assert_eq!((account.total(), account.inherited(), account.own()), (60, 50, 10));
    assert_eq!(
        account.approve_memory(&limits, 10, 20, None),
        Ok(()),
        "another memory may be part of the sixty"
    );
    assert_eq!((account.total(), account.inherited(), account.own()), (70, 50, 20));
    assert_eq!(account.approve_table(&limits, 7, 8, None), Err(Denial::Table));
    assert_eq!(account.table_elements(), 7);
}

/// A Store may hold more than the next lease's ceiling, and an empty memory adds nothing to it.
#[test]
fn what_adds_nothing_is_not_over_the_ceiling() {
    let mut account = Account::new();
    account.approve_memory(&MeterLimits::total(100), 0, 100, None).unwrap();
    account.start_lease();
    for limits in [MeterLimits::total(50), MeterLimits::builder().total_memory(50).tables_apart(0).build()] {
        assert_eq!(account.approve_memory(&limits, 0, 0, None), Ok(()));
        assert_eq!(account.approve_table(&limits, 0, 0, None), Ok(()));
        assert_eq!(account.approve_memory(&limits, 0, 1, None), Err(Denial::OverCeiling));
        assert_eq!(account.approve_table(&limits, 0, 1, None), Err(Denial::Table));
    }
}

/// A mark outlives its lease only by mistake; the next lease is then not charged with the first one's memory.
#[test]
fn a_mark_brings_back_no_earlier_lease() {
    let limits = MeterLimits::total(100);
    let mut account = Account::new();
    account.approve_memory(&limits, 0, 90, None).unwrap();
    let mark = account.mark();
    account.start_lease();
    account.withdraw(mark);
    assert_eq!(account.settled_charge(Attribution::LargestMemory), 0);
}

/// Failures that follow no question are told by the account alone, as it is used without a meter.
#[test]
fn a_failure_that_follows_no_question_leaves_the_growth_before_it() {
    let limits = MeterLimits::total(1 << 20);
    let mut account = Account::new();
    account.approve_table(&limits, 0, 1, None).unwrap();
    account.approve_table(&limits, 1, 6, None).unwrap();
    assert_eq!(account.table_failed(&"overflow calculating new table size"), Denial::OverTypeMaximum);
    assert_eq!(account.table_elements(), 6);
    account.approve_memory(&limits, 0, 5, None).unwrap();
    assert_eq!(account.memory_failed(&UNASKED), Denial::OverTypeMaximum);
    assert_eq!((account.total(), account.settled_charge(Attribution::OwnGrowth)), (5, 5));

    account.approve_memory(&limits, 5, 9, None).unwrap();
    assert_eq!(account.memory_failed(&"no memory"), Denial::FailedByEngine);
    account.approve_table(&limits, 6, 9, None).unwrap();
    assert_eq!(account.table_failed(&"no memory"), Denial::FailedByEngine);
    assert_eq!((account.total(), account.table_elements()), (5, 6));
    assert_eq!((account.denied(), account.last_denial()), (4, Some(Denial::FailedByEngine)));
}

/// A sum that saturates, which no ceiling forbids where nothing is summed, is taken back exactly.
#[test]
fn a_sum_that_saturates_is_taken_back_exactly() {
    let limits = MeterLimits::per_memory(usize::MAX);
    let mut account = Account::new();
    account.approve_memory(&limits, 0, 65_536, None).unwrap();
    account.approve_memory(&limits, 0, usize::MAX, None).unwrap();
    assert_eq!(account.total(), usize::MAX);
    account.memory_failed(&"no memory");
    account.approve_table(&limits, 0, 10, None).unwrap();
    account.approve_table(&limits, 0, usize::MAX, None).unwrap_err();
    account.approve_table(&limits, 0, usize::MAX / 32, None).unwrap();
    account.table_failed(&"no memory");
    assert_eq!((account.total(), account.table_elements()), (65_536, 10));
}
