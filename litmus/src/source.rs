//! The orderings as the sources have them, so that no litmus test can drift away from the code.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst},
};

/// The ordering of each access of the core, by its place: `src/table/slot.rs look: peak.load`, as
/// in `ci/mutations/orderings`.
pub type Places = BTreeMap<String, Ordering>;

/// Reads all files of `src/table` and `src/key`.
pub fn places(root: &Path) -> Places {
    let mut places = Places::new();
    for folder in ["src/table", "src/key"] {
        let entries = fs::read_dir(root.join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
        for entry in entries {
            let path = entry.expect("an entry of a folder").path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                let file = format!("{folder}/{}", path.file_name().expect("a file").to_string_lossy());
                let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
                for (place, ordering) in orderings_in(&text) {
                    places.insert(format!("{file} {place}"), ordering);
                }
            }
        }
    }
    places
}

/// The orderings of a file in front of its tests: `function: receiver.method`, with ` failure` for
/// the second of an exchange. `ci/lib/mutate.py` names them alike.
fn orderings_in(text: &str) -> Vec<(String, Ordering)> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let code = code.split("#[cfg(all(test").next().unwrap_or_default();
    let named = |(at, _): (usize, &str)| {
        let ordering = parse(&word_at(code, at + "Ordering::".len()))?;
        let before = &code[..at];
        let (call, method) =
            before.match_indices('.').filter_map(|(dot, _)| called(before, dot)).next_back()?;
        let second = method.starts_with("compare_exchange") && code[call..at].contains("Ordering::");
        let function = word_at(code, before.rfind("fn ")? + "fn ".len());
        let receiver = receiver(&before[..call]);
        let failure = if second { " failure" } else { "" };
        Some((format!("{function}: {receiver}.{method}{failure}"), ordering))
    };
    code.match_indices("Ordering::").filter_map(named).collect()
}

/// The atomic method that is called at this dot.
fn called(code: &str, dot: usize) -> Option<(usize, String)> {
    let method = word_at(code, dot + 1);
    let is_atomic = ["load", "store", "swap"].contains(&&method[..])
        || ["fetch_", "compare_exchange"].iter().any(|prefix| method.starts_with(prefix));
    (is_atomic && code[dot + 1 + method.len()..].trim_start().starts_with('(')).then_some((dot, method))
}

/// What a method is called on: the last field in front of the dot.
fn receiver(code: &str) -> &str {
    let code = code.trim_end();
    let is_part = |c: char| c.is_alphanumeric() || "_()[]".contains(c);
    let start = code.rfind(|c| !is_part(c)).map_or(0, |before| before + 1);
    &code[start..]
}

fn word_at(code: &str, start: usize) -> String {
    code[start..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

pub fn parse(name: &str) -> Option<Ordering> {
    [Relaxed, Acquire, Release, AcqRel, SeqCst].into_iter().find(|ordering| format!("{ordering:?}") == name)
}

/// The orderings that a litmus program takes, each by its place.
pub struct Orderings<'a> {
    places: &'a Places,
    /// Those that are not as the sources have them.
    others: BTreeMap<String, Ordering>,
    taken: RefCell<BTreeSet<String>>,
}

impl<'a> Orderings<'a> {
    pub fn new(places: &'a Places) -> Self {
        Self { places, others: BTreeMap::new(), taken: RefCell::default() }
    }

    /// Likewise, with another ordering of a place.
    pub fn with(mut self, place: &str, ordering: Ordering) -> Self {
        self.others.insert(place.to_owned(), ordering);
        self
    }

    /// The ordering of a place, which is named without `src/`.
    pub fn of(&self, place: &str) -> Ordering {
        let place = format!("src/{place}");
        let written =
            self.places.get(&place).unwrap_or_else(|| panic!("no such place in the sources: {place}"));
        let ordering = *self.others.get(&place).unwrap_or(written);
        self.taken.borrow_mut().insert(place);
        ordering
    }

    /// The places whose orderings were taken.
    pub fn taken(&self) -> BTreeSet<String> {
        self.taken.borrow().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_named_as_in_the_table_of_orderings() {
        let code = "
            fn first(&self) { self.a.b.load(Ordering::Acquire); cmp::Ordering::Less; }
            fn second() {
                while let Err(now) = self.admissions
                    .gate
                    .compare_exchange(a, f(b).c, Ordering::SeqCst, Ordering::Relaxed) {}
                self.0.swap(x, Ordering::AcqRel, pin);
            }
            #[cfg(test)] fn third() { x.load(Ordering::SeqCst) }";
        let expected = [
            ("first: b.load", Acquire),
            ("second: gate.compare_exchange", SeqCst),
            ("second: gate.compare_exchange failure", Relaxed),
            ("second: 0.swap", AcqRel),
        ];
        assert_eq!(orderings_in(code), expected.map(|(place, ordering)| (place.to_owned(), ordering)));
    }
}
