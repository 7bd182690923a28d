//! Questions of the engine, and what becomes of the growth that was approved.

use super::{
    Account,
    held::{Kind, Pending},
};
use crate::meter::{denial::Denial, limits::MeterLimits};

impl Account {
    /// One memory asks to grow from `current` to `desired` bytes; a creation asks from 0.
    ///
    /// # Errors
    /// Why the growth has to be denied. The account then holds as much as before.
    #[inline]
    pub fn approve_memory(
        &mut self,
        limits: &MeterLimits,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<(), Denial> {
        self.approve_memory_if(limits, current, desired, maximum, |_, _| Ok(()))
    }

    /// As [`approve_memory`](Self::approve_memory), if `reserve` can reserve what the Store will
    /// then hold: bytes over all memories, and elements over all tables.
    #[inline]
    pub(in crate::meter) fn approve_memory_if(
        &mut self,
        limits: &MeterLimits,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
        reserve: impl FnOnce(usize, usize) -> Result<(), Denial>,
    ) -> Result<(), Denial> {
        self.settle();
        self.learn_memory(current);
        let grown = desired.saturating_sub(current);
        let before = self.held.memory;
        let memory = before.saturating_add(grown);
        if !limits.admits_memory(desired, grown, memory, self.held.table_elements) {
            return Err(self.deny(Denial::OverCeiling));
        }
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Err(self.deny(Denial::OverTypeMaximum));
        }
        if let Err(denial) = reserve(memory, self.held.table_elements) {
            return Err(self.deny(denial));
        }
        let largest_memory_before = self.held.largest_memory;
        self.pending = Some(Pending { kind: Kind::Memory, before, largest_memory_before });
        self.approved.memories += 1;
        self.held.memory = memory;
        self.held.largest_memory = largest_memory_before.max(desired);
        Ok(())
    }

    /// One table asks to grow from `current` to `desired` elements; a creation asks from 0.
    ///
    /// # Errors
    /// Why the growth has to be denied. The account then holds as much as before.
    #[inline]
    pub fn approve_table(
        &mut self,
        limits: &MeterLimits,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<(), Denial> {
        self.approve_table_if(limits, current, desired, maximum, |_, _| Ok(()))
    }

    /// As [`approve_table`](Self::approve_table), if `reserve` can reserve what the Store will then
    /// hold.
    #[inline]
    pub(in crate::meter) fn approve_table_if(
        &mut self,
        limits: &MeterLimits,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
        reserve: impl FnOnce(usize, usize) -> Result<(), Denial>,
    ) -> Result<(), Denial> {
        self.settle();
        self.learn_table(current);
        let grown = desired.saturating_sub(current);
        let before = self.held.table_elements;
        let elements = before.saturating_add(grown);
        if !limits.admits_table(desired, grown, elements, self.held.memory) {
            return Err(self.deny(Denial::Table));
        }
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Err(self.deny(Denial::OverTypeMaximum));
        }
        if let Err(denial) = reserve(self.held.memory, elements) {
            return Err(self.deny(denial));
        }
        let largest_memory_before = self.held.largest_memory;
        self.pending = Some(Pending { kind: Kind::Table, before, largest_memory_before });
        self.approved.tables += 1;
        self.held.table_elements = elements;
        Ok(())
    }

    /// A memory that asks to grow is part of what the Store holds. If it is larger than all that is
    /// known, the Store held the difference before the first question: it is inherited.
    #[inline]
    pub(in crate::meter) fn learn_memory(&mut self, bytes: usize) {
        if bytes > self.held.memory {
            self.inherited += bytes - self.held.memory;
            self.held.memory = bytes;
        }
    }

    /// As [`learn_memory`](Self::learn_memory), for a table.
    #[inline]
    pub(in crate::meter) fn learn_table(&mut self, elements: usize) {
        self.held.table_elements = self.held.table_elements.max(elements);
    }

    /// The growth that was approved last has not happened, whatever it was of, and nothing is
    /// denied.
    pub(in crate::meter) fn forget_pending(&mut self) {
        self.held = self.settled();
        self.pending = None;
    }

    /// Takes the pending growth back if it is of this kind. A growth of the other kind is not the
    /// one that failed: an event followed it, so it has happened.
    pub(super) fn take_back(&mut self, kind: Kind) {
        if self.pending.is_some_and(|pending| pending.kind == kind) {
            self.held = self.settled();
        }
    }

    pub(super) fn deny(&mut self, denial: Denial) -> Denial {
        self.denied += 1;
        self.last_denial = Some(denial);
        denial
    }
}
