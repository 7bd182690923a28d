//! Look-ups: from a hash to the resident with a key.

use super::{
    Found, Pin, Storage, Table, Values, gate::Ticket, group::GROUP, shape::Home, slot::Slot, word::Peak,
};
use crate::key::{Comparison, KeyCell, Query};

impl<St: Storage> Table<St> {
    /// Steps A1 and A2 of an admission. The resident with this key, or the ticket under which there
    /// is none. The key was absent if that ticket is current afterwards.
    pub(super) fn find<W: Query<St::Cell>>(
        &self,
        home: Home,
        query: &W,
        values: impl Values,
        pin: &Pin<St>,
    ) -> Result<Found, Ticket> {
        // No key is admitted or evicted while this is current.
        let ticket = self.finish_pending();
        self.probe(home, query, values, pin).ok_or(ticket)
    }

    /// Looks for a key from its home on, as far as keys of that home were ever placed. A resident
    /// found had that peak when the call met it.
    fn probe<W: Query<St::Cell>>(
        &self,
        home: Home,
        query: &W,
        values: impl Values,
        pin: &Pin<St>,
    ) -> Option<Found> {
        let shape = self.storage.shape();
        let reach = self.groups().reach(home.group);
        (0..=reach).find_map(|displacement| {
            self.look_in(shape.group_at(home, displacement), home, query, values, pin)
        })
    }

    /// Looks for a key in one group.
    fn look_in<W: Query<St::Cell>>(
        &self,
        group: usize,
        home: Home,
        query: &W,
        values: impl Values,
        pin: &Pin<St>,
    ) -> Option<Found> {
        let lanes = self.groups().match_tags(group, home.tags);
        lanes.into_iter().find_map(|lane| self.look_at(group * GROUP + lane, query, values, pin))
    }

    /// The resident of a slot, if it has this key.
    fn look_at<W: Query<St::Cell>>(
        &self,
        place: usize,
        query: &W,
        values: impl Values,
        pin: &Pin<St>,
    ) -> Option<Found> {
        loop {
            let (slot, met) = self.resident(place, values)?;
            match met.compare(slot, query, pin) {
                Comparison::Equal => return Some(met),
                Comparison::Different => return None,
                Comparison::Changed => {} // By another call that got ahead.
            }
        }
    }

    /// The resident of the first slot of the home group whose tag matches: where a key nearly
    /// always is.
    #[inline(always)]
    pub(super) fn candidate(&self, hash: u64, values: impl Values) -> Option<(&Slot<St::Cell>, Found)> {
        let home = self.storage.shape().home(hash);
        let lane = self.groups().match_tags(home.group, home.tags).next()?;
        self.resident(home.group * GROUP + lane, values)
    }

    /// The resident of a slot, with any key. (A false match of a tag can point beyond the last
    /// slot.)
    #[inline(always)]
    fn resident(&self, place: usize, values: impl Values) -> Option<(&Slot<St::Cell>, Found)> {
        let slot = self.storage.slots().get(place)?;
        let peak = values.resident(slot.look())?;
        Some((slot, Found { slot: place, peak }))
    }
}

impl Found {
    /// Compares a key with that of the resident.
    #[inline(always)]
    pub(super) fn compare<C: KeyCell>(
        self,
        slot: &Slot<C>,
        query: &impl Query<C>,
        pin: &C::Pin,
    ) -> Comparison {
        query.compare(&slot.cell, pin, || slot.is_still(Peak::live(self.peak)))
    }
}
