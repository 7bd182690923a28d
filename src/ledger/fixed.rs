//! Ledgers in statics: no allocator, no construction at run time.

use core::{fmt, hash::BuildHasher};

use super::{FixedState, debug_summary, readings};
use crate::{
    key::{InlineKey, inline::InlineCell},
    meter::MeterCounters,
    sync::{AtomicWord, Line, Word},
    table::{Intent, Recorded, Slot, Storage, Table, shape::Shape},
    tracker::{Hint, sealed},
};

/// Exact high-water marks of the `CAPACITY` biggest users, in memory fixed at link time.
///
/// ```
/// use highwater::{PrincipalId, StaticLedger};
///
/// static LEDGER: StaticLedger<PrincipalId, 64> = StaticLedger::new();
///
/// LEDGER.record_peak(&PrincipalId::default(), 65_536);
/// assert_eq!(LEDGER.peak(&PrincipalId::default()), 65_536);
/// ```
///
/// Every method may be called from the main loop, interrupts of any priority, signal handlers and panic
/// handlers, on top of any other call on the same ledger, whatever that one was about to do. None
/// allocates, locks or waits. [Without an operating system](crate::embedded) has the details, the
/// worst cases, and what differs where a processor has no compare-and-swap.
///
/// The key decides what a place costs: choose the smallest that tells your users apart, such as
/// `u16`, `[u8; 16]` or `InlineStr<16>`. [`memory_bytes`](Self::memory_bytes) is constant, so that
/// a budget can be asserted at compile time:
///
/// ```
/// # use highwater::StaticLedger;
/// static LEDGER: StaticLedger<[u8; 16], 64> = StaticLedger::new();
/// const _: () = assert!(LEDGER.memory_bytes() <= 16 * 1024);
/// ```
///
/// Made of zero bytes only (with the default hasher, or any other that is), so that it lies in
/// `.bss`. It has twice as many slots as places. Each admission that is interrupted holds one until it is
/// over; with as many of them at once as there are places, a newcomer finds no slot and is
/// [`Refused`](Recorded::Refused). That cannot be where there are more places than levels of interrupts.
///
/// A capacity of 0 does not compile:
///
/// ```compile_fail
/// static LEDGER: highwater::StaticLedger<u64, 0> = highwater::StaticLedger::new();
/// ```
pub struct StaticLedger<K: InlineKey, const CAPACITY: usize, S = FixedState> {
    table: Table<Fixed<K, CAPACITY>>,
    counters: Line<MeterCounters>,
    hasher: S,
}

/// The arrays of a table in place.
struct Fixed<K: InlineKey, const CAPACITY: usize> {
    slots: [[Slot<InlineCell<K>>; 2]; CAPACITY],
    /// More than twice as many slots have.
    groups: [AtomicWord; CAPACITY],
    intents: [[Intent; 2]; CAPACITY],
    /// More than a tournament over twice as many slots has; unused with 32-bit words.
    nodes: [[AtomicWord; NODES_PER_PLACE]; CAPACITY],
}

const NODES_PER_PLACE: usize = if crate::sync::Word::BITS == 64 { 1 } else { 0 };

impl<K: InlineKey, const CAPACITY: usize> Fixed<K, CAPACITY> {
    const SHAPE: Shape = {
        assert!(CAPACITY > 0, "a ledger needs at least one place: its CAPACITY is 0");
        assert!(
            CAPACITY <= Shape::MAX_CAPACITY,
            "CAPACITY is more than can be addressed with words of this width"
        );
        let shape = Shape::doubled(CAPACITY);
        assert!(shape.nodes() <= CAPACITY * NODES_PER_PLACE && shape.groups <= CAPACITY);
        shape
    };

    #[allow(clippy::declare_interior_mutable_const)] // What a new ledger is made of.
    const NEW: Self = Self {
        slots: [const { [const { Slot::EMPTY }; 2] }; CAPACITY],
        groups: [const { AtomicWord::new(0) }; CAPACITY],
        intents: [const { [const { Intent::EMPTY }; 2] }; CAPACITY],
        nodes: [const { [const { AtomicWord::new(0) }; NODES_PER_PLACE] }; CAPACITY],
    };
}

impl<K: InlineKey, const CAPACITY: usize> Storage for Fixed<K, CAPACITY> {
    type Cell = InlineCell<K>;

    #[inline]
    fn shape(&self) -> &Shape {
        const { &Self::SHAPE }
    }

    #[inline]
    fn slots(&self) -> &[Slot<InlineCell<K>>] {
        self.slots.as_flattened()
    }

    #[inline]
    fn groups(&self) -> &[AtomicWord] {
        &self.groups[..Self::SHAPE.groups]
    }

    fn intents(&self) -> &[Intent] {
        self.intents.as_flattened()
    }

    fn nodes(&self) -> &[AtomicWord] {
        self.nodes.as_flattened()
    }

    fn limbo(&self) -> &() {
        &()
    }
}

impl<K: InlineKey, const CAPACITY: usize> StaticLedger<K, CAPACITY> {
    /// An empty ledger with the fixed seed of [`FixedState`].
    #[must_use]
    pub const fn new() -> Self {
        Self::with_hasher(FixedState)
    }
}

