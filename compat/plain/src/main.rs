//! Records, reads and meters with what `cargo add highwater` brings.

use highwater::{MemoryLedger, PrincipalId, StoreMemoryMeter};

fn main() -> Result<(), highwater::PrincipalIdError> {
    let ledger = MemoryLedger::default();
    let alice = PrincipalId::new("alice")?;
    ledger.record_peak(&alice, 65_536);
    let mut meter = StoreMemoryMeter::new(1 << 20, PrincipalId::default(), ledger.clone());
    meter.set(1 << 20, alice);
    assert_eq!((ledger.peak(&alice), ledger.len()), (65_536, 1));
    println!("{ledger:?}");
    Ok(())
}
