//! The scenarios that every adapter must get right.

use highwater::{Attribution, Budget, Denial, MemoryLedger, MeterLimits, StoreMemoryMeter};

use super::{Host, PAGE, id};

const GROWER: &str = include_str!("../guests/grower.wat");
const BOUNDED: &str = include_str!("../guests/bounded.wat");
const FOUR_PAGES: &str = include_str!("../guests/four_pages.wat");
const TABLES: &str = include_str!("../guests/tables.wat");

fn leased_to_alice(limits: MeterLimits) -> (MemoryLedger, StoreMemoryMeter) {
    let ledger = MemoryLedger::default();
    (ledger.clone(), StoreMemoryMeter::with_limits(limits, id("alice"), ledger))
}

pub fn several_memories_are_summed<H: Host>() {
    let (ledger, meter) = leased_to_alice(MeterLimits::total(12 * PAGE));
    let mut host = H::new(meter);
    for instances in 1..=3 {
        host.instantiate(FOUR_PAGES).unwrap();
        assert_eq!(host.checked_total(), instances * 4 * PAGE);
    }
    assert!(host.instantiate(FOUR_PAGES).is_err(), "a fourth exceeds the ceiling of the Store");
    assert_eq!(host.checked_total(), 12 * PAGE);
    assert_eq!(host.meter().report().last_denial, Some(Denial::OverCeiling));
    assert_eq!(ledger.peak(&id("alice")), 12 * PAGE as u64);
}

pub fn a_ceiling_holds_for_one_memory_if_asked<H: Host>() {
    let (_, meter) = leased_to_alice(MeterLimits::builder().memory_size(3 * PAGE).build());
    let mut host = H::new(meter);
    for _ in 0..3 {
        let guest = host.instantiate(GROWER).unwrap();
        assert_eq!(host.call(guest, "grow", 2), Ok(1));
        assert_eq!(host.call(guest, "grow", 1), Ok(-1));
    }
    assert_eq!(host.checked_total(), 9 * PAGE);
}

pub fn a_denied_growth_is_not_recorded<H: Host>() {
    let (ledger, meter) = leased_to_alice(MeterLimits::total(4 * PAGE));
    let mut host = H::new(meter);
    let guest = host.instantiate(GROWER).unwrap();
    assert_eq!(host.call(guest, "grow", 2), Ok(1));
    assert_eq!(host.call(guest, "grow", 2), Ok(-1));
    assert_eq!(host.checked_total(), 3 * PAGE);
    assert_eq!(host.call(guest, "grow", 1), Ok(3), "what still fits is allowed");
    host.meter().settle();
    let report = host.meter().report();
    assert_eq!((report.total, report.denied), (4 * PAGE, 1));
    assert_eq!(ledger.peak(&id("alice")), 4 * PAGE as u64);
    assert_eq!(host.meter().stats().denied_over_ceiling, 1);
    assert_eq!(host.meter().stats().allowed, 3);
}

pub fn the_memorys_own_maximum_holds<H: Host>() {
    let (_, meter) = leased_to_alice(MeterLimits::total(100 * PAGE));
    let mut host = H::new(meter);
    let guest = host.instantiate(BOUNDED).unwrap();
    assert_eq!(host.call(guest, "grow", 3), Ok(-1));
    assert_eq!(host.checked_total(), PAGE);
    let asked = H::ASKS_PAST_MAXIMUM;
    assert_eq!(host.meter().report().last_denial, asked.then_some(Denial::OverTypeMaximum));
    assert_eq!(host.meter().stats().denied_over_type_maximum, u64::from(asked));
    assert_eq!(host.call(guest, "grow", 2), Ok(1));
    assert_eq!(host.checked_total(), 3 * PAGE);
}

