//! The principals that take part in a workload, and the two kinds of key that name them.

use std::hash::Hash;

use highwater::PrincipalId;

/// A key made from the text of an id.
pub trait BenchKey: Hash + Eq + Clone + Send + Sync + 'static {
    fn from_id(id: &str) -> Self;
}

impl BenchKey for PrincipalId {
    fn from_id(id: &str) -> Self {
        Self::new(id).expect("generated ids are valid")
    }
}

/// A host's own key: text on the heap, and no trait of this crate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Id(pub String);

impl BenchKey for Id {
    fn from_id(id: &str) -> Self {
        Self(id.to_owned())
    }
}

/// `count` distinct keys of `length` characters: a common prefix, as real ids have, and eight that
/// differ.
pub fn principals<K: BenchKey>(count: usize, length: usize) -> Vec<K> {
    let prefix = "tenant-of-this-host-with-a-rather-long-name-in-the-first-region_";
    let prefix = &prefix[..length - UNIQUE];
    (0..count).map(|index| K::from_id(&format!("{prefix}{}", scattered(index)))).collect()
}

const UNIQUE: usize = 8;

/// Eight characters that look random and differ for each index below 2^32.
fn scattered(index: usize) -> String {
    let index = u32::try_from(index).expect("fewer than 2^32 principals");
    let mixed = u64::from(index.wrapping_mul(0x9E37_79B1).rotate_left(16).wrapping_mul(0x85EB_CA6B));
    let mut rest = mixed * 64 + 17;
    let digits = b"0123456789abcdefghijklmnopqrstuvwxyz";
    (0..UNIQUE)
        .map(|_| {
            let digit = digits[(rest % 36) as usize] as char;
            rest /= 36;
            digit
        })
        .collect()
}
