//! Admission: how a newcomer becomes resident, in the place of the lowest resident if the table is
//! full.
//!
//! An admission is *installed* by the gate word, which names the slot of its newcomer. At most one
//! installed admission is not finished yet. Any thread can finish it, so no thread waits for
//! another. The words and their states (*killed* means free) are in `word.rs` and docs/design.md.
//!
//! # Finishing an admission: [`Table::help`]
//!
//! A ticket is a gate `(seq, x)` with the era that was read before it.
//!
//! - **F1.** Read the peak word of `x`. If it is not pending, the admission is finished.
//! - **F2.** Compare its stamp with the one that the ticket calls for. With another stamp it
//!   belongs to a later admission, or to one that is whole rounds old. If the ticket is current,
//!   there is nothing to finish.
//! - **F3.** Read the intent of `x`: the newcomer's bytes `b`, the victim `v`, the victim's peak
//!   `m`.
//! - **F4.** Read the peak word of `x` again. If it has changed, the admission is finished, and the
//!   intent may be that of the next claim.
//! - **F5.** Check the ticket. If it is out of date, nothing is known.
//! - **F6.** Kill the victim, if there is one: `v: m -> killed(stamp)`. If `v` holds
//!   `killed(stamp)` already, another thread has killed it. If `v` holds anything else, the victim
//!   has grown and will never have the peak `m` again: the admission is *void*, for good.
//! - **F7.** Publish the newcomer: `x: pending(stamp) -> b`.
//!
//! The compare-and-swaps of F6 and F7 expect words that occur once, so a late helper does no harm.
//!
//! # Admitting a key: [`Table::record_slow`]
//!
//! - **A1.** Finish the pending admission, if there is one, which gives a ticket. All that follows
//!   holds only while the ticket is current.
//! - **A2.** Find the key again: another thread may have admitted it.
//! - **A3.** If the table is full, find the lowest resident `(v, m)`, check the ticket, and raise
//!   the floor to `m`. A value of at most `m` is dropped.
//! - **A4.** Prepare the key. Code that can panic or allocate runs here, before anything is
//!   claimed. If too many retired keys wait to be freed, refuse the value instead.
//! - **A5.** Claim the first free slot `x` from home on: read its word, check the ticket, and
//!   replace that very word by `pending(stamp)`, with the stamp of the next admission. Slots that
//!   other threads hold pending are passed by. If there is no free slot, refuse the value.
//! - **A6.** Write the key and the intent, tag the slot, extend the reach of the home, and lower
//!   the bounds above the slot if there is a victim.
//! - **A7.** Install: move the era on if this admission begins a half of a round, then replace the
//!   gate by `(seq + 1, x)`.
//! - **A8.** Finish the installed admission. If `x` is still pending with this stamp afterwards,
//!   the admission was void.
//! - **A9.** After a success, count the eviction, raise the bounds above the victim's slot, and
//!   retire the key that was in `x` before.
//! - **A10.** If A7 failed or the admission was void, take the key back, free `x` as
//!   `killed(stamp)`, and begin again.

use super::{
    Found, Pin, Recorded, Storage, Table, Values,
    bounds::Mark,
    gate::Ticket,
    group::GROUP,
    hint::Hint,
    shape::{CACHED_LEVELS, Home},
    word::{Peak, Stamp},
};
use crate::{
    key::{KeyCell, Query},
    sync::{Ordering, Word},
};

/// A slot that one admission holds, invisible to readers.
#[derive(Clone, Copy)]
pub(super) struct Claim {
    pub(super) slot: usize,
    /// How many groups from home.
    displacement: usize,
    pub(super) stamp: Stamp,
}

/// Why no slot was claimed.
pub(super) enum ClaimError {
    /// Another admission was installed: begin again.
    Moved,
    /// No slot is free: admissions in flight hold all spare ones.
    NoSlot,
}

impl<St: Storage> Table<St> {
    /// The slot of the newcomer that the gate names.
    pub(super) fn newcomer(&self, ticket: Ticket) -> usize {
        ticket.gate.slot(&self.storage.shape().gate)
    }

    /// Finishes the admission that the gate names, if it is pending. Returns the ticket of that
    /// gate: while it is current, no installed admission is unfinished.
    pub(super) fn finish_pending(&self) -> Ticket {
        loop {
            let ticket = self.ticket();
            // Repeats only if another thread has installed an admission, or is about to: that is
            // progress.
            if self.help(ticket) {
                return ticket;
            }
        }
    }