impl<K: InlineKey, const CAPACITY: usize, S> StaticLedger<K, CAPACITY, S> {
    /// An empty ledger with a hasher of the caller's, all of whose bits should be well mixed. A
    /// hasher that is not all zeroes, such as one with a seed inside, moves the whole ledger from
    /// `.bss` to `.data`.
    #[must_use]
    pub const fn with_hasher(hasher: S) -> Self {
        // Evaluated for its assertions, with or without a call that needs the shape.
        let _ = Fixed::<K, CAPACITY>::SHAPE;
        Self { table: Table::new(Fixed::NEW), counters: Line(MeterCounters::new()), hasher }
    }

    #[inline]
    fn table(&self) -> &Table<Fixed<K, CAPACITY>> {
        &self.table
    }

    #[inline]
    fn counters(&self) -> &MeterCounters {
        &self.counters
    }

    readings!();

    /// The bytes that the ledger occupies: its size.
    #[must_use]
    pub const fn memory_bytes(&self) -> usize {
        size_of::<Self>()
    }

    /// Calls `visit` for each resident and its peak in bytes, in no order. Allocates nothing; may be
    /// called from an interrupt.
    ///
    /// Returns whether nobody was admitted meanwhile: then these were all the residents, each once.
    /// Otherwise each was resident with that peak at some instant during the call, but one that was
    /// evicted and admitted again may come twice, and newcomers may come beside those they evicted.
    pub fn for_each(&self, visit: impl FnMut(K, u64)) -> bool {
        self.table.walk(&(), visit)
    }

    /// Writes the residents with the highest peaks in bytes into `top`, highest first, ties by key,
    /// each once, and returns how many they are: as many as fit, unless there are fewer residents.
    /// Allocates nothing; may be called from an interrupt. Takes time proportional to slots times
    /// length of `top`.
    pub fn top_into(&self, top: &mut [(K, u64)]) -> usize {
        // Newcomers that come beside those they evict do not make it more than fit.
        let places = top.len().min(CAPACITY);
        let top = &mut top[..places];
        let mut filled = 0;
        self.for_each(|key, peak| {
            let entry = (key, peak);
            // Whoever is in the list already is there with a peak no lower than the last one's.
            if filled == places && top.last().is_none_or(|last| rank(&entry, last).is_ge()) {
                return;
            }
            let mut place = match top[..filled].iter().position(|(other, _)| *other == key) {
                Some(known) if top[known].1 >= peak => return,
                // Evicted and admitted again during the walk, higher than before.
                Some(known) => known,
                None if filled < places => {
                    filled += 1;
                    filled - 1
                }
                None => filled - 1,
            };
            while place > 0 && rank(&entry, &top[place - 1]).is_lt() {
                top[place] = top[place - 1];
                place -= 1;
            }
            top[place] = entry;
        });
        filled
    }
}

/// Highest peak first, ties by key.
fn rank<K: Ord>(a: &(K, u64), b: &(K, u64)) -> core::cmp::Ordering {
    b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0))
}

impl<K: InlineKey, const CAPACITY: usize, S: BuildHasher> StaticLedger<K, CAPACITY, S> {
    /// Records that `key` used `bytes`: raises its peak, or admits it if it belongs to the top.
    ///
    /// 0 is a no-op; values from 2<sup>31</sup> - 1 on count as that where words have 32 bits
    /// ([`Word`](crate::Word)), from 2<sup>63</sup> - 1 on elsewhere. A value at or below the floor costs
    /// one load; one that does not raise a resident's peak writes nothing; an admission takes time
    /// linear in the capacity (64-bit words: logarithmic). Never allocates, never waits; may be called
    /// from an interrupt, on top of any call on the same ledger.
    #[inline]
    pub fn record_peak(&self, key: &K, bytes: u64) -> Recorded {
        self.record(key, bytes, None)
    }

    #[inline]
    fn record(&self, key: &K, bytes: u64, hint: Option<&mut Hint>) -> Recorded {
        self.table().record(bytes, hint, |bytes, hint| self.record_above_floor(key, bytes, hint))
    }

    #[inline(never)]
    fn record_above_floor(&self, key: &K, bytes: Word, hint: Option<&mut Hint>) -> Recorded {
        let hash = self.hasher.hash_one(key);
        self.table().record_above_floor(hash, key, bytes, hint, &())
    }

    /// The peak of `key` in bytes, or 0 if it is not resident: then it never recorded more than
    /// [`untracked_at_most`](Self::untracked_at_most). Never allocates, never waits; may be called from
    /// an interrupt, on top of any call on the same ledger.
    #[must_use]
    #[inline]
    pub fn peak(&self, key: &K) -> u64 {
        self.table.peak(self.hasher.hash_one(key), key, &())
    }
}

impl<K: InlineKey, const CAPACITY: usize, S: BuildHasher> sealed::Handle for &StaticLedger<K, CAPACITY, S> {
    type Key = K;

    #[inline]
    fn record_hinted(&self, key: &K, bytes: u64, hint: &mut Hint) -> Recorded {
        match self.table.record_by_hint(bytes, hint) {
            Some(recorded) => recorded,
            None => self.record(key, bytes, Some(hint)),
        }
    }

    #[inline]
    fn meter_counters(&self) -> &MeterCounters {
        self.counters()
    }
}

impl<K: InlineKey, const CAPACITY: usize> Default for StaticLedger<K, CAPACITY> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: InlineKey, const CAPACITY: usize, S> fmt::Debug for StaticLedger<K, CAPACITY, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_summary!("StaticLedger", f, self)
    }
}
