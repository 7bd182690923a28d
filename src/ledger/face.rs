//! The methods that the faces of the core share, written once, for types that have a method `core`.

/// The readings that are the same for every kind of ledger.
macro_rules! readings {
    () => {
        /// An upper bound, in bytes, for principals outside the ledger: 0 until it is full, and
        /// never falling.
        ///
        /// No resident's peak is below it. As long as [`refused`](Self::refused) is 0, no principal
        /// outside the ledger has ever recorded more. One load; may be called from an interrupt.
        #[must_use]
        #[inline]
        pub fn floor(&self) -> u64 {
            self.core().table().floor()
        }

        /// The largest value, in bytes, that any principal outside the ledger can ever have
        /// recorded: the [`floor`](Self::floor), or the largest value refused if that is higher.
        #[must_use]
        pub fn untracked_at_most(&self) -> u64 {
            self.core().table().untracked_at_most()
        }

        /// The number of residents, never more than the capacity. Constant time. Finishes an
        /// admission in flight.
        #[must_use]
        pub fn len(&self) -> usize {
            self.core().table().len()
        }

        /// Whether no value above 0 was recorded yet.
        #[must_use]
        pub fn is_empty(&self) -> bool {
            self.len() == 0
        }

        /// The most principals that the ledger holds.
        #[must_use]
        pub fn capacity(&self) -> usize {
            self.core().table().capacity()
        }

        /// How many residents were evicted by a newcomer, counted before the newcomer's call
        /// returns. Wraps at 2<sup>64</sup>, or 2<sup>32</sup> where the target has no 64-bit
        /// atomics.
        #[must_use]
        pub fn evictions(&self) -> u64 {
            self.core().table().evictions()
        }

        /// How many records were [`Refused`](crate::Recorded::Refused). While it is 0 the ledger is
        /// exact; otherwise [`untracked_at_most`](Self::untracked_at_most) still holds. Wraps as
        /// [`evictions`](Self::evictions).
        #[must_use]
        pub fn refused(&self) -> u64 {
            self.core().table().refused()
        }

        /// All these numbers, read one after another, not at one instant.
        #[must_use]
        pub fn stats(&self) -> $crate::LedgerStats {
            self.core().stats()
        }
    };
}
pub(crate) use readings;

/// The calls that are the same for every ledger whose keys are held in the slots: none needs a pin.
macro_rules! inline_calls {
    ($key:ty) => {
        /// Records that `key` used `bytes`: raises its peak, or admits it if it belongs to the top.
        ///
        /// 0 is a no-op. Values from [`MAX_PEAK`](crate::MAX_PEAK) on count as that. A value at or
        /// below the floor costs one load. A value that does not raise a resident's peak writes
        /// nothing. An admission takes time logarithmic in the capacity (32-bit words: linear).
        /// Never allocates, never waits. May be called from an interrupt, on top of any call on the
        /// same ledger.
        #[inline]
        pub fn record_peak(&self, key: &$key, bytes: u64) -> $crate::Recorded {
            self.core().record::<$key, _>(key, bytes, None, || ())
        }

        /// The peak of `key` in bytes, or 0 if it is not resident. Then it never recorded more than
        /// [`untracked_at_most`](Self::untracked_at_most). Never allocates, never waits. May be
        /// called from an interrupt, on top of any call on the same ledger.
        #[must_use]
        #[inline]
        pub fn peak(&self, key: &$key) -> u64 {
            self.core().peak(key, &())
        }

        /// Calls `visit` for each resident and its peak in bytes, in no order. Allocates nothing.
        /// May be called from an interrupt.
        ///
        /// Returns `true` if no principal was admitted meanwhile: then these were all residents,
        /// each once. Otherwise each was resident with that peak at some instant during the call,
        /// but a principal that was evicted and admitted again may come twice, and a newcomer may
        /// come beside the resident that it evicted.
        pub fn for_each(&self, visit: impl FnMut($key, u64)) -> bool {
            self.core().table().walk($crate::table::AllTime, &(), visit)
        }

        /// Fills `top` with the residents with the highest peaks in bytes, highest first, ties by
        /// key, each once. Returns the part that is filled: all of it, unless there are fewer
        /// residents. Allocates nothing. May be called from an interrupt. Takes time proportional
        /// to the number of slots times the length of `top`.
        #[must_use]
        pub fn top_into<'t>(&self, top: &'t mut [($key, u64)]) -> &'t mut [($key, u64)] {
            self.core().top_into(top, Ord::cmp, &())
        }
    };
}
pub(crate) use inline_calls;