    /// Finishes the admission of this ticket: steps F1 to F7. Returns `false` if the ticket is out
    /// of date, and nothing is known.
    pub(super) fn help(&self, ticket: Ticket) -> bool {
        let shape = &self.storage.shape().gate;
        let newcomer = self.newcomer(ticket);
        // The gate of a closing names no slot.
        let Some(slot) = self.storage.slots().get(newcomer) else { return true };
        // F1.
        let pending = slot.look();
        let Some(stamp) = pending.as_pending() else { return true };
        // F2.
        if shape.stamp_of(ticket.era, ticket.gate.seq(shape)) != Some(stamp) {
            // A claim that is whole rounds old was installed because the gate had come round to the
            // word that its owner had seen. If the ticket is current, that admission is void.
            return self.is_current(ticket);
        }
        // F3. Acquire: pairs with the stores in `write_intent` by the next owner of this slot. A
        // thread that has read one of its words sees its claim in F4.
        let intent = &self.storage.intents()[newcomer];
        let bytes = intent.bytes.load(Ordering::Acquire);
        let victim = intent.victim.load(Ordering::Acquire) as usize;
        let victim_peak = intent.victim_peak.load(Ordering::Acquire);
        // F4. SeqCst, as every look from which something is concluded. If a relaxed load showed the
        // publication, this thread's next look at the victim could still miss the kill before it.
        if slot.look() != pending {
            // Published, or void, freed, and perhaps claimed again for the next number under this
            // very gate. The intent may then be that of an admission that no thread has installed.
            return true;
        }
        // F5. If the era of the ticket was read whole rounds before its gate, a claim of that age
        // passes F2.
        if !self.is_current(ticket) {
            return false;
        }
        // F6.
        if victim_peak != 0 {
            let killed = Peak::killed(stamp);
            match self.slot(victim).replace(Peak::live(victim_peak), killed) {
                Ok(()) => {}
                Err(now) if now == killed => {}
                // It grew first: void for good.
                Err(_) => return true,
            }
        }
        // F7. Fails if another thread was faster.
        let _ = slot.replace(pending, Peak::live(bytes));
        true
    }

    /// Records for a key that the first look did not settle, and admits it if it is not resident: steps
    /// A1 to A10.
    #[inline(never)]
    pub(crate) fn record_slow<W: Query<St::Cell>, V: Values>(
        &self,
        hash: u64,
        query: &W,
        value: Word,
        mut hint: Option<&mut Hint>,
        values: V,
        pin: &Pin<St>,
    ) -> Result<Recorded, V::Ended> {
        let home = self.storage.shape().home(hash);
        let shape = &self.storage.shape().gate;
        let mut prepared = None;
        loop {
            // A1, A2.
            let ticket = match self.find(home, query, values, pin) {
                Err(ticket) => ticket,
                Ok(found) => match self.raise(found, value, hint.as_deref_mut(), values) {
                    Some(recorded) => return recorded,
                    None => continue,
                },
            };
            values.go_on()?;
            // A3.
            let mut victim = None;
            if shape.is_full(ticket.gate.seq(shape)) {
                self.prefetch(home);
                let Some(lowest) = self.lowest_resident(ticket, values) else { continue };
                if !self.is_current(ticket) {
                    continue;
                }
                self.raise_floor(lowest.peak, values);
                if value <= lowest.peak {
                    values.go_on()?;
                    if let Some(hint) = hint {
                        hint.see_floor(lowest.peak);
                    }
                    return Ok(Recorded::Dropped);
                }
                victim = Some(lowest);
            }
            if !St::Cell::may_displace(self.storage.limbo(), pin) {
                return self.refuse(value, values);
            }
            // A4.
            let key = prepared.take().unwrap_or_else(|| query.prepare());
            // A5.
            let claim = match self.claim(home, ticket) {
                Ok(claim) => claim,
                Err(ClaimError::NoSlot) => return self.refuse(value, values),
                Err(ClaimError::Moved) => {
                    prepared = Some(key);
                    continue;
                }
            };
            // A6.
            let displaced = self.slot(claim.slot).cell.put(key);
            self.write_intent(claim.slot, value, victim);
            self.groups().tag(claim.slot / GROUP, claim.slot % GROUP, home.tags);
            self.groups().extend_reach(home.group, claim.displacement);
            if victim.is_some() {
                self.bounds().lower(claim.slot, value);
            }
            // A7, A8.
            if self.install(ticket, claim) {
                // A9.
                if let Some(victim) = victim {
                    self.tighten_above(victim.slot, self.count(victim, values));
                }
                if let Some(hint) = hint {
                    hint.see_peak(claim.slot, value);
                }
                // Last, because foreign code may run in here.
                St::Cell::retire(displaced, self.storage.limbo(), pin);
                return Ok(Recorded::Admitted);
            }
            // A10. Readers never saw the claim, and helpers can no longer change it: only this call
            // does.
            prepared = Some(self.slot(claim.slot).cell.take_back(displaced));
            self.slot(claim.slot).give_up(claim.stamp);
        }
    }

