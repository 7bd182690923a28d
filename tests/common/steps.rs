//! Where threads were stopped: a histogram by the function of the crate that they were in.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ptr;

/// How much of a stack is kept: the handler's own frames, and some of what it interrupted.
pub const FRAMES: usize = 24;

/// Return addresses, innermost first, zeros at the end.
pub type Place = [usize; FRAMES];

/// How often a stop was in which function.
#[derive(Default)]
pub struct Steps {
    functions: BTreeMap<String, u64>,
    addresses: BTreeSet<usize>,
    names: BTreeMap<usize, Vec<String>>,
}

impl Steps {
    pub fn count(&mut self, place: Place) {
        for address in place {
            let names = self.names.entry(address).or_insert_with(|| names_at(address));
            if let Some(name) = names.iter().find(|name| in_crate(name)) {
                *self.functions.entry(name.clone()).or_insert(0) += 1;
                self.addresses.insert(address);
                return;
            }
        }
        *self.functions.entry("(in the call, outside the crate)".to_owned()).or_insert(0) += 1;
    }

    /// The stops came at many different instructions.
    ///
    /// # Panics
    /// If they did not.
    pub fn assert_spread(&self, stops: u64) {
        let places = self.addresses.len() as u64;
        assert!(places >= (stops / 100).min(40), "{stops} stops in only {places} places:\n{self}");
    }
}

/// The functions at an address, innermost first: several when they were inlined into each other.
fn names_at(address: usize) -> Vec<String> {
    let mut names = Vec::new();
    backtrace::resolve(ptr::with_exposed_provenance_mut(address), |symbol| {
        names.extend(symbol.name().map(|name| format!("{name:#}")));
    });
    names
}

fn in_crate(name: &str) -> bool {
    name.starts_with("highwater::") || name.starts_with("<highwater::")
}

impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut functions: Vec<_> = self.functions.iter().collect();
        functions.sort_by_key(|(name, hits)| (u64::MAX - **hits, (*name).clone()));
        writeln!(f, "{} instructions in {} functions", self.addresses.len(), functions.len())?;
        functions.iter().try_for_each(|(name, hits)| writeln!(f, "{hits:8}  {name}"))
    }
}
