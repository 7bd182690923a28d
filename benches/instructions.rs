//! The hot paths, bare, for counting instructions: `ci/instructions` runs this under callgrind.
//!
//! Called with a path's name and a number of calls, it makes so many; called with neither, it lists
//! the paths.

mod peers;
mod suite;

use std::{env, error::Error, hash::BuildHasher};

use ahash::{AHasher, RandomState};
use highwater::{LedgerHandle, PrincipalId, WindowedLedger};
use peers::{Peer, Tracked};
use suite::{
    contenders::KeyKind,
    driver::{Contender, Driver},
    principals::{BenchKey, Id, principals},
    workload::{NEWCOMER_BELOW, NEWCOMER_BY_PAGE, NOT_RAISED, RAISED, Workload},
};

/// The default hash function, always seeded alike: the counts must not differ from run to run.
#[derive(Clone, Default)]
struct Seeded;

impl BuildHasher for Seeded {
    type Hasher = AHasher;

    fn build_hasher(&self) -> AHasher {
        RandomState::with_seeds(1, 2, 3, 4).build_hasher()
    }
}

const DROPPED: (&str, Workload) = ("dropped at the floor", NEWCOMER_BELOW);
const SAME: (&str, Workload) = ("resident not raised", NOT_RAISED.on_one());
const RANDOM: (&str, Workload) = ("resident not raised, random", NOT_RAISED);
const RAISE: (&str, Workload) = ("resident raised, random", RAISED);
const EVICTION: (&str, Workload) = ("admission with eviction", NEWCOMER_BY_PAGE);
const TRACKED: (&str, Workload) = ("tracker not raised", NOT_RAISED.on_one());
const TRACKED_RAISE: (&str, Workload) = ("tracker raised", RAISED.on_one());

struct Path {
    name: String,
    run: Box<dyn Fn(u64)>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<Path> = paths::<PrincipalId, <PrincipalId as KeyKind>::Ledger<Seeded>>("inline")
        .chain(paths::<Id, <Id as KeyKind>::Ledger<Seeded>>("epoch"))
        .chain(paths::<PrincipalId, WindowedLedger<PrincipalId, Seeded>>("windowed"))
        .collect();
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match &arguments[..] {
        [] => paths.iter().for_each(|path| println!("{}", path.name)),
        [name, calls] => {
            let path = paths
                .iter()
                .find(|path| path.name == *name)
                .ok_or_else(|| format!("no path is named {name:?}"))?;
            (path.run)(calls.parse()?);
        }
        _ => return Err("usage: instructions [PATH CALLS]".into()),
    }
    Ok(())
}

fn paths<K, L>(kind: &'static str) -> impl Iterator<Item = Path>
where
    K: BenchKey,
    L: LedgerHandle<Principal = K> + for<'k> Peer<K, Subject<'k> = &'k K> + Clone,
{
    let by_key = [DROPPED, SAME, RANDOM, RAISE, EVICTION].map(|of| path::<K, L>(kind, of));
    by_key.into_iter().chain([TRACKED, TRACKED_RAISE].map(|of| path::<K, Tracked<L>>(kind, of)))
}

fn path<K: BenchKey, P: Peer<K>>(kind: &str, (name, workload): (&str, Workload)) -> Path {
    let run = move |calls| {
        let keys = principals::<K>(workload.principals(), workload.id_length);
        Driver::<K, P>::new(workload, &keys).round(calls);
    };
    Path { name: format!("{kind}: {name}"), run: Box::new(run) }
}