    /// Touches the lines that the claim of a newcomer will write, in a table too large for caches:
    /// they arrive while the search waits for its own. Nothing is concluded from the values.
    fn prefetch(&self, home: Home) {
        let shape = self.storage.shape();
        if shape.levels <= CACHED_LEVELS {
            return;
        }
        let is_free = |&slot: &usize| self.slot(slot).look().is_free();
        if let Some(slot) = shape.slots_of(home.group).find(is_free) {
            // Relaxed: pairs with nothing.
            self.storage.intents()[slot].bytes.load(Ordering::Relaxed);
            self.bounds().prefetch(slot);
        }
    }

    /// Claims the first free slot on the path of `home`, for the admission after the ticket's: step
    /// A5.
    pub(super) fn claim(&self, home: Home, ticket: Ticket) -> Result<Claim, ClaimError> {
        let shape = self.storage.shape();
        let seq = shape.gate.next(ticket.gate.seq(&shape.gate));
        let stamp = Stamp::new(shape.gate.era_of_next(ticket.era, seq), seq, &shape.gate);
        for displacement in 0..shape.groups {
            for slot in shape.slots_of(shape.group_at(home, displacement)) {
                let seen = self.slot(slot).look();
                if !seen.is_free() {
                    continue;
                }
                // A slot that the admission of the gate has freed, or an earlier one, may be used
                // now. One that a later admission has freed may not, and shows that the gate has
                // moved.
                if !self.is_current(ticket) {
                    return Err(ClaimError::Moved);
                }
                if self.slot(slot).replace(seen, Peak::pending(stamp)).is_ok() {
                    return Ok(Claim { slot, displacement, stamp });
                }
            }
        }
        Err(if self.is_current(ticket) { ClaimError::NoSlot } else { ClaimError::Moved })
    }

    /// Writes the intent of a claim. Release: pairs with the loads in `help`, so that a thread that
    /// reads one of these words sees the claim of this owner.
    pub(super) fn write_intent(&self, slot: usize, bytes: Word, victim: Option<Found>) {
        let intent = &self.storage.intents()[slot];
        let (victim, victim_peak) = victim.map_or((0, 0), |victim| (victim.slot, victim.peak));
        intent.bytes.store(bytes, Ordering::Release);
        intent.victim.store(victim as u32, Ordering::Release);
        intent.victim_peak.store(victim_peak, Ordering::Release);
    }

    /// Installs the claim's admission and finishes it: steps A7 and A8. Returns `false` if another
    /// admission was installed first, or if this one is void: its victim grew, or the claim is rounds old.
    pub(super) fn install(&self, ticket: Ticket, claim: Claim) -> bool {
        let shape = &self.storage.shape().gate;
        if !self.admissions.install(ticket, claim.stamp.seq(shape), claim.slot, shape) {
            return false;
        }
        // Finishes this admission, or a later one, whose owner has finished this one.
        self.finish_pending();
        // Relaxed is enough in `is_still`: helpers changed the slot before the end that was just
        // seen, and from now on only this call changes it.
        !self.slot(claim.slot).is_still(Peak::pending(claim.stamp))
    }

    /// Raises the floor. SeqCst: in the one order of raises, kills, and readings, a thread that
    /// sees a newcomer in its place also sees the floor at which it was admitted. Pairs with the
    /// loads in `floor_word` and `floor`.
    ///
    /// Under windows, the peak may be of an earlier window than the present one. Then it is below
    /// the floor.
    fn raise_floor(&self, peak: Word, values: impl Values) {
        let floor = values.floor(&self.floor);
        if floor.load(Ordering::SeqCst) < peak {
            floor.fetch_max(peak, Ordering::SeqCst);
        }
    }

