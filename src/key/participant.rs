//! How a thread takes part in epoch reclamation.

#[cfg(feature = "std-ledger")]
use core::borrow::Borrow;
use core::ops::Deref;

use crossbeam_epoch::{Guard, LocalHandle};

/// A thread's way to pin the collector.
pub(crate) enum Participant {
    /// On the process's default collector.
    #[cfg(feature = "std-ledger")]
    ThreadLocal,
    Registered(LocalHandle),
    /// Pinned for as long as this guard lives.
    Pinned(Guard),
}

impl Participant {
    #[inline(always)]
    pub(crate) fn pin(&self) -> Pinning<'_> {
        match self {
            #[cfg(feature = "std-ledger")]
            Self::ThreadLocal => Pinning::New(crossbeam_epoch::pin()),
            Self::Registered(handle) => Pinning::New(handle.pin()),
            Self::Pinned(guard) => Pinning::Held(guard),
        }
    }

    /// A participant that is pinned from now on.
    #[inline]
    pub(crate) fn pinned(&self) -> Self {
        match self {
            #[cfg(feature = "std-ledger")]
            Self::ThreadLocal => Self::Pinned(crossbeam_epoch::pin()),
            Self::Registered(handle) => Self::Pinned(handle.pin()),
            Self::Pinned(_) => unreachable!("pinned once"),
        }
    }

    /// Unpins and pins anew, if this is a pin of some duration: keys that it held back can then be
    /// freed.
    pub(crate) fn repin(&mut self) {
        if let Self::Pinned(guard) = self {
            guard.repin();
        }
    }
}

/// The [`Participant::ThreadLocal`], as a type: a call that is given this has no other case in its
/// code.
#[cfg(feature = "std-ledger")]
#[derive(Clone, Copy)]
pub(crate) struct ThreadLocal;

#[cfg(feature = "std-ledger")]
impl Borrow<Participant> for ThreadLocal {
    #[inline]
    fn borrow(&self) -> &Participant {
        &Participant::ThreadLocal
    }
}

/// A guard for one comparison, or a longer one.
pub(crate) enum Pinning<'a> {
    New(Guard),
    Held(&'a Guard),
}

impl Deref for Pinning<'_> {
    type Target = Guard;

    #[inline]
    fn deref(&self) -> &Guard {
        match self {
            Self::New(guard) => guard,
            Self::Held(guard) => guard,
        }
    }
}