pub fn an_approved_growth_that_fails_is_taken_back<H: Host>() {
    let (ledger, meter) = leased_to_alice(MeterLimits::total(1 << 30));
    let mut host = H::cramped(meter);
    let guest = host.instantiate(GROWER).unwrap();
    assert_eq!(host.call(guest, "grow", 1), Ok(1));
    assert!(matches!(host.call(guest, "grow", 1_000), Ok(-1) | Err(_)));
    assert_eq!(host.checked_total(), 2 * PAGE);
    host.meter().end_lease();
    let report = host.meter().report();
    assert_eq!((report.denied, report.last_denial), (1, Some(Denial::FailedByEngine)));
    assert_eq!(ledger.peak(&id("alice")), 2 * PAGE as u64);
    assert_eq!(host.meter().stats().failed_by_engine, 1);
}

pub fn a_pooled_store_charges_own_growth<H: Host>() {
    let ledger = MemoryLedger::default();
    let mut host = H::new(StoreMemoryMeter::idle(MeterLimits::total(10 * PAGE), ledger.clone()));
    let guest = host.instantiate(GROWER).unwrap();
    assert_eq!(host.call(guest, "grow", 1), Ok(1));
    assert!(ledger.is_empty(), "no lease holds the Store yet");

    let limits = MeterLimits::total(100 * PAGE);
    host.hand_over("alice", limits);
    assert_eq!(host.call(guest, "grow", 30), Ok(2));
    let alices = host.hand_over("bob", limits);
    assert_eq!((alices.inherited, alices.own, alices.total), (2 * PAGE, 30 * PAGE, 32 * PAGE));
    assert_eq!(host.call(guest, "grow", 1), Ok(32));
    let bobs = host.hand_over("carol", limits);
    assert_eq!((bobs.inherited, bobs.own, bobs.total), (32 * PAGE, PAGE, 33 * PAGE));

    assert_eq!(ledger.peak(&id("alice")), 30 * PAGE as u64);
    assert_eq!(ledger.peak(&id("bob")), PAGE as u64);
    assert_eq!(ledger.peak(&id("carol")), 0);
    host.meter().end_lease();
    assert_eq!(host.call(guest, "grow", 1), Ok(-1), "the idle ceiling is in force again");
    assert_eq!(host.checked_total(), 33 * PAGE);
    assert_eq!(ledger.len(), 2);
}

pub fn the_attributions_answer_different_questions<H: Host>() {
    for (attribution, expected) in [
        (Attribution::OwnGrowth, 2 * PAGE),
        (Attribution::StoreTotal, 8 * PAGE),
        (Attribution::LargestMemory, 4 * PAGE),
    ] {
        let (ledger, meter) = leased_to_alice(MeterLimits::total(100 * PAGE));
        let mut host = H::new(meter);
        host.instantiate(FOUR_PAGES).unwrap();
        let guest = host.instantiate(GROWER).unwrap();
        host.call(guest, "grow", 1).unwrap();
        let limits = MeterLimits::builder().attribution(attribution).build();
        host.hand_over("bob", limits);
        host.call(guest, "grow", 2).unwrap();
        host.hand_over("carol", limits);
        assert_eq!(ledger.peak(&id("bob")), expected as u64, "{attribution:?}");
    }
}

pub fn tables_share_the_budget<H: Host>() {
    let limits = MeterLimits::builder().total_memory(2 * PAGE).table_element_bytes(64).build();
    let (ledger, meter) = leased_to_alice(limits);
    let mut host = H::new(meter);
    let guest = host.instantiate(TABLES).unwrap();
    assert_eq!(host.call(guest, "grow_table", 1_014), Ok(10), "1024 elements of 64 bytes fill a page");
    assert_eq!(host.call(guest, "grow_table", 1), Ok(-1));
    assert_eq!(host.meter().report().last_denial, Some(Denial::Table));
    assert_eq!(host.call(guest, "grow", 1), Ok(-1), "the table has taken the second page");
    let report = host.meter().report();
    assert_eq!((report.table_elements, report.denied), (1_024, 2));
    assert_eq!(report.last_denial, Some(Denial::OverCeiling));
    assert_eq!(host.checked_total(), PAGE);
    assert_eq!(host.meter().stats().denied_table, 1);
    host.meter().end_lease();
    assert_eq!(ledger.peak(&id("alice")), PAGE as u64, "tables are limited, not charged");
}

