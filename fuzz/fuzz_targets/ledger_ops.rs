//! Any sequence of calls on one thread, any capacity, hostile hashers: answers, reads and contents
//! after each call.

#![no_main]

#[path = "../../tests/common/oracle.rs"]
mod oracle;
mod shared;

use arbitrary::Arbitrary;
use highwater::{InlineLedger, Recorded};
use libfuzzer_sys::fuzz_target;
use oracle::{LARGEST_PEAK, Oracle};
use shared::{Bytes, Hashing, observe};

#[derive(Arbitrary, Debug)]
struct Input {
    capacity: u8,
    hashing: Hashing,
    calls: Vec<Call>,
}

#[derive(Arbitrary, Debug)]
enum Call {
    Record { key: u8, bytes: Bytes },
    RecordAboveTheFloor { key: u8, by: u8 },
    Peak { key: u8 },
    Observe,
}

fuzz_target!(|input: Input| {
    let capacity = usize::from(input.capacity % 24) + 1;
    let ledger = InlineLedger::<u64, Hashing>::with_capacity_and_hasher(capacity, input.hashing);
    let mut oracle = Oracle::default();
    for call in input.calls {
        match call {
            Call::Record { key, bytes } => record(&ledger, &mut oracle, key.into(), bytes.get()),
            Call::RecordAboveTheFloor { key, by } => {
                record(&ledger, &mut oracle, key.into(), ledger.floor().saturating_add(by.into()));
            }
            Call::Peak { key } => {
                let (peak, maximum) = (ledger.peak(&key.into()), oracle.maximum(&key.into()));
                assert!(peak == maximum || peak == 0 && maximum <= ledger.untracked_at_most());
            }
            Call::Observe => assert_eq!(oracle.check(&observe(&ledger)), Ok(())),
        }
    }
    assert_eq!(oracle.check(&observe(&ledger)), Ok(()));
});

/// Records, and compares the answer with what the rule says of the state before.
fn record(ledger: &InlineLedger<u64, Hashing>, oracle: &mut Oracle<u64>, key: u64, bytes: u64) {
    let before = ledger.snapshot();
    let peak = ledger.peak(&key);
    let floor = ledger.floor();
    let full = before.len() == ledger.capacity();
    let lowest = before.iter().map(|entry| entry.1).min().filter(|_| full).unwrap_or(0);
    let answer = ledger.record_peak(&key, bytes);
    oracle.record(&key, bytes);
    let bytes = bytes.min(LARGEST_PEAK);
    let expected: &[Recorded] = if bytes == 0 {
        &[Recorded::Unchanged]
    } else if bytes <= lowest {
        &[Recorded::Unchanged, Recorded::Dropped]
    } else if peak == 0 {
        &[Recorded::Admitted]
    } else if bytes > peak {
        &[Recorded::Raised]
    } else {
        &[Recorded::Unchanged]
    };
    assert!(expected.contains(&answer), "{answer:?} for {bytes}, peak {peak}, lowest {lowest}");
    assert!(ledger.floor() >= floor, "the floor fell");
    let stays = before.iter().filter(|&&(other, peak)| other != key && peak > lowest);
    for (other, peak) in stays {
        assert_eq!(ledger.peak(other), *peak, "not the lowest, and not asked for");
    }
}
