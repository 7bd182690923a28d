//! The guests: WebAssembly text in `examples/guests/`, compiled once.

use highwater::StoreMemoryMeter;
use wasmtime::{Engine, InstancePre, Linker, Module, Result};

/// The guests that this host runs. Each exports `run(pages) -> got`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guest {
    /// Takes its working set at once and stays with it.
    Steady,
    /// Grows in bursts, each twice as big as the last.
    Bursty,
    /// Asks for more until it is denied, and ends at its ceiling exactly.
    Hungry,
    /// Grows a table instead of its memory.
    Table,
}

impl Guest {
    const ALL: [Self; 4] = [Self::Steady, Self::Bursty, Self::Hungry, Self::Table];

    fn text(self) -> &'static str {
        match self {
            Self::Steady => include_str!("../guests/steady.wat"),
            Self::Bursty => include_str!("../guests/bursty.wat"),
            Self::Hungry => include_str!("../guests/hungry.wat"),
            Self::Table => include_str!("../guests/table.wat"),
        }
    }
}

/// All guests, ready to be instantiated.
pub struct Guests([InstancePre<StoreMemoryMeter>; Guest::ALL.len()]);

impl Guests {
    pub fn compile(engine: &Engine) -> Result<Self> {
        let linker = Linker::new(engine);
        let [steady, bursty, hungry, table] =
            Guest::ALL.map(|guest| linker.instantiate_pre(&Module::new(engine, guest.text())?));
        Ok(Self([steady?, bursty?, hungry?, table?]))
    }

    pub fn get(&self, guest: Guest) -> &InstancePre<StoreMemoryMeter> {
        &self.0[guest as usize]
    }
}
