//! The places where threads were stopped: a histogram by the step of the call that they were in.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ptr;

/// How much of a stack is kept: the handler's own frames, and some of what it interrupted.
pub const FRAMES: usize = 32;

/// Return addresses, innermost first, zeros at the end.
pub type Place = [usize; FRAMES];

/// The steps of a call by the functions of the crate that take them; a stop belongs to the
/// innermost of these. Those marked `true` are part of every admission to a full ledger and long
/// enough that thousands of stops must have met them.
const STEPS: [(&str, bool); 15] = [
    ("finish_pending", false),
    ("help", true),
    ("lowest_resident", true),
    ("raise_floor", false),
    ("claim", true),
    ("put", true),
    ("take_back", false),
    ("write_intent", false),
    ("extend_reach", false),
    ("lower", false),
    ("install", true),
    ("give_up", false),
    ("raise", false),
    ("find", true),
    ("len", false),
];

/// How often a stop was in which step.
#[derive(Default)]
pub struct Steps {
    hits: BTreeMap<&'static str, u64>,
    elsewhere: u64,
    addresses: BTreeSet<usize>,
    names: BTreeMap<usize, Vec<String>>,
}

impl Steps {
    pub fn count(&mut self, place: Place) {
        let mut seen = false;
        for address in place {
            let names = self.names.entry(address).or_insert_with(|| names_at(address));
            if !seen && names.iter().any(|name| in_crate(name)) {
                self.addresses.insert(address);
                seen = true;
            }
            if let Some(step) = names.iter().find_map(|name| step_of(name)) {
                *self.hits.entry(step).or_insert(0) += 1;
                return;
            }
        }
        self.elsewhere += 1;
    }

    /// The stops came at many different instructions, and in every step that a call cannot do
    /// without.
    ///
    /// # Panics
    /// If they did not.
    pub fn assert_spread(&self, stops: u64) {
        if stops < 1000 {
            return;
        }
        assert!(self.addresses.len() >= 40, "{stops} stops in few places:\n{self}");
        // An optimized build without debug information does not tell functions that are inlined
        // into each other.
        for (step, _) in STEPS.iter().filter(|step| step.1 && cfg!(debug_assertions)) {
            assert!(self.hits.contains_key(step), "no stop in `{step}`:\n{self}");
        }
    }
}

/// The functions at an address, innermost first: several when they were inlined into each other.
fn names_at(address: usize) -> Vec<String> {
    let mut names = Vec::new();
    if address != 0 {
        backtrace::resolve(ptr::with_exposed_provenance_mut(address), |symbol| {
            names.extend(symbol.name().map(|name| format!("{name:#}")));
        });
    }
    names
}

fn in_crate(name: &str) -> bool {
    name.starts_with("highwater::") || name.starts_with("<highwater::")
}

/// The step whose function this is.
fn step_of(name: &str) -> Option<&'static str> {
    let function = name.rsplit("::").next()?;
    in_crate(name).then(|| STEPS.iter().find(|step| step.0 == function))?.map(|step| step.0)
}

impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} different instructions", self.addresses.len())?;
        for (step, _) in STEPS {
            writeln!(f, "{:8}  {step}", self.hits.get(step).copied().unwrap_or(0))?;
        }
        writeln!(f, "{:8}  elsewhere in a call", self.elsewhere)
    }
}
