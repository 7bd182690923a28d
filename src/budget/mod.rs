//! Budgets: how many bytes are in use now, over many users, and how many may be.
//!
//! A ledger keeps maxima, and nothing can be given back. A budget counts present use, which comes
//! and goes, so it is a type of its own beside the ledger. [`count`] is one budget by itself, with
//! the word that decides. This file adds the ancestors. `docs/budgets.md` has the promises of a
//! chain of budgets.

mod count;
mod over;
mod reservation;

use core::{fmt, iter, ops::Deref, ptr};

use count::{Demand, Level, MOST, Over};
pub use over::OverBudget;
pub use reservation::Reservation;

use crate::sync::{CachePadded, widen};
#[cfg(feature = "alloc")]
use alloc::sync::Arc;

/// A count of bytes in use with a limit, below other budgets or by itself, to live in a `static`.
///
/// ```
/// use highwater::StaticBudget;
///
/// static BOARD: StaticBudget = StaticBudget::new(48 * 1024);
/// static RADIO: StaticBudget = BOARD.child(16 * 1024);
///
/// RADIO.reserve(10_000)?; // from anywhere: main loop, interrupt, panic handler
/// assert_eq!((RADIO.used(), BOARD.used()), (10_000, 10_000));
/// let denial = RADIO.reserve(10_000).unwrap_err();
/// assert_eq!((denial.level, denial.limit), (0, 16 * 1024));
/// RADIO.release(10_000);
/// # Ok::<(), highwater::OverBudget>(())
/// ```
///
/// [`Budget`] is a handle of one of these, on the heap or in a static, and has the same methods.
///
/// Every method may be called from the main loop, interrupts of any priority, signal handlers and
/// panic handlers, on top of any other call on the same budgets, at any instruction of that one.
/// None allocates, locks or waits. (With the feature `portable-atomic`, on processors without
/// compare-and-swap, a non-maskable interrupt is the exception.) A call that changes a count takes
/// time and stack proportional to the number of ancestors, and repeats a step only if another call
/// changed that count meanwhile.
///
/// Counts and limits saturate at [`MAX_LIMIT`](Self::MAX_LIMIT).
pub struct StaticBudget(CachePadded<Node>);

struct Node {
    level: Level,
    parent: Option<Budget>,
}

/// A handle of a [`StaticBudget`], which has the methods: on the heap, shared by all clones, or in
/// a static.
///
/// A child keeps its ancestors alive. A clone costs one atomic addition, and nothing for a static.
/// Two handles are equal if they are of the same budget.
///
/// ```
/// # #[cfg(feature = "alloc")] {
/// use highwater::Budget;
///
/// let host = Budget::new(512 << 20);
/// let (alice, bob) = (host.child(400 << 20), host.child(400 << 20));
/// alice.reserve(300 << 20)?;
/// let denial = bob.reserve(300 << 20).unwrap_err();
/// assert_eq!(denial.level, 1); // not bob's own limit, the host's
/// assert_eq!((bob.denied(), host.denied(), host.used()), (0, 1, 300 << 20));
/// alice.release(300 << 20);
/// assert_eq!((host.used(), host.peak()), (0, 300 << 20));
/// # }
/// # Ok::<(), highwater::OverBudget>(())
/// ```
#[derive(Clone)]
pub struct Budget(Handle);

#[derive(Clone)]
enum Handle {
    Static(&'static StaticBudget),
    #[cfg(feature = "alloc")]
    Shared(Arc<StaticBudget>),
}

impl StaticBudget {
    /// The most bytes that a budget can count, and the largest limit: 2^48 - 1 (256 TiB), or 2^28 -
    /// 1 (256 MiB) where the target has no 64-bit atomics. A larger limit is this one.
    pub const MAX_LIMIT: u64 = widen(MOST);

    /// A budget of `limit` bytes without a parent, nothing of it in use.
    #[cfg(not(highwater_loom))]
    #[must_use]
    pub const fn new(limit: u64) -> Self {
        Self(CachePadded(Node { level: Level::new(limit), parent: None }))
    }

    /// A budget of `limit` bytes below this one. The limits of children may add up to more than the
    /// parent's, which then decides.
    #[cfg(not(highwater_loom))]
    #[must_use]
    pub const fn child(&'static self, limit: u64) -> Self {
        let parent = Some(Budget::from_static(self));
        Self(CachePadded(Node { level: Level::new(limit), parent }))
    }

