//! Look-ups by a borrowed form of a key, such as `str` for `String`.

use core::{
    hash::{Hash, Hasher},
    marker::PhantomData,
};

/// A borrowed form of a key, and how to make the key from it.
pub(crate) struct Borrowed<'a, K, Q: ?Sized, F> {
    pub(super) key: &'a Q,
    pub(super) make: F,
    kind: PhantomData<fn() -> K>,
}

impl<'a, K, Q: ?Sized, F: Fn() -> K> Borrowed<'a, K, Q, F> {
    pub(crate) fn new(key: &'a Q, make: F) -> Self {
        Self { key, make, kind: PhantomData }
    }
}

impl<'a, K, Q: ?Sized> Borrowed<'a, K, Q, fn() -> K> {
    /// For a call that admits no key.
    pub(crate) fn for_lookup(key: &'a Q) -> Self {
        Self::new(key, || unreachable!("a look-up admits no key"))
    }
}

/// Hashes as the key does that is borrowed.
impl<K, Q: Hash + ?Sized, F> Hash for Borrowed<'_, K, Q, F> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}
