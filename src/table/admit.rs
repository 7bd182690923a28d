//! Admission: how a newcomer becomes resident, in the place of the lowest one when all are taken.
//!
//! One admission at a time is *installed*, by the gate word, which names its slot. From then on
//! everybody can carry it to its end ([`Table::help`]), so nobody waits for the one who began it.

use super::{
    Found, Pin, Recorded, Storage, Table,
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
struct Claim {
    slot: usize,
    /// How many groups from home.
    displacement: usize,
    stamp: Stamp,
}

/// Why an attempt to be admitted did not decide.
enum ClaimError {
    /// Another admission came between: begin again.
    Moved,
    /// Every free slot is held by admissions in flight.
    NoSlot,
}

impl<St: Storage> Table<St> {
    /// The slot of the newcomer that the gate names.
    pub(super) fn newcomer(&self, ticket: Ticket) -> usize {
        ticket.gate.slot(&self.storage.shape().gate)
    }

    /// Carries the admission of the gate to its end, unless that has come already, and returns the
    /// ticket of that gate: nothing is in flight for as long as it is current.
    pub(super) fn finish_pending(&self) -> Ticket {
        loop {
            let ticket = self.ticket();
            // Again only if another admission was installed, or is about to be: that is progress.
            if self.help(ticket) {
                return ticket;
            }
        }
    }

    /// Helps the admission of this gate; `false` if the ticket is out of date and nothing is known.
    ///
    /// Every compare-and-swap here expects a word that occurs once, so it does no harm to come late.
    pub(super) fn help(&self, ticket: Ticket) -> bool {
        let shape = &self.storage.shape().gate;
        let newcomer = self.newcomer(ticket);
        let pending = self.slot(newcomer).look();
        let Some(stamp) = pending.as_pending() else { return true };
        if shape.stamp_of(ticket.era, ticket.gate.seq(shape)) != Some(stamp) {
            // A claim for a later admission. Or one that is whole rounds old: its owner installed it because the gate had come
            // round to the word that it had seen. If the ticket is current, that admission is void.
            return self.is_current(ticket);
        }
        let intent = &self.storage.intents()[newcomer];
        // Acquire: pairs with the stores of the next owner of this slot; if one of its words was read, its
        // claim is seen below.
        let bytes = intent.bytes.load(Ordering::Acquire);
        let victim = intent.victim.load(Ordering::Acquire) as usize;
        let victim_peak = intent.victim_peak.load(Ordering::Acquire);
        // SeqCst, as every look that something is concluded from: seen published by a relaxed load, the kill
        // before the publication could still be unseen by this thread's next look at the victim.
        if self.slot(newcomer).look() != pending {
            // Published, or void and freed, and perhaps claimed again for the next number under this very
            // gate: what was read may be the intent of an admission that nobody has installed.
            return true;
        }
        // The era of the ticket may have been read whole rounds before its gate, and such a claim looks right then.
        if !self.is_current(ticket) {
            return false;
        }
        if victim_peak != 0 {
            let killed = Peak::killed(stamp);
            match self.slot(victim).replace(Peak::live(victim_peak), killed) {
                Ok(()) => {}
                Err(now) if now == killed => {}
                // It grew first, and will never have that peak again: void for good.
                Err(_) => return true,
            }
        }
        // Fails if somebody else was faster.
        let _ = self.slot(newcomer).replace(pending, Peak::live(bytes));
        true
    }

    /// Records for a key that was not found at its home: admits it, if it is not resident.
    #[inline(never)]
    pub(super) fn record_slow<W: Query<St::Cell>>(
        &self,
        hash: u64,
        query: &W,
        bytes: Word,
        mut hint: Option<&mut Hint>,
        pin: &Pin<St>,
    ) -> Recorded {
        let home = self.storage.shape().home(hash);
        let shape = &self.storage.shape().gate;
        let mut prepared = None;
        loop {
            let ticket = match self.find(home, query, pin) {
                Err(ticket) => ticket,
                Ok(found) => match self.raise(found, bytes, hint.as_deref_mut()) {
                    Some(recorded) => return recorded,
                    None => continue,
                },
            };
            let mut victim = None;
            if shape.is_full(ticket.gate.seq(shape)) {
                self.prefetch(home);
                let Some(lowest) = self.lowest_resident(ticket) else { continue };
                if !self.is_current(ticket) {
                    continue;
                }
                self.raise_floor(lowest.peak);
                if bytes <= lowest.peak {
                    if let Some(hint) = hint {
                        hint.see_floor(lowest.peak);
                    }
                    return Recorded::Dropped;
                }
                victim = Some(lowest);
            }
            if !St::Cell::may_displace(self.storage.limbo(), pin) {
                return self.refuse(bytes);
            }
            // Whatever can panic or allocate happens here, before anything is claimed.
            let key = prepared.take().unwrap_or_else(|| query.prepare());
            let claim = match self.claim(home, ticket) {
                Ok(claim) => claim,
                Err(ClaimError::NoSlot) => return self.refuse(bytes),
                Err(ClaimError::Moved) => {
                    prepared = Some(key);
                    continue;
                }
            };
            let displaced = self.slot(claim.slot).cell.put(key);
            self.write_intent(claim.slot, bytes, victim);
            self.groups().tag(claim.slot / GROUP, claim.slot % GROUP, home.tags);
            self.groups().extend_reach(home.group, claim.displacement);
            if victim.is_some() {
                self.bounds().lower(claim.slot, bytes);
            }
            if self.install(ticket, claim) {
                if let Some(victim) = victim {
                    // Relaxed: a count, and only that the numbers differ counts.
                    let number = self.tally.evictions.fetch_add(1, Ordering::Relaxed);
                    self.tighten_above(victim.slot, Mark::of_eviction(number));
                }
                if let Some(hint) = hint {
                    hint.see_peak(claim.slot, bytes);
                }
                // Foreign code may run in here, so it comes last.
                St::Cell::retire(displaced, self.storage.limbo(), pin);
                return Recorded::Admitted;
            }
            prepared = Some(self.slot(claim.slot).cell.take_back(displaced));
            // Readers never saw the claim and helpers are done with it: only this call knows it.
            self.slot(claim.slot).give_up(claim.stamp);
        }
    }

    /// Touches what the claim of a newcomer will write, if the table is one that no cache holds: then these
    /// lines arrive while the search waits for its own. Nothing is concluded from what is read.
    fn prefetch(&self, home: Home) {
        let shape = self.storage.shape();
        if shape.levels <= CACHED_LEVELS {
            return;
        }
        let is_free = |&slot: &usize| self.slot(slot).look().is_free();
        if let Some(slot) = shape.slots_of(home.group).find(is_free) {
            self.storage.intents()[slot].bytes.load(Ordering::Relaxed);
            self.bounds().prefetch(slot);
        }
    }

    /// Claims the first free slot on the path of `home`, for the admission after the ticket's.
    fn claim(&self, home: Home, ticket: Ticket) -> Result<Claim, ClaimError> {
        let shape = self.storage.shape();
        let seq = shape.gate.next(ticket.gate.seq(&shape.gate));
        let stamp = Stamp::new(shape.gate.era_of_next(ticket.era, seq), seq, &shape.gate);
        for displacement in 0..shape.groups {
            for slot in shape.slots_of(shape.group_at(home, displacement)) {
                let seen = self.slot(slot).look();
                if !seen.is_free() {
                    continue;
                }
                // A slot freed by the admission of the gate, or before, may be used now; one that a
                // later admission frees may not, and shows a gate that has moved.
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

    /// Release: who reads one of these words (acquire, in `help`) sees the claim of this owner.
    fn write_intent(&self, slot: usize, bytes: Word, victim: Option<Found>) {
        let intent = &self.storage.intents()[slot];
        let (victim, victim_peak) = victim.map_or((0, 0), |victim| (victim.slot, victim.peak));
        intent.bytes.store(bytes, Ordering::Release);
        intent.victim.store(victim as u32, Ordering::Release);
        intent.victim_peak.store(victim_peak, Ordering::Release);
    }

    /// Makes the claim's admission the one of the gate and carries it to its end. `false` if another
    /// was installed before it, or if it is void because its victim grew.
    fn install(&self, ticket: Ticket, claim: Claim) -> bool {
        let shape = &self.storage.shape().gate;
        if !self.admissions.install(ticket, claim.stamp.seq(shape), claim.slot, shape) {
            return false;
        }
        // Settles this admission, or a later one, whose owner has settled this one.
        self.finish_pending();
        // Relaxed will do, in `is_still`: what others did to the slot came before the settling just seen, and
        // nobody but this call changes it from now on.
        !self.slot(claim.slot).is_still(Peak::pending(claim.stamp))
    }

    /// Raises the floor, in the one order of raises, kills and readings: who sees a newcomer take a place
    /// finds the floor from which it was taken. Also pairs with `floor_word`.
    fn raise_floor(&self, peak: Word) {
        if self.floor.load(Ordering::SeqCst) < peak {
            self.floor.fetch_max(peak, Ordering::SeqCst);
        }
    }

    #[cold]
    fn refuse(&self, bytes: Word) -> Recorded {
        // SeqCst, as the floor, and first: who sees the count sees the value.
        self.tally.lost.fetch_max(bytes, Ordering::SeqCst);
        self.tally.refused.fetch_add(1, Ordering::Release);
        Recorded::Refused
    }
}

#[cfg(all(test, feature = "alloc", not(highwater_loom)))]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::{
        key::inline::InlineCell,
        sync::widen,
        table::{Heap, shape::Shape, word::Gate},
    };

    const CAPACITY: usize = 4;
    const SEQ_BITS: u32 = 5;
    const ROUND: Word = (1 << SEQ_BITS) - CAPACITY as Word;

    /// A claim is suspended before its installation while `seq` goes round, until the gate is again what it was. The slot of its
    /// victim still says that an admission of the same number killed it.
    fn install_behind(before: Word, rounds: Word) {
        let shape = Shape::with_capacity(CAPACITY).with_seq_bits(SEQ_BITS);
        let table = Table::new(Heap::<InlineCell<u64>>::with_shape(shape, ()));
        let hash_in = |group: u64| group * (u64::MAX / shape.groups as u64 + 1);
        let mut bytes = 0;
        let mut admit = |group| {
            bytes += 10;
            let recorded = table.record_above_floor(hash_in(group), &widen(bytes), bytes, None, &());
            assert_eq!(recorded, Recorded::Admitted);
            bytes
        };
        let groups = (0..before + CAPACITY as Word).map(|_| 4).chain([0, 3]);
        let peaks: Vec<_> = groups.map(&mut admit).collect();
        // Those of the two before have to go, so that the next to go is the one in the first slot.
        for &peak in &peaks[peaks.len() - CAPACITY..peaks.len() - 2] {
            let recorded = table.record_above_floor(hash_in(4), &widen(peak), 1_000_000, None, &());
            assert_eq!(recorded, Recorded::Raised);
        }
        let ticket = table.finish_pending();
        let victim = table.lowest_resident(ticket).expect("nothing moves");
        assert_eq!(victim.slot, 0);
        let Ok(claim) = table.claim(shape.home(hash_in(5)), ticket) else { panic!("a slot is free") };
        table.write_intent(claim.slot, victim.peak + 5, Some(victim));
        table.bounds().lower(claim.slot, victim.peak + 5);

        for number in 1..=rounds * ROUND {
            admit(if number == rounds * ROUND { 3 } else { 4 });
        }
        assert_eq!(table.ticket().gate, ticket.gate);
        assert_eq!(table.slot(victim.slot).look(), Peak::killed(claim.stamp));
        // Installed, and met by a helper that read the era before all this.
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
