//! Walks over all residents.

use super::{Key, Pin, Storage, Table};
use crate::{key::KeyCell, sync::widen};

impl<St: Storage> Table<St> {
    /// Calls `visit` for each resident. Returns `true` if no admission was installed meanwhile:
    /// then these were all residents, each once. Otherwise each was resident at some instant during
    /// the walk, but a key that was evicted and admitted again may come twice, and a newcomer may
    /// come beside the resident that it evicted.
    pub(crate) fn walk(&self, pin: &Pin<St>, mut visit: impl FnMut(Key<St>, u64)) -> bool {
        let ticket = self.finish_pending();
        for slot in self.storage.slots() {
            loop {
                let seen = slot.look();
                let Some(peak) = seen.as_live() else { break };
                if let Some(key) = slot.cell.read(pin, || slot.is_still(seen)) {
                    visit(key, widen(peak));
                    break;
                }
                // The resident was raised or replaced in between: look again.
            }
        }
        self.is_current(ticket)
    }
}