    /// Reserves `bytes` in this budget and in every ancestor, or in none of them.
    ///
    /// A reservation of 0 bytes always succeeds. One that is approved happens after the releases of
    /// the bytes that it takes.
    ///
    /// # Errors
    /// The first budget, from this one upward, that has no room. It counts the denial, and nothing
    /// is reserved. A budget *with a parent* can also deny because of bytes that another
    /// reservation holds there while it is on its way up, even if an ancestor, which filled up at
    /// that moment, then denies that one too. A budget without a parent never does.
    #[inline]
    pub fn reserve(&self, bytes: u64) -> Result<(), OverBudget> {
        self.reserve_below(None, bytes, Demand::WithinLimit)
    }

    /// Counts `bytes` that are in use already, in this budget and in every ancestor, above their
    /// limits if need be.
    ///
    /// # Errors
    /// If a budget cannot count so many. Then they are counted in none.
    pub(crate) fn charge(&self, bytes: u64) -> Result<(), OverBudget> {
        self.reserve_below(None, bytes, Demand::Regardless)
    }

    /// Gives `bytes` back to this budget and to every ancestor.
    ///
    /// They must have been reserved through this budget. More than all that is in use here cannot
    /// be given back: the rest is ignored, in the ancestors as well.
    #[inline]
    pub fn release(&self, bytes: u64) {
        self.release_below(None, bytes);
    }

    /// Moves `bytes` that are reserved here to another budget. The budgets that are ancestors of
    /// both, or one of the two itself, keep their counts throughout.
    ///
    /// To an ancestor a transfer is never denied, as nothing has to be reserved for it: the bytes
    /// are from then on that ancestor's own, such as those of a pooled Store without a tenant.
    /// Otherwise they are reserved in the target and its ancestors below the first shared one, and
    /// then given back here, so that both count them for an instant.
    ///
    /// Takes time proportional to the product of the numbers of ancestors.
    ///
    /// # Errors
    /// The first budget, from the target upward, that has no room, with its level counted from the
    /// target. Nothing has changed then.
    pub fn transfer(&self, to: &Self, bytes: u64) -> Result<(), OverBudget> {
        self.move_to(to, bytes, Demand::WithinLimit)
    }

    /// The bytes in use, those of all descendants included. One load.
    ///
    /// At rest, the sum of what was reserved through this budget and its descendants and is not
    /// given back. Never more than the limit, except after [`set_limit`](Self::set_limit) has
    /// lowered that, and after a meter has learnt of memory that it was not asked about
    /// (docs/budgets.md). In a budget with a parent it can include, for an instant, bytes that an
    /// ancestor is about to deny.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.level().used()
    }

    /// The most bytes that were in use. One load.
    ///
    /// Each approved reservation raises it, before it returns, to what was in use with its own
    /// bytes. So it is exactly the highest [`used`](Self::used) in a budget without a parent. In
    /// one with a parent a denied reservation does not raise it, but another one, approved
    /// meanwhile, can count the bytes that the denied one held for an instant.
    #[must_use]
    pub fn peak(&self) -> u64 {
        self.level().peak()
    }

