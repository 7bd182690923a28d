//! Keys of any type, behind pointers that `crossbeam-epoch` reclaims. The only `unsafe` of the
//! crate is here and in [`limbo`](super::limbo).
//!
//! It is sound for these reasons:
//!
//! - A cell is null or points to a key that the owner of a claim has put there. Only the owner of
//!   the next claim replaces it. That owner retires the key afterwards, or puts it back
//!   ([`KeyCell::take_back`]) before another thread could have seen the slot live.
//! - A thread that reads a cell has pinned the same collector before, and stays pinned until it has
//!   done with the key. A retired key is freed only after a function deferred through that
//!   collector has run. The function was deferred after the key had been replaced, so no thread
//!   that could have found the key is still pinned.
//! - A reader dereferences the pointer only after it has seen the same live peak word before and
//!   after the load of the pointer. The pointer then belongs to a resident, never to a claim that
//!   may yet be taken back.
#![allow(unsafe_code)]

use core::hash::Hash;

use crossbeam_epoch::{Atomic, Guard, Owned, Shared};

use super::{
    Comparison, KeyCell, Query,
    borrowed::Borrowed,
    limbo::{EpochKey, Limbo, Node, unfollowed},
    participant::Participant,
};
use crate::sync::{Ordering, Zeroable};

/// A pointer to the key of a slot, null at first.
pub(crate) struct EpochCell<K: EpochKey>(Atomic<Node<K>>);

#[cfg(not(highwater_loom))]
// SAFETY: all bytes zero is a null pointer with tag 0, as `Atomic::null` makes it: its only field
// that takes space is an atomic pointer-sized word.
unsafe impl<K: EpochKey> Zeroable for EpochCell<K> {}
#[cfg(highwater_loom)]
impl<K: EpochKey> Zeroable for EpochCell<K> {
    #[cfg_attr(mutants, mutants::skip)] // For models alone.
    fn zeroed() -> Self {
        Self(Atomic::null())
    }
}

/// The key that was in a cell before a newcomer's.
pub(crate) struct Displaced<K>(*const Node<K>);

impl<K: EpochKey> KeyCell for EpochCell<K> {
    type Key = K;
    type Pin = Participant;
    type Prepared = Owned<Node<K>>;
    type Displaced = Displaced<K>;
    type Limbo = Limbo<K>;

    fn put(&self, key: Owned<Node<K>>) -> Displaced<K> {
        // Release: publishes the key. A thread that reads the pointer (acquire, in `key`) also sees
        // the claim before it. Acquire: the thread that drops the displaced key sees it whole.
        Displaced(self.0.swap(key, Ordering::AcqRel, unfollowed()).as_raw())
    }

    fn take_back(&self, displaced: Displaced<K>) -> Owned<Node<K>> {
        let before = Shared::from(displaced.0);
        // SAFETY, of both: the pointer is the caller's own, put there under the claim that it still
        // holds. No other thread replaces it, and none dereferences it: the slot was not live
        // since. AcqRel, as in `put`.
        unsafe { self.0.swap(before, Ordering::AcqRel, unfollowed()).into_owned() }
    }

    fn may_displace(limbo: &Limbo<K>, participant: &Participant) -> bool {
        limbo.make_room(participant)
    }

    fn retire(displaced: Displaced<K>, limbo: &Limbo<K>, participant: &Participant) {
        limbo.retire(Shared::from(displaced.0), participant);
    }

    fn read(&self, participant: &Participant, still: impl Fn() -> bool) -> Option<K> {
        self.key(&participant.pin(), still).cloned()
    }
}

impl<K: EpochKey> EpochCell<K> {
    /// The key, if `still` holds after its pointer was read: then it is a resident's.
    fn key<'pin>(&self, pin: &'pin Guard, still: impl Fn() -> bool) -> Option<&'pin K> {
        // Acquire: pairs with the swaps in `put` and `take_back`.
        let pointer = self.0.load(Ordering::Acquire, pin);
        if !still() {
            return None;
        }
        // SAFETY: the slot was live with one and the same peak before and after the load, so this
        // is a resident's key; it was in the cell after `pin` was pinned, so it is not freed
        // before.
        unsafe { pointer.as_ref() }.map(|node| &node.key)
    }
}

impl<K: EpochKey> Drop for EpochCell<K> {
    fn drop(&mut self) {
        // SAFETY: no other thread has the cell any more, and the key in it, if any, was not
        // retired: keys are retired only after they were replaced.
        drop(unsafe { core::mem::take(&mut self.0).try_into_owned() });
    }
}

impl<K, Q, F> Query<EpochCell<K>> for Borrowed<'_, K, Q, F>
where
    K: EpochKey,
    Q: Hash + equivalent::Equivalent<K> + ?Sized,
    F: Fn() -> K,
{
    #[inline(always)]
    fn compare(
        &self,
        cell: &EpochCell<K>,
        participant: &Participant,
        still: impl Fn() -> bool,
    ) -> Comparison {
        match cell.key(&participant.pin(), still) {
            Some(key) if self.key.equivalent(key) => Comparison::Equal,
            Some(_) => Comparison::Different,
            None => Comparison::Changed,
        }
    }

    fn prepare(&self) -> Owned<Node<K>> {
        Owned::new(Node::new((self.make)()))
    }
}
