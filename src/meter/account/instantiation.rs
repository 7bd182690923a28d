//! Takes back the bytes that were approved for an instantiation that failed.

use super::{
    Account,
    held::{Approved, Held},
};

/// The sums of an account at one instant, to return to with [`Account::withdraw`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "a mark does nothing until it is given to `withdraw`"]
pub struct Mark {
    held: Held,
    approved: Approved,
}

impl Account {
    /// Marks what the Store holds now, before an instantiation that may fail.
    pub fn mark(&mut self) -> Mark {
        self.settle();
        Mark { held: self.held, approved: self.approved }
    }

    /// Everything approved since `mark` is gone: the instantiation failed and the engine took its
    /// memories and tables back.
    pub fn withdraw(&mut self, mark: Mark) {
        // The mark knows nothing of a lease that began after it.
        let largest_memory = mark.held.largest_memory.min(self.settled().largest_memory);
        self.pending = None;
        self.held = Held { largest_memory, ..mark.held };
        self.inherited = self.inherited.min(mark.held.memory);
    }

    /// The one instantiation since `mark` failed: gives back what was approved for it if its
    /// instance cannot have been created, and says whether it did.
    ///
    /// An engine asks for each memory and table of an instance, then creates the instance, and only
    /// then runs anything. `memories` and `tables` are how many the module defines.
    ///
    /// - With fewer approvals than that there was no instance. The engine has taken everything back
    ///   except the GC heap, which it makes first: `heap` is the number of bytes by which that has
    ///   grown since `mark`.
    /// - With as many approvals there may be an instance. All of them stand, whatever the error
    ///   says: it may come from something that the instance called.
    ///
    /// In two cases the account keeps bytes that are gone, so that it is too high: if the engine
    /// cannot do the last thing that was approved, and if `heap` is 0 for a heap that was made in
    /// this instantiation and is still empty.
    pub fn withdraw_unless_created(&mut self, mark: Mark, memories: u32, tables: u32, heap: usize) -> bool {
        let for_memories = self.approved.memories.wrapping_sub(mark.approved.memories);
        let for_tables = self.approved.tables.wrapping_sub(mark.approved.tables);
        let for_memories = for_memories.saturating_sub(u64::from(heap > 0));
        if for_memories >= u64::from(memories) && for_tables >= u64::from(tables) {
            return false;
        }
        self.withdraw(mark);
        self.held.memory = self.held.memory.saturating_add(heap);
        self.held.largest_memory = self.held.largest_memory.max(heap);
        true
    }
}
