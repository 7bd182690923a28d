//! Walks over all residents.

use super::{Key, Pin, Storage, Table, Values};
use crate::key::KeyCell;

impl<St: Storage> Table<St> {
    /// Calls `visit` for each resident. Returns `true` if no admission was installed meanwhile:
    /// then these were all residents, each once. Otherwise each was resident at some instant during
    /// the walk, but a key that was evicted and admitted again may come twice, and a newcomer may
    /// come beside the resident that it evicted.
    ///
    /// Under windows: for each resident with a value in this window. `false` also if the table is
    /// that of a later window by now.
    pub(crate) fn walk(
        &self,
        values: impl Values,
        pin: &Pin<St>,
        mut visit: impl FnMut(Key<St>, u64),
    ) -> bool {
        let ticket = self.finish_pending();
        for slot in self.storage.slots() {
            loop {
                let seen = slot.look();
                let Some(peak) = values.resident(seen) else { break };
                let Ok(bytes) = values.bytes(peak) else { return false };
                if bytes == 0 {
                    break;
                }
                if let Some(key) = slot.cell.read(pin, || slot.is_still(seen)) {
                    visit(key, bytes);
                    break;
                }
                // The resident was raised or replaced in between: look again.
            }
        }
        self.is_current(ticket)
    }
}