    /// Counts an eviction, and returns the mark of the call that made it. Relaxed: counts. Only
    /// that no two calls get the same number matters.
    fn count(&self, victim: Found, values: impl Values) -> Mark {
        if values.is_stale(victim.peak) {
            return Mark::of_search(self.tally.raising_searches.fetch_add(1, Ordering::Relaxed));
        }
        Mark::of_eviction(self.tally.evictions.fetch_add(1, Ordering::Relaxed))
    }

    #[cold]
    fn refuse<V: Values>(&self, value: Word, values: V) -> Result<Recorded, V::Ended> {
        values.refuse(value, &self.tally)
    }
}

#[cfg(all(test, feature = "alloc", not(highwater_loom)))]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::{
        key::inline::InlineCell,
        sync::widen,
        table::{AllTime, Heap, shape::Shape, word::Gate},
    };

    const CAPACITY: usize = 4;
    const SEQ_BITS: u32 = 5;
    const ROUND: Word = (1 << SEQ_BITS) - CAPACITY as Word;

    /// A claim is suspended before its installation while `seq` goes round, until the gate is again
    /// what it was. The slot of its victim still says that an admission of the same number killed
    /// it.
    fn install_behind(before: Word, rounds: Word) {
        let shape = Shape::with_capacity(CAPACITY).with_seq_bits(SEQ_BITS);
        let table = Table::new(Heap::<InlineCell<u64>>::with_shape(shape, ()));
        let hash_in = |group: u64| group * (u64::MAX / shape.groups as u64 + 1);
        let mut bytes = 0;
        let mut admit = |group| {
            bytes += 10;
            let recorded = table.record_above_floor(hash_in(group), &widen(bytes), bytes, None, AllTime, &());
            assert_eq!(recorded, Ok(Recorded::Admitted));
            bytes
        };
        let groups = (0..before + CAPACITY as Word).map(|_| 4).chain([0, 3]);
        let peaks: Vec<_> = groups.map(&mut admit).collect();
        // Raises all but the last two, so that the resident in the first slot is the next victim.
        for &peak in &peaks[peaks.len() - CAPACITY..peaks.len() - 2] {
            let recorded = table.record_above_floor(hash_in(4), &widen(peak), 1_000_000, None, AllTime, &());
            assert_eq!(recorded, Ok(Recorded::Raised));
        }
        let ticket = table.finish_pending();
        let victim = table.lowest_resident(ticket, AllTime).expect("nothing moves");
        assert_eq!(victim.slot, 0);
        let Ok(claim) = table.claim(shape.home(hash_in(5)), ticket) else { panic!("a slot is free") };
        table.write_intent(claim.slot, victim.peak + 5, Some(victim));
        table.bounds().lower(claim.slot, victim.peak + 5);

        for number in 1..=rounds * ROUND {
            admit(if number == rounds * ROUND { 3 } else { 4 });
        }
        assert_eq!(table.ticket().gate, ticket.gate);
        assert_eq!(table.slot(victim.slot).look(), Peak::killed(claim.stamp));
        // Installed, and met by a helper that read the era before all these admissions.
        let seq = claim.stamp.seq(&shape.gate);
        let installed = Ticket { gate: Gate::new(seq, claim.slot, &shape.gate), ..ticket };
        table.admissions.set_gate(installed.gate);
        assert!(!table.help(installed));
        table.admissions.set_gate(ticket.gate);
        assert!(!table.install(ticket, claim), "{rounds} rounds after {before} admissions");

        table.slot(claim.slot).give_up(claim.stamp);
        for _ in 0..ROUND {
            admit(6);
            let residents = table.storage.slots().iter().filter_map(|slot| slot.look().as_live());
            assert_eq!(residents.clone().count(), CAPACITY);
            assert!(residents.map(widen).min() >= Some(table.floor()));
        }
    }

    #[test]
    fn a_claim_of_an_earlier_round_is_void() {
        for before in 0..2 * ROUND {
            (1..=3).for_each(|rounds| install_behind(before, rounds));
        }
    }
}