pub fn tables_can_be_kept_apart<H: Host>() {
    let limits = MeterLimits::builder().total_memory(2 * PAGE).tables_apart(640).table_elements(15).build();
    let (_, meter) = leased_to_alice(limits);
    let mut host = H::new(meter);
    let guest = host.instantiate(TABLES).unwrap();
    assert_eq!(host.call(guest, "grow", 1), Ok(1), "tables take nothing from the memories");
    assert_eq!(host.call(guest, "grow_table", 6), Ok(-1), "no table above 15 elements");
    assert_eq!(host.call(guest, "grow_table", 5), Ok(10));
    assert!(host.instantiate(TABLES).is_err(), "no more than 20 elements of 32 bytes in all");
}

pub fn a_denial_can_trap<H: Host>() {
    let limits = MeterLimits::builder().total_memory(2 * PAGE).trap_on_grow_failure(true).build();
    let (_, meter) = leased_to_alice(limits);
    let mut host = H::new(meter);
    let guest = host.instantiate(GROWER).unwrap();
    assert!(host.call(guest, "grow", 5).is_err());
    assert_eq!(host.call(guest, "grow", 1), Ok(1));
    assert_eq!(host.checked_total(), 2 * PAGE);

    let limits = MeterLimits::builder().trap_on_grow_failure(true).build();
    let (_, meter) = leased_to_alice(limits);
    let mut host = H::cramped(meter);
    let guest = host.instantiate(GROWER).unwrap();
    assert!(host.call(guest, "grow", 1_000).is_err());
    assert_eq!(host.checked_total(), PAGE);
}

pub fn instances_are_limited<H: Host>() {
    let (_, meter) = leased_to_alice(MeterLimits::builder().instances(2).build());
    let mut host = H::new(meter);
    host.instantiate(GROWER).unwrap();
    host.instantiate(GROWER).unwrap();
    assert!(host.instantiate(GROWER).is_err());
}

pub fn the_first_meters_contract_holds<H: Host>() {
    let ledger = MemoryLedger::default();
    let mut host = H::new(StoreMemoryMeter::new(4 * PAGE, id("alice"), ledger.clone()));
    let guest = host.instantiate(GROWER).unwrap();
    assert_eq!(ledger.peak(&id("alice")), PAGE as u64);
    assert_eq!(host.call(guest, "grow", 2), Ok(1));
    assert_eq!(ledger.peak(&id("alice")), 3 * PAGE as u64, "at once, without a further call");
    assert_eq!(host.call(guest, "grow", 2), Ok(-1));
    assert_eq!(ledger.peak(&id("alice")), 3 * PAGE as u64);
    host.meter().set(5 * PAGE, id("bob"));
    assert_eq!(ledger.peak(&id("bob")), 0);
    assert_eq!(host.call(guest, "grow", 2), Ok(3));
    assert_eq!(ledger.peak(&id("bob")), 5 * PAGE as u64, "the desired size");
    assert_eq!(ledger.peak(&id("alice")), 3 * PAGE as u64);
    assert_eq!(host.checked_total(), 5 * PAGE);
}

