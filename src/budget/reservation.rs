//! Bytes held in a budget, as a guard.

use super::{Budget, Demand, OverBudget};

/// Bytes reserved in a [`Budget`]. What it holds is given back when it is dropped.
///
/// Keep one for each thing that grows and goes away as a whole, such as a Store or a buffer.
///
/// ```
/// # #[cfg(feature = "alloc")] {
/// use highwater::{Budget, Reservation};
///
/// let host = Budget::new(1 << 20);
/// let mut buffer = Reservation::new(host.child(64 << 10));
/// buffer.grow(40 << 10)?;
/// assert!(buffer.grow(40 << 10).is_err());
/// buffer.shrink(8 << 10);
/// assert_eq!((buffer.bytes(), host.used()), (32 << 10, 32 << 10));
/// drop(buffer);
/// assert_eq!(host.used(), 0);
/// # }
/// # Ok::<(), highwater::OverBudget>(())
/// ```
///
/// The methods take the time of the [`StaticBudget`](super::StaticBudget) methods that they call.
/// They may be called from an interrupt and allocate nothing. Dropping the last handle of a budget
/// on the heap frees it, which an interrupt must not do.
#[derive(Debug)]
pub struct Reservation {
    budget: Budget,
    bytes: u64,
}

impl Reservation {
    /// Holds nothing yet.
    #[must_use]
    pub const fn new(budget: Budget) -> Self {
        Self { budget, bytes: 0 }
    }

    /// Reserves `bytes` more.
    ///
    /// # Errors
    /// If the budget or one of its ancestors has no room for them. Nothing has changed then.
    pub fn grow(&mut self, bytes: u64) -> Result<(), OverBudget> {
        self.budget.reserve(bytes)?;
        self.bytes += bytes;
        Ok(())
    }

    /// Counts `bytes` more, which are in use already, above the limits if need be. More than a
    /// budget can count is not counted.
    pub(crate) fn charge(&mut self, bytes: u64) {
        if self.budget.charge(bytes).is_ok() {
            self.bytes += bytes;
        }
    }

    /// Gives `bytes` back, or all that is held if that is less.
    pub fn shrink(&mut self, bytes: u64) {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        self.budget.release(bytes);
    }

    /// Moves all that `other` holds into `self`, as [`transfer`](super::StaticBudget::transfer)
    /// does between their budgets. It cannot fail if the budget of `self` is an ancestor of the
    /// other one.
    ///
    /// # Errors
    /// If the budget of `self`, or an ancestor that is not shared, has no room. Nothing has changed
    /// then.
    pub fn append(&mut self, other: &mut Self) -> Result<(), OverBudget> {
        self.move_from(other, Demand::WithinLimit)
    }

    /// Moves all that `other` holds into `self`, above the limits if need be. What the budget
    /// cannot count is given back.
    pub(crate) fn absorb(&mut self, mut other: Self) {
        if other.bytes > 0 {
            // Denied only by the most that can be counted. `other` then gives its bytes back.
            _ = self.move_from(&mut other, Demand::Regardless);
        }
    }

    fn move_from(&mut self, other: &mut Self, demand: Demand) -> Result<(), OverBudget> {
        other.budget.move_to(&self.budget, other.bytes, demand)?;
        self.bytes += core::mem::take(&mut other.bytes);
        Ok(())
    }

    /// The bytes held.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The budget that they are reserved in.
    #[must_use]
    pub fn budget(&self) -> &Budget {
        &self.budget
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.budget.release(self.bytes);
        }
    }
}
