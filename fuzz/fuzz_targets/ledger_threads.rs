//! An arbitrary small program for each of a few threads; the oracle afterwards.

#![no_main]

#[path = "../../tests/common/oracle.rs"]
mod oracle;
mod shared;

use std::thread;

use arbitrary::Arbitrary;
use highwater::InlineLedger;
use libfuzzer_sys::fuzz_target;
use oracle::Oracle;
use shared::{Bytes, Hashing, observe};

#[derive(Arbitrary, Debug)]
struct Input {
    capacity: u8,
    hashing: Hashing,
    first: Vec<(u8, Bytes)>,
    others: [Vec<(u8, Bytes)>; 2],
}

fuzz_target!(|input: Input| {
    let capacity = usize::from(input.capacity % 8) + 1;
    let ledger = InlineLedger::<u64, Hashing>::with_capacity_and_hasher(capacity, input.hashing);
    let run = |program: &[(u8, Bytes)]| {
        for &(key, bytes) in program {
            let (key, bytes) = (u64::from(key), bytes.get());
            ledger.record_peak(&key, bytes);
            let covered = ledger.peak(&key).max(ledger.untracked_at_most());
            assert!(covered >= bytes.min(oracle::LARGEST_PEAK), "{key} at {bytes} was lost at once");
            assert!(ledger.len() <= capacity);
        }
    };
    thread::scope(|scope| {
        let others = input.others.each_ref().map(|program| scope.spawn(|| run(program)));
        run(&input.first);
        // Joined, and not only waited for by the scope, which lets go before a thread has freed all
        // that is its own: the search for leaks came upon that.
        others.into_iter().for_each(|thread| thread.join().expect("no call panics"));
    });
    let mut oracle = Oracle::default();
    for &(key, bytes) in input.others.iter().chain([&input.first]).flatten() {
        oracle.record(&u64::from(key), bytes.get());
    }
    let observed = observe(&ledger);
    assert_eq!(observed.refused, 0);
    assert_eq!(oracle.check(&observed), Ok(()));
});