pub fn budgets_count_what_the_engine_holds<H: Host>() {
    const ELEMENT: usize = 32;
    let in_use = |budget: &Budget| budget.used() as usize;
    let own = Budget::new(12 * PAGE as u64);
    let tenant = own.child(4 * PAGE as u64);
    let limits = MeterLimits::total(1 << 30);
    let meter = StoreMemoryMeter::idle(limits.with_budget(&own), MemoryLedger::default());
    let mut host = H::new(meter);
    let guest = host.instantiate(TABLES).unwrap();
    let held = PAGE + 10 * ELEMENT;
    assert_eq!((in_use(&own), in_use(&tenant)), (held, 0));

    // Of the tenant's four pages the table takes one.
    host.meter().start_lease(id("alice"), limits.with_budget(&tenant));
    assert_eq!(host.call(guest, "grow_table", 2_048), Ok(10));
    assert_eq!(host.call(guest, "grow", 4), Ok(-1), "a quarter of that is the table's");
    assert_eq!(host.meter().report().last_denial, Some(Denial::OverBudget { level: 0 }));
    assert_eq!(host.call(guest, "grow", 3), Ok(1));
    assert_eq!((in_use(&own), in_use(&tenant)), (held + 4 * PAGE, 4 * PAGE));
    assert_eq!(host.call(guest, "grow_table", 1), Ok(-1));
    assert_eq!((host.meter().stats().denied_over_budget, tenant.denied()), (2, 2));
    assert!(host.instantiate(FOUR_PAGES).is_err());
    assert_eq!(own.used() as usize, host.engine_bytes() + 2_058 * ELEMENT);

    // The next one may have as much, and another Store has the rest.
    let mut other = H::new(StoreMemoryMeter::idle(limits.with_budget(&own), MemoryLedger::default()));
    let elsewhere = other.instantiate(GROWER).unwrap();
    assert_eq!(other.call(elsewhere, "grow", 4), Ok(1));
    let trapping = MeterLimits::builder().trap_on_grow_failure(true).build();
    host.meter().start_lease(id("bob"), trapping.with_budget(&tenant));
    assert_eq!((in_use(&own), in_use(&tenant)), (held + 9 * PAGE, 0));
    assert!(host.call(guest, "grow", 3).is_err(), "the host has not so much");
    assert_eq!(host.meter().report().last_denial, Some(Denial::OverBudget { level: 1 }));
    assert_eq!(host.call(guest, "grow", 1), Ok(4));
    drop(host);
    assert_eq!((in_use(&own), in_use(&tenant)), (5 * PAGE, 0));
    drop(other);
    assert_eq!(own.used(), 0);
    assert_eq!((own.denied(), own.peak() as usize), (1, held + 10 * PAGE));
}

pub fn a_growth_that_fails_is_given_back<H: Host>() {
    let own = Budget::new(1 << 30);
    let limits = MeterLimits::default().with_budget(&own);
    let mut host = H::cramped(StoreMemoryMeter::with_limits(limits, id("alice"), MemoryLedger::default()));
    let guest = host.instantiate(GROWER).unwrap();
    assert!(matches!(host.call(guest, "grow", 1_000), Ok(-1) | Err(_)));
    assert_eq!((own.used() as usize, own.peak() as usize), (PAGE, 1_001 * PAGE), "it was reserved");
    drop(host);
    assert_eq!(own.used(), 0);
}

/// Makes a test of each scenario for one host.
#[macro_export]
macro_rules! scenarios_on {
    ($host:ty: $($scenario:ident)*) => {
        $(#[test]
        fn $scenario() {
            $crate::engines::scenarios::$scenario::<$host>();
        })*
    };
    ($host:ty) => {
        $crate::scenarios_on! { $host:
            several_memories_are_summed
            a_ceiling_holds_for_one_memory_if_asked
            a_denied_growth_is_not_recorded
            the_memorys_own_maximum_holds
            an_approved_growth_that_fails_is_taken_back
            a_pooled_store_charges_own_growth
            the_attributions_answer_different_questions
            tables_share_the_budget
            tables_can_be_kept_apart
            a_denial_can_trap
            instances_are_limited
            the_first_meters_contract_holds
            budgets_count_what_the_engine_holds
            a_growth_that_fails_is_given_back
        }
    };
}
