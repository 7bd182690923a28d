//! The core of all ledgers by windows: the present, the tables that windows use in turn, and the
//! hasher of the keys.

use core::{borrow::Borrow, hash::BuildHasher};

use crate::{
    key::Query,
    sync::{AtomicWord, CachePadded, Ordering, Word, const_fn},
    table::{
        Hint, Key, Pin, Recorded, Storage, Table,
        span::{Span, Value},
        windows::Refusals,
    },
};

/// The tables of a ledger by windows: one more than closed windows are kept.
pub(crate) trait Tables {
    type Storage: Storage;

    fn tables(&self) -> &[Table<Self::Storage>];
}

/// The cells that hold the keys.
type Cell<T> = <<T as Tables>::Storage as Storage>::Cell;

/// Residents with their peaks in bytes.
#[cfg(feature = "alloc")]
type Residents<T> = alloc::vec::Vec<(Key<<T as Tables>::Storage>, u64)>;

/// A ledger by windows, over storage of any kind. Window `w` uses table `w` modulo their number.
pub(crate) struct WindowedCore<T, S, const BYTE_BITS: u32> {
    /// The current window, with its floor.
    present: CachePadded<AtomicWord>,
    tables: T,
    hasher: S,
}

impl<T, S, const BYTE_BITS: u32> WindowedCore<T, S, BYTE_BITS> {
    const_fn! {
        /// A ledger whose first window is current, over tables that hold nothing.
        pub(crate) fn new(tables: T, hasher: S) -> Self {
            let present = Value::<BYTE_BITS>::least_of(1);
            Self { present: CachePadded(AtomicWord::new(present.word())), tables, hasher }
        }
    }
}

impl<T: Tables, S, const BYTE_BITS: u32> WindowedCore<T, S, BYTE_BITS> {
    pub(crate) fn tables(&self) -> &[Table<T::Storage>] {
        self.tables.tables()
    }

    pub(crate) fn capacity(&self) -> usize {
        self.tables()[0].capacity()
    }

    /// How many closed windows are kept.
    pub(crate) fn kept(&self) -> Word {
        self.tables().len() as Word - 1
    }

    /// The current window, with its floor. SeqCst: in the one order of raises, rotations and reads.
    /// It is also an acquire load, which shows the residents from which the floor was proven.
    #[inline]
    pub(crate) fn present(&self) -> Value<BYTE_BITS> {
        Value::from_word(self.present.load(Ordering::SeqCst))
    }

    #[inline]
    fn span(&self, window: Value<BYTE_BITS>) -> Span<'_, BYTE_BITS> {
        Span::new(&self.present, window)
    }

    #[inline]
    fn table(&self, span: Span<'_, BYTE_BITS>) -> &Table<T::Storage> {
        let tables = self.tables();
        let window = span.window();
        // A division would cost a fifth of a record. The usual number of tables is four.
        let turn = if tables.len() == 4 { window % 4 } else { window % tables.len() as Word };
        &tables[turn as usize]
    }

    /// Whether a hint has seen a value of a window that has ended.
    #[inline]
    pub(crate) fn is_over(&self, hint: &Hint) -> bool {
        hint.seen() != 0 && Value::<BYTE_BITS>::from_word(hint.seen()).window() != self.present().window()
    }

    /// Ends the current window and returns its number. `None` if it is the last one.
    pub(crate) fn rotate(&self) -> Option<Word> {
        loop {
            let window = self.present().window();
            if window == Value::<BYTE_BITS>::LAST_WINDOW {
                return None;
            }
            let next = Value::<BYTE_BITS>::least_of(window + 1);
            let before = self.present.fetch_max(next.word(), Ordering::SeqCst);
            // Otherwise another call has ended this window, and this call has ended none.
            if Value::<BYTE_BITS>::from_word(before).window() == window {
                return Some(window);
            }
        }
    }
}