    /// The most bytes that may be in use. One load.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.level().limit()
    }

    /// Changes the limit. One store and one update.
    ///
    /// A limit below what is in use denies growth until enough was given back, and takes nothing
    /// back. Once the call has returned, no reservation is approved by an older limit, not even one
    /// that began before: if `used()` is then within the limit, it stays there.
    pub fn set_limit(&self, limit: u64) {
        self.level().set_limit(limit);
    }

    /// How many reservations this budget has denied. Those that an ancestor denied count there.
    /// Wraps at 2^64, or 2^32 where the target has no 64-bit atomics. One load.
    #[must_use]
    pub fn denied(&self) -> u64 {
        self.level().denied()
    }

    /// The budget above this one.
    #[must_use]
    pub fn parent(&self) -> Option<&Budget> {
        self.0.parent.as_ref()
    }

    fn level(&self) -> &Level {
        &self.0.level
    }

    /// This budget, its parent, the parent of that, and so on.
    fn chain(&self) -> impl Iterator<Item = &Self> {
        iter::successors(Some(self), |budget| budget.parent().map(|parent| &**parent))
    }

    /// The chain as far as `end`, which is left out; all of it without an end.
    fn chain_below<'a>(&'a self, end: Option<&'a Self>) -> impl Iterator<Item = &'a Self> {
        self.chain().take_while(move |&budget| !is(budget, end))
    }

    fn move_to(&self, to: &Self, bytes: u64, demand: Demand) -> Result<(), OverBudget> {
        let shared = to.chain().find(|&target| self.chain().any(|own| ptr::eq(own, target)));
        to.reserve_below(shared, bytes, demand)?;
        self.release_below(shared, bytes);
        Ok(())
    }

    #[inline]
    fn reserve_below(&self, end: Option<&Self>, bytes: u64, demand: Demand) -> Result<(), OverBudget> {
        // A denial that can be foreseen holds nothing anywhere meanwhile, so it disturbs no other
        // call.
        if demand == Demand::WithinLimit {
            for (level, budget) in (0..).zip(self.chain_below(end)) {
                budget.level().check(bytes).map_err(|over| budget.deny(level, bytes, over))?;
            }
        }
        self.hold(end, bytes, demand, 0)
    }

    /// Adds the bytes from here up. The topmost budget decides last: bytes that it denies were held
    /// in one branch below it, and could be in the way of reservations in that branch only.
    #[inline]
    fn hold(&self, end: Option<&Self>, bytes: u64, demand: Demand, level: u32) -> Result<(), OverBudget> {
        if is(self, end) {
            return Ok(());
        }
        let used = self.level().add(bytes, demand).map_err(|over| self.deny(level, bytes, over))?;
        if let Some(parent) = self.parent() {
            parent.hold(end, bytes, demand, level + 1).inspect_err(|_| _ = self.level().subtract(bytes))?;
        }
        // Only now is it approved.
        self.level().raise_peak(used);
        Ok(())
    }

    #[inline]
    fn release_below(&self, end: Option<&Self>, mut bytes: u64) {
        for budget in self.chain_below(end) {
            bytes = budget.level().subtract(bytes);
        }
    }

    #[cold]
    fn deny(&self, level: u32, requested: u64, Over { used, limit }: Over) -> OverBudget {
        self.level().count_denial();
        OverBudget { level, used: widen(used), limit: widen(limit), requested }
    }
}

fn is(budget: &StaticBudget, other: Option<&StaticBudget>) -> bool {
    other.is_some_and(|other| ptr::eq(budget, other))
}

impl Budget {
    /// A budget of `limit` bytes on the heap, without a parent, nothing of it in use. One
    /// allocation.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn new(limit: u64) -> Self {
        Self::shared(limit, None)
    }

    /// A budget of `limit` bytes on the heap below this one. One allocation. The limits of children
    /// may add up to more than the parent's, which then decides.
    ///
    /// Bytes reserved through the child are given back by [`release`](StaticBudget::release) only:
    /// a child that is dropped before stays counted in its ancestors. A [`Reservation`] cannot
    /// forget it.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn child(&self, limit: u64) -> Self {
        Self::shared(limit, Some(self.clone()))
    }

    #[cfg(feature = "alloc")]
    fn shared(limit: u64, parent: Option<Self>) -> Self {
        let node = Node { level: Level::new(limit), parent };
        Self(Handle::Shared(Arc::new(StaticBudget(CachePadded(node)))))
    }

    /// A handle of a budget in a static.
    #[must_use]
    pub const fn from_static(budget: &'static StaticBudget) -> Self {
        Self(Handle::Static(budget))
    }
}

impl Deref for Budget {
    type Target = StaticBudget;

    #[inline]
    fn deref(&self) -> &StaticBudget {
        match &self.0 {
            Handle::Static(budget) => budget,
            #[cfg(feature = "alloc")]
            Handle::Shared(budget) => budget,
        }
    }
}

impl From<&'static StaticBudget> for Budget {
    fn from(budget: &'static StaticBudget) -> Self {
        Self::from_static(budget)
    }
}

impl PartialEq for Budget {
    fn eq(&self, other: &Self) -> bool {
        ptr::eq(&raw const **self, &raw const **other)
    }
}

impl Eq for Budget {}

impl fmt::Debug for StaticBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("Budget");
        fields.field("used", &self.used()).field("limit", &self.limit());
        fields.field("peak", &self.peak()).field("denied", &self.denied());
        if let Some(parent) = self.parent() {
            fields.field("parent", parent);
        }
        fields.finish()
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
