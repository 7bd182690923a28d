//! Records, reads and meters with what `cargo add highwater` brings, and with the feature `std-ledger` alone.

use highwater::{Ledger, MemoryLedger, PrincipalId, StoreMemoryMeter};

fn main() -> Result<(), highwater::PrincipalIdError> {
    let ledger = MemoryLedger::default();
    let alice = PrincipalId::new("alice")?;
    ledger.record_peak(&alice, 65_536);
    let mut meter = StoreMemoryMeter::new(1 << 20, PrincipalId::default(), ledger.clone());
    meter.set(1 << 20, alice);
    assert_eq!((ledger.peak(&alice), ledger.len()), (65_536, 1));
    println!("{ledger:?}");

    let names = Ledger::<String>::default();
    names.record_peak("bob", 65_536);
    let mut meter = StoreMemoryMeter::new(1 << 20, "bob".to_string(), names.clone());
    meter.approve_memory(0, 131_072, None).expect("below the ceiling");
    assert_eq!(names.peak("bob"), 131_072);
    println!("{names:?}");
    Ok(())
}
