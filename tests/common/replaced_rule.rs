//! The rule of the meter that this crate replaces: each memory and each table for itself, looked at
//! through one `desired` at a time.

/// The growths that the replaced meter allows under its ceiling. Of a growth that it allows for a
/// memory it records `desired`.
#[derive(Clone, Copy, Debug)]
pub struct ReplacedRule {
    pub max_memory_bytes: usize,
}

impl ReplacedRule {
    pub fn allows_memory(self, desired: usize, maximum: Option<usize>) -> bool {
        desired <= self.max_memory_bytes && maximum.is_none_or(|maximum| desired <= maximum)
    }

    pub fn allows_table(self, desired: usize, maximum: Option<usize>) -> bool {
        desired <= (self.max_memory_bytes / 32).max(1) && maximum.is_none_or(|maximum| desired <= maximum)
    }
}
