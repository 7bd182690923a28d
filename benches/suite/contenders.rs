//! The contenders of a workload.

use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

use highwater::{DefaultHashBuilder, InlineLedger, LedgerHandle, PrincipalId};

use super::{
    driver::{Contender, Driver},
    principals::{BenchKey, Id},
    workload::{Hashing, Workload},
};
use crate::peers::{
    BareArray, DashMapLedger, PapayaLedger, Peer, RwLockLedger, SccLedger, SpinLockLedger, Tracked,
};

pub const LEDGER: &str = "highwater";
pub const TRACKER: &str = "highwater, tracker";
/// The ledger that this crate replaces.
pub const DASHMAP: &str = "DashMap";
pub const DASHMAP_AHASH: &str = "DashMap, ahash";
pub const PAPAYA: &str = "papaya";
pub const PAPAYA_AHASH: &str = "papaya, ahash";
pub const SCC: &str = "scc, ahash";
pub const RWLOCK: &str = "RwLock, ahash";
pub const SPINLOCK: &str = "spin lock, ahash";
pub const BARE: &str = "bare array";

/// One that can take part in a workload.
pub struct Entrant<K> {
    pub name: &'static str,
    pub build: for<'k> fn(Workload, &'k [K]) -> Box<dyn Contender + 'k>,
}

/// A kind of key with the ledgers that hold it.
pub trait KeyKind: BenchKey {
    const NAME: &'static str;
    type Ledger<S: BuildHasher + Default + Clone + Send + Sync + 'static>: LedgerHandle<Principal = Self>
        + for<'k> Peer<Self, Subject<'k> = &'k Self>
        + Clone;
}

impl KeyKind for PrincipalId {
    const NAME: &'static str = "inline";
    type Ledger<S: BuildHasher + Default + Clone + Send + Sync + 'static> = InlineLedger<Self, S>;
}

impl KeyKind for Id {
    const NAME: &'static str = "epoch";
    type Ledger<S: BuildHasher + Default + Clone + Send + Sync + 'static> = highwater::Ledger<Self, S>;
}

/// All that can take part in `workload`, this crate first.
pub fn entrants<K: KeyKind>(workload: &Workload) -> Vec<Entrant<K>> {
    let all = match workload.hashing {
        Hashing::Usual => vec![
            entrant::<K, K::Ledger<DefaultHashBuilder>>(LEDGER, workload),
            entrant::<K, Tracked<K::Ledger<DefaultHashBuilder>>>(TRACKER, workload),
            entrant::<K, DashMapLedger<K, RandomState>>(DASHMAP, workload),
            entrant::<K, DashMapLedger<K, ahash::RandomState>>(DASHMAP_AHASH, workload),
            entrant::<K, PapayaLedger<K, RandomState>>(PAPAYA, workload),
            entrant::<K, PapayaLedger<K, ahash::RandomState>>(PAPAYA_AHASH, workload),
            entrant::<K, SccLedger<K, ahash::RandomState>>(SCC, workload),
            entrant::<K, RwLockLedger<K, ahash::RandomState>>(RWLOCK, workload),
            entrant::<K, SpinLockLedger<K, ahash::RandomState>>(SPINLOCK, workload),
            entrant::<K, BareArray>(BARE, workload),
        ],
        // Without papaya, which answers long probes by doubling its table: on these keys until
        // memory runs out.
        Hashing::Colliding => vec![
            entrant::<K, K::Ledger<Colliding>>(LEDGER, workload),
            entrant::<K, DashMapLedger<K, Colliding>>(DASHMAP, workload),
            entrant::<K, SccLedger<K, Colliding>>(SCC, workload),
            entrant::<K, RwLockLedger<K, Colliding>>(RWLOCK, workload),
            entrant::<K, SpinLockLedger<K, Colliding>>(SPINLOCK, workload),
        ],
    };
    all.into_iter().flatten().collect()
}

fn entrant<K: KeyKind, P: Peer<K>>(name: &'static str, workload: &Workload) -> Option<Entrant<K>> {
    P::takes(workload.pattern)
        .then_some(Entrant { name, build: |workload, keys| Box::new(Driver::<K, P>::new(workload, keys)) })
}

/// Gives every key the same hash: the worst that an attacker can do.
pub type Colliding = BuildHasherDefault<OneHash>;

#[derive(Clone, Copy, Default)]
pub struct OneHash;

impl Hasher for OneHash {
    fn write(&mut self, _bytes: &[u8]) {}

    fn finish(&self) -> u64 {
        0x5851_F42D_4C95_7F2D
    }
}
