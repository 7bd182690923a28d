//! Checks the memory orderings of the core against the memory model of the language.
//!
//! Each [`skeleton`](skeletons) is a litmus program of a few threads, with an outcome that must not
//! be. All executions of it are tried, and judged by the axioms of [`rc11`]. Three things are
//! checked:
//!
//! 1. With the orderings that the sources have, no skeleton has its bad outcome, not even without
//!    the axiom that C++20 lacks.
//! 2. Each has it if all its orderings are relaxed (and, where coherence alone forbids it, without
//!    that): it is there to be found.
//! 3. What `ci/mutations/orderings` says of weaker orderings is so, and it says nothing without
//!    naming a skeleton or a model. Those that are more than needed are so together as well.

#[cfg(test)]
mod classics;
#[cfg(test)]
mod interleavings;
mod program;
mod rc11;
mod relation;
mod search;
mod skeletons;
mod source;
mod table;

use std::{collections::BTreeSet, path::Path, process::ExitCode, sync::atomic::Ordering};

use rc11::{Axiom, Execution, Model};
use skeletons::Litmus;
use source::{Orderings, Places};
use table::{Claim, Row};

/// RC11 as C++20 has it.
const WITHOUT_NO_THIN_AIR: Model = Model { without: &[Axiom::NoThinAir] };
/// What coherence forbids must be there to be found as well.
const WITHOUT_COHERENCE: Model = Model { without: &[Axiom::NoThinAir, Axiom::Coherence] };

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
    let places = source::places(root);
    let rows = table::rows(root);
    let tests: Vec<Test> = skeletons::all().into_iter().map(|litmus| Test::new(litmus, &places)).collect();

    let mut wrong = Vec::new();
    for test in &tests {
        wrong.extend(test.wrong());
        println!("{}: {}", test.litmus.name, test.litmus.bad);
        for row in rows.iter().filter(|row| test.has(row) && test.is_possible_with(&[row])) {
            println!("    possible with {}", row.name);
        }
    }
    wrong.extend(rows.iter().filter_map(|row| wrong_claim(row, &tests)));

    println!();
    let more_than_needed: Vec<&Row> =
        rows.iter().filter(|row| matches!(row.claim, Claim::MoreThanNeeded(_))).collect();
    let together = tests.iter().filter(|test| test.is_possible_with(&more_than_needed));
    wrong.extend(together.map(|test| {
        format!(
            "{} is possible with all orderings weakened that are more than needed one by one",
            test.litmus.name
        )
    }));
    let shown =
        rows.iter().filter(|row| tests.iter().any(|test| test.has(row) && test.is_possible_with(&[row])));
    println!(
        "{} litmus tests; {} of {} weaker orderings make one possible, {} are more than needed",
        tests.len(),
        shown.count(),
        rows.len(),
        more_than_needed.len()
    );
    for line in &wrong {
        println!("WRONG {line}");
    }
    if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A litmus test over the orderings of the sources.
struct Test<'a> {
    litmus: Litmus,
    places: &'a Places,
    /// The places whose orderings the program takes.
    taken: BTreeSet<String>,
}

impl<'a> Test<'a> {
    fn new(litmus: Litmus, places: &'a Places) -> Self {
        let orderings = Orderings::new(places);
        (litmus.program)(&orderings).paths();
        let taken = orderings.taken();
        Self { litmus, places, taken }
    }

    fn has(&self, row: &Row) -> bool {
        self.taken.contains(&row.place)
    }

    fn find(&self, orderings: &Orderings, model: Model) -> Option<Execution> {
        search::find(&(self.litmus.program)(orderings), model)
    }

    fn is_possible_with(&self, rows: &[&Row]) -> bool {
        let orderings = rows
            .iter()
            .fold(Orderings::new(self.places), |orderings, row| orderings.with(&row.place, row.weaker));
        self.find(&orderings, Model::default()).is_some()
    }

    fn wrong(&self) -> Option<String> {
        let name = self.litmus.name;
        let written = Orderings::new(self.places);
        if let Some(execution) = self.find(&written, WITHOUT_NO_THIN_AIR) {
            return Some(format!("{name} is possible: {}\n{execution}", self.litmus.bad));
        }
        let relaxed = self
            .taken
            .iter()
            .fold(Orderings::new(self.places), |orderings, place| orderings.with(place, Ordering::Relaxed));
        let found = [WITHOUT_NO_THIN_AIR, WITHOUT_COHERENCE]
            .iter()
            .any(|&model| self.find(&relaxed, model).is_some());
        (!found).then(|| format!("{name} cannot fail: impossible with every ordering"))
    }
}

fn wrong_claim(row: &Row, tests: &[Test]) -> Option<String> {
    let named = |names: &[String]| -> Result<Vec<&Test>, String> {
        let find =
            |name: &String| tests.iter().find(|test| test.litmus.name == name).ok_or_else(|| name.clone());
        names.iter().map(find).collect()
    };
    let name = &row.name;
    match &row.claim {
        Claim::Noticed => None,
        Claim::Unsupported(reason) => Some(format!("{name}: by argument alone: {reason}")),
        Claim::Needed(names) => match named(names) {
            Ok(named) => named
                .iter()
                .find(|test| !test.is_possible_with(&[row]))
                .map(|test| format!("{name}: {} is impossible with it", test.litmus.name)),
            Err(missing) => Some(format!("{name}: no such litmus test: {missing}")),
        },
        Claim::MoreThanNeeded(names) => match named(names) {
            Ok(named) => {
                if let Some(test) = named.iter().find(|test| !test.has(row)) {
                    return Some(format!("{name}: {} is not about it", test.litmus.name));
                }
                tests
                    .iter()
                    .find(|test| test.has(row) && test.is_possible_with(&[row]))
                    .map(|test| format!("{name}: {} is possible with it", test.litmus.name))
            }
            Err(missing) => Some(format!("{name}: no such litmus test: {missing}")),
        },
    }
}
