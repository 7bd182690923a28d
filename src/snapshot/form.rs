//! The form in which a snapshot is written and read.

use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::Snapshot;

/// The highest peak of any ledger, in bytes.
const MAX_PEAK: u64 = u64::MAX >> 1;

impl<K> Snapshot<K> {
    /// The version of the form in which a snapshot is written, with the feature `serde`. In JSON:
    ///
    /// ```json
    /// {
    ///   "version": 1,
    ///   "window": 17,
    ///   "capacity": 4096,
    ///   "untracked_at_most": 131072,
    ///   "refused": 0,
    ///   "entries": [["alice", 262144], ["bob", 131072]]
    /// }
    /// ```
    ///
    /// `window` is null if there is none, and may be left out. All numbers of bytes are integers up to
    /// 2<sup>63</sup> - 1. A reader ignores fields that it does not know, accepts the entries in any
    /// order, and rejects another version, a principal that comes twice, and peaks out of range.
    pub const VERSION: u32 = 1;
}

#[derive(Serialize)]
struct Written<'a, K> {
    version: u32,
    window: Option<u64>,
    capacity: usize,
    untracked_at_most: u64,
    refused: u64,
    entries: &'a [(K, u64)],
}

#[derive(Deserialize)]
struct Read<K> {
    version: u32,
    #[serde(default)]
    window: Option<u64>,
    capacity: u64,
    untracked_at_most: u64,
    refused: u64,
    entries: Vec<(K, u64)>,
}

impl<K: Serialize> Serialize for Snapshot<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { entries, untracked_at_most, capacity, refused, window } = self;
        Written {
            version: Self::VERSION,
            window: *window,
            capacity: *capacity,
            untracked_at_most: *untracked_at_most,
            refused: *refused,
            entries,
        }
        .serialize(serializer)
    }
}

/// Rejects what no ledger can have written, and says what is wrong with it.
impl<'de, K: Deserialize<'de> + Ord> Deserialize<'de> for Snapshot<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Read { version, window, capacity, untracked_at_most, refused, entries } =
            Read::<K>::deserialize(deserializer)?;
        let fault = |what: &dyn fmt::Display| D::Error::custom(format_args!("not a snapshot: {what}"));
        if version != Self::VERSION {
            return Err(fault(&format_args!(
                "its form has version {version}, and this reader knows version {}",
                Self::VERSION
            )));
        }
        if untracked_at_most > MAX_PEAK {
            return Err(fault(&format_args!(
                "untracked_at_most is {untracked_at_most} bytes, and no peak is above {MAX_PEAK}"
            )));
        }
        for (place, &(_, peak)) in entries.iter().enumerate() {
            if !(1..=MAX_PEAK).contains(&peak) {
                return Err(fault(&format_args!(
                    "entry {} has a peak of {peak} bytes, and peaks are from 1 to {MAX_PEAK}",
                    place + 1
                )));
            }
        }
        // A merged snapshot of another machine may come from ledgers that are too large for this one.
        let capacity = usize::try_from(capacity).unwrap_or(usize::MAX);
        let snapshot = Self { window, ..Self::new(entries, Ord::cmp, untracked_at_most, capacity, refused) };
        let mut keys: Vec<&K> = snapshot.iter().map(|(key, _)| key).collect();
        keys.sort_unstable();
        if keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(fault(&"a principal comes twice"));
        }
        Ok(snapshot)
    }
}