impl<T: Tables, S: BuildHasher, const BYTE_BITS: u32> WindowedCore<T, S, BYTE_BITS> {
    /// The record of all ledgers by windows.
    #[inline]
    pub(crate) fn record<W: Query<Cell<T>>, P: Borrow<Pin<T::Storage>>>(
        &self,
        query: &W,
        bytes: u64,
        mut hint: Option<&mut Hint>,
        pin: impl Fn() -> P,
    ) -> Recorded {
        // Repeats only if the window has ended: that is progress.
        loop {
            let present = self.present();
            let value = present.with_bytes(bytes);
            let span = self.span(present);
            if hint.as_ref().is_some_and(|hint| hint.settles(value.word())) {
                return Recorded::Unchanged;
            }
            // Before the hint: it may be of an earlier window, which even 0 bytes would raise.
            if value <= present {
                if let Some(hint) = hint {
                    hint.see_floor(present.word());
                }
                return Recorded::Unchanged;
            }
            if let Some(hint) = hint.as_deref_mut() {
                match self.table(span).raise_by_hint(value.word(), hint, span) {
                    Some(Ok(recorded)) => return recorded,
                    Some(Err(_)) => continue,
                    None => {}
                }
            }
            if let Some(recorded) = self.record_above_floor(query, value, hint.as_deref_mut(), pin().borrow())
            {
                return recorded;
            }
        }
    }

    /// Out of line, so that a call site is only the comparison with the floor. `None` if the window
    /// has ended.
    #[inline(never)]
    fn record_above_floor<W: Query<Cell<T>>>(
        &self,
        query: &W,
        value: Value<BYTE_BITS>,
        mut hint: Option<&mut Hint>,
        pin: &Pin<T::Storage>,
    ) -> Option<Recorded> {
        let span = self.span(value);
        let hash = self.hasher.hash_one(query);
        let at_home =
            self.table(span).record_at_home(hash, query, value.word(), hint.as_deref_mut(), span, pin);
        match at_home {
            Some(recorded) => recorded.ok(),
            None => self.record_slow(query, value, hint, pin),
        }
    }

    /// The same for a key that is not where residents nearly always are. With the hash and the
    /// window once more, its arguments are those of the call above, for which this is the end.
    #[inline(never)]
    fn record_slow<W: Query<Cell<T>>>(
        &self,
        query: &W,
        value: Value<BYTE_BITS>,
        hint: Option<&mut Hint>,
        pin: &Pin<T::Storage>,
    ) -> Option<Recorded> {
        let span = self.span(value);
        let hash = self.hasher.hash_one(query);
        self.table(span).record_slow(hash, query, value.word(), hint, span, pin).ok()
    }

    /// The peak of a key in the current window.
    pub(crate) fn peak<W: Query<Cell<T>>>(&self, query: &W, pin: &Pin<T::Storage>) -> u64 {
        let hash = self.hasher.hash_one(query);
        loop {
            let span = self.span(self.present());
            if let Ok(peak) = self.table(span).peak(hash, query, span, pin) {
                return peak;
            }
        }
    }

    /// Makes a window that has ended final, and calls `visit` for each of its residents. `None` if
    /// it has not ended, or is no longer kept: then what was visited means nothing.
    pub(crate) fn read_closed(
        &self,
        number: u64,
        pin: &Pin<T::Storage>,
        visit: impl FnMut(Key<T::Storage>, u64),
    ) -> Option<Refusals> {
        let now = self.present().window();
        if number >= now || now - number > self.kept() || number == 0 {
            return None;
        }
        let span = self.span(Value::least_of(number));
        self.table(span).read_closed(span, self.kept(), pin, visit)
    }

    /// The current window: its number and its floor, what `read` made of it, and what it has
    /// refused.
    pub(crate) fn read_current<R>(
        &self,
        mut read: impl FnMut(&Table<T::Storage>, Span<'_, BYTE_BITS>) -> R,
    ) -> (Value<BYTE_BITS>, R, Refusals) {
        loop {
            let span = self.span(self.present());
            let table = self.table(span);
            let result = read(table, span);
            let refusals = table.refusals(span);
            // Last: it covers all that was recorded before this call and is not in the result.
            let present = self.present();
            if present.window() == span.window() {
                return (present, result, refusals);
            }
        }
    }

    /// All residents of the current window, each once, no more than the capacity.
    #[cfg(feature = "alloc")]
    pub(crate) fn entries(&self, pin: &Pin<T::Storage>) -> (Value<BYTE_BITS>, Residents<T>, Refusals)
    where
        Key<T::Storage>: Eq + core::hash::Hash,
    {
        self.read_current(|table, span| {
            crate::ledger::report::entries(table, span, pin, |key| self.hasher.hash_one(key))
        })
    }
}
