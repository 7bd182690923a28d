//! The scenarios.

#[cfg(not(highwater_shuttle))]
use super::epoch::Epoch;
use super::{
    harness::{
        Do::{self, Collect, Floor, Len, Peak, Record, Snapshot},
        Model,
    },
    kinds::{Colliding, Eighths, Inline, Wrapping},
};

/// A module for each model, with a test for each kind of ledger. The preemptions are those that are
/// explored if nothing else is asked for, and if the kind allows so many.
macro_rules! models {
    ($preemptions:literal preemptions: $($(#[$doc:meta])* $name:ident: $capacity:literal, $before:expr, [$($calls:expr),+];)*) => {$(
        $(#[$doc])*
        mod $name {
            use super::*;

            fn model() -> Model {
                Model {
                    preemptions: $preemptions,
                    capacity: $capacity,
                    before: &$before,
                    threads: vec![$($calls),+],
                    after: &[],
                }
            }

            #[test]
            fn inline() {
                model().check::<Inline>();
            }

            #[test]
            fn colliding() {
                model().check::<Inline<Colliding>>();
            }

            #[test]
            fn wrapping() {
                model().check::<Wrapping>();
            }

            #[cfg(not(highwater_shuttle))]
            #[test]
            fn epoch() {
                model().check::<Epoch>();
            }
        }
    )*};
}

const NOTHING: [Do; 0] = [];
/// Two places, both taken.
const FULL: [Do; 2] = [Record(1, 10), Record(2, 20)];
/// Likewise, and if `seq` wraps it does so with the next admission.
const LAST_OF_SEQ: [Do; 7] =
    [Record(1, 1), Record(2, 2), Record(3, 3), Record(4, 4), Record(5, 5), Record(6, 6), Record(7, 7)];

models! {
    2 preemptions:
    /// The first sight of two principals. A thread that has seen a newcomer's peak sees it counted.
    first_sights: 2, NOTHING, [&[Record(1, 10), Len], &[Record(2, 20)]];
    /// The same newcomer from two threads takes one place.
    same_newcomer_twice: 2, NOTHING, [&[Record(1, 10)], &[Record(1, 20)]];
    /// Two newcomers for the last place: the higher one stays.
    last_place: 2, [Record(1, 10)], [&[Record(2, 20)], &[Record(3, 30)]];
    /// A resident is raised while it is about to be evicted.
    raise_against_eviction: 2, FULL, [&[Record(1, 50)], &[Record(3, 30)]];
    /// A resident is raised above the newcomer's value, so that another is the lowest.
    raise_of_the_other: 2, FULL, [&[Record(1, 15)], &[Record(3, 12)]];
    /// An evicted key comes back higher.
    eviction_and_return: 2, FULL, [&[Record(3, 30)], &[Record(1, 40)]];
    /// One place, its resident raised, a newcomer below it.
    capacity_one_raised: 1, [Record(1, 10)], [&[Record(1, 30)], &[Record(2, 20)]];
    /// A reader of the victim and the newcomer, once one of them is gone the other is there.
    read_against_eviction: 2, FULL, [&[Record(3, 30)], &[Peak(3), Peak(1), Len]];
    /// Once the victim is gone, the newcomer is there.
    read_behind_an_eviction: 2, FULL, [&[Record(3, 30)], &[Peak(1), Peak(3)]];
    /// A reader of a newcomer while the table fills.
    read_against_first_sight: 2, [Record(1, 10)], [&[Record(2, 20)], &[Peak(2), Len]];
    /// A reader of a resident that is raised.
    read_against_raise: 2, FULL, [&[Record(1, 30)], &[Peak(1), Peak(1)]];
    /// A snapshot during an eviction shows no more than fit.
    snapshot_against_eviction: 2, FULL, [&[Record(3, 30)], &[Snapshot]];
    /// The floor never exceeds the lowest and covers what was evicted.
    floor_against_eviction: 2, FULL, [&[Record(3, 30), Floor], &[Record(1, 15), Floor]];
    /// A slot freed by one eviction is used by the next.
    slots_are_used_again: 1, [Record(1, 10), Record(2, 20)], [&[Record(3, 30), Record(1, 40)], &[Peak(2)]];
    /// A slot changes hands twice while a helper still looks at the intent of its first admission.
    slots_are_used_twice: 1, [Record(1, 10), Record(2, 20)],
        [&[Record(3, 30), Record(1, 40), Record(4, 50)], &[Peak(7)]];
    /// A slot changes hands while its key is compared.
    slots_are_reread: 1, [Record(1, 10)], [&[Record(2, 20), Record(3, 30)], &[Record(1, 40)]];
    /// A slot changes hands while its key is copied.
    snapshot_of_a_reused_slot: 1, [Record(1, 10)], [&[Record(2, 20), Record(3, 30)], &[Snapshot]];
    /// `seq` goes round once during a walk: the gate then shows the same word again.
    a_round_of_seq: 2, FULL,
        [&[Record(3, 30), Record(4, 40), Record(5, 50), Record(6, 60), Record(7, 70), Record(8, 80)], &[Snapshot]];
    /// `seq` goes round while a helper is about to publish a newcomer: its pending word must not
    /// have come again.
    a_round_behind_a_helper: 2, FULL,
        [&[Record(3, 30), Record(4, 40), Record(5, 50), Record(6, 60), Record(7, 70), Record(8, 80), Record(9, 90)], &[Len]];
    /// `seq` wraps with the return of what was evicted.
    return_at_the_wrap: 2, LAST_OF_SEQ, [&[Record(8, 30)], &[Record(6, 40), Peak(6)]];
    /// `seq` wraps with an eviction that a reader looks at.
    read_at_the_wrap: 2, LAST_OF_SEQ, [&[Record(8, 30)], &[Peak(6), Peak(8), Len]];
    /// `seq` wraps with an eviction that may be void.
    raise_at_the_wrap: 2, LAST_OF_SEQ, [&[Record(8, 30)], &[Record(6, 10), Record(6, 35)]];
    /// An evicted key is freed while a thread reads it.
    freed_behind_a_reader: 1, [Record(1, 10)], [&[Record(2, 20), Record(3, 30), Collect], &[Peak(1)]];
    /// An evicted key is freed while a thread copies it.
    freed_behind_a_snapshot: 1, [Record(1, 10)], [&[Record(2, 20), Record(3, 30), Collect], &[Snapshot]];
    /// A slot gets another key behind a reader that has seen its peak.
    another_key_behind_a_reader: 1, [Record(1, 10)], [&[Record(2, 20), Record(3, 30)], &[Peak(3)]];
    /// An admission is void because its victim grew; its slot is claimed again meanwhile.
    void_and_claimed_again: 2, FULL, [&[Record(3, 15), Record(4, 25)], &[Record(1, 18)]];
    /// A thread that has seen a newcomer counts it, no matter which thread has to finish the
    /// admission.
    counted_once_seen: 3, [Record(1, 10)], [&[Record(2, 20)], &[Peak(2), Len, Record(3, 30), Len]];
    /// A raise that follows an admission finds the floor that was raised for it.
    floor_behind_an_admission: 2, [Record(1, 10), Record(2, 20), Record(4, 15)],
        [&[Record(2, 50), Floor], &[Record(3, 30), Peak(2)]];
    /// One place changes hands during a walk: never two residents.
    snapshot_of_one_place: 1, [Record(1, 10)], [&[Record(2, 20)], &[Snapshot]];
    /// A raise and a snapshot of the same resident.
    snapshot_against_raise: 2, FULL, [&[Record(1, 30), Record(1, 31)], &[Snapshot]];
    /// A resident is raised while its return after an eviction is still possible.
    raise_against_return: 1, [Record(1, 10)], [&[Record(2, 20), Record(1, 30)], &[Record(1, 25)]];
    /// Each of two threads raises one resident and reads the other: at least one of them sees the
    /// other's raise.
    raises_read_across: 2, FULL, [&[Record(1, 15), Peak(2)], &[Record(2, 25), Peak(1)]];
    /// Likewise a raise and an eviction: who does not find the newcomer came before it, and its
    /// raise is seen.
    raise_and_eviction_read_across: 2, FULL, [&[Record(2, 25), Peak(3)], &[Record(3, 30), Peak(2)]];
    /// Likewise a raise and the last place: who does not count the newcomer came before it.
    raise_and_len_across: 3, FULL, [&[Record(2, 25), Len], &[Record(3, 30), Peak(2)]];
    /// A value below the lowest while that is about to go.
    drop_against_raise: 2, FULL, [&[Record(1, 15), Floor], &[Record(3, 12), Floor]];
}

models! {
    1 preemptions:
    /// Two newcomers at capacity evict the two lowest.
    two_evictions: 2, FULL, [&[Record(3, 30)], &[Record(4, 40)]];
    /// The same newcomer at capacity evicts one.
    same_newcomer_at_capacity: 2, FULL, [&[Record(3, 30)], &[Record(3, 31)]];
    /// One place that changes hands.
    capacity_one: 1, [Record(1, 10)], [&[Record(2, 20)], &[Record(3, 30)]];
    /// Two newcomers of which one is lower than the other's victim will be.
    drop_against_eviction: 2, FULL, [&[Record(3, 15)], &[Record(4, 12)]];
    /// A claim for an admission that another thread has made meanwhile, on a slot that was freed
    /// after it.
    a_claim_behind_the_gate: 1, [Record(1, 10)], [&[Record(2, 20)], &[Record(3, 30)], &[Record(4, 40)]];
    /// A newcomer comes in behind a search and takes the lowest away before it. With one home for
    /// all the lowest is in slot 1, slot 0 is free, and the other resident's block is looked at
    /// first.
    an_overtaken_search: 2,
        [Record(1, 1), Record(2, 2), Record(3, 3), Record(2, 10), Record(9, 3), Record(3, 20)],
        [&[Record(4, 15)], &[Record(5, 12)]];
    /// A newcomer comes in below a node that a search is about to tighten. It brings the bound back
    /// to what the search read there before another one tightened it, so that nothing but the mark
    /// tells.
    bounds_behind_a_search: 5,
        [Record(1, 1), Record(2, 2), Record(3, 3), Record(4, 4), Record(5, 5), Record(6, 200), Record(7, 50), Record(8, 200),
            Record(9, 60), Record(5, 80), Record(9, 100)],
        [&[Record(10, 60)], &[Record(11, 70)]];
    /// A search that was overtaken twice meets a node that the second newcomer is lowering.
    bounds_in_between: 4,
        [Record(1, 1), Record(2, 2), Record(3, 3), Record(4, 4), Record(5, 100), Record(6, 100), Record(4, 75), Record(3, 49)],
        [&[Record(9, 50), Record(7, 60)], &[Record(8, 70)]];
    /// `seq` wraps with the second of two evictions; the table is still full.
    two_evictions_at_the_wrap: 2, LAST_OF_SEQ, [&[Record(8, 30), Len], &[Record(9, 20), Len]];
    /// An admission is void because its victim grew, and its slot is claimed by a thread that has
    /// looked at it before, for an admission of the same number.
    claimed_behind_a_void_admission: 2, FULL, [&[Record(3, 30)], &[Record(1, 15), Record(4, 25)]];
    /// Likewise, and the next victim has the peak that the first one had.
    claimed_with_a_tie: 2, [Record(1, 10), Record(2, 10)], [&[Record(3, 30)], &[Record(1, 15), Record(4, 25)]];
    /// An admission is void and its newcomer then too low; its slot is claimed for the same number
    /// by a thread that saw it unused before, and a reader comes to help.
    seen_before_a_void_admission: 2, FULL, [&[Record(3, 12)], &[Record(1, 15), Record(4, 25)], &[Len]];
    /// A claim is given up because another admission came first, and its slot is claimed for a
    /// third key.
    given_up_and_claimed_again: 4, NOTHING, [&[Record(3, 30)], &[Record(4, 40)], &[Record(5, 50)]];
    /// Three threads: a raise, an eviction and a reader.
    raise_eviction_read: 2, FULL, [&[Record(1, 50)], &[Record(3, 30)], &[Peak(1)]];
    /// Two raises, and two readers that cannot see them in different orders.
    raises_read_in_one_order: 2, FULL, [&[Record(1, 15)], &[Record(2, 25)], &[Peak(1), Peak(2)], &[Peak(2), Peak(1)]];
    /// Three newcomers for two places.
    three_evictions: 2, FULL, [&[Record(3, 30)], &[Record(4, 40)], &[Record(5, 25)]];
}

/// A newcomer lowers the nodes above its slot while a search that will tighten them has passed its
/// leaf by already.
///
/// 2 and 10 are in the second leaf, 4 and 12 in the third, which has another parent; 8 comes into
/// the first one, which is free. When 1 was turned away all bounds became tight; 2 and 4 have grown
/// since, so that both parents have a bound of at most 10, and that of the first two leaves is
/// tightened by the search for 7. Were the bound of 8 lost there, 6 would take 12 for the lowest
/// and be dropped.
#[test]
fn bounds_on_the_way() {
    let before: &[_] = &[
        Record(2, 10),
        Record(10, 100),
        Record(4, 5),
        Record(12, 70),
        Record(1, 1),
        Record(2, 100),
        Record(4, 10),
    ];
    let threads: Vec<&[_]> = vec![&[Record(8, 50), Record(6, 60)], &[Record(7, 10)]];
    Model { preemptions: 2, capacity: 4, before, threads, after: &[] }.check::<Inline<Eighths>>();
}

/// A newcomer claims a slot below a leaf that has been raised since its search, and must see that.
///
/// 1 and 2 are in the first leaf, 3 in the second. 4 evicts 1 and raises the bound of the first
/// leaf to that of 2. 5 comes in there, where 1 was: were it to miss the new bound, 6 would take 4
/// for the lowest and be dropped.
#[test]
fn bounds_raised_behind_a_search() {
    let before: &[_] = &[Record(1, 10), Record(2, 50), Record(3, 20)];
    let threads: Vec<&[_]> = vec![&[Record(4, 45)], &[Record(5, 30)]];
    Model { preemptions: 2, capacity: 3, before, threads, after: &[Record(6, 40)] }
        .check::<Inline<Colliding>>();
}
