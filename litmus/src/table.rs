//! `ci/mutations/orderings`: the weaker orderings, and what is said of those that no model notices.

use std::{fs, path::Path, sync::atomic::Ordering};

use crate::source::parse;

/// One weaker ordering of one place.
pub struct Row {
    /// As in the table: `src/table/slot.rs look: peak.load SeqCst -> Acquire`.
    pub name: String,
    pub place: String,
    pub weaker: Ordering,
    pub claim: Claim,
}

/// What the table says of a row.
pub enum Claim {
    /// A model notices it; these tests have nothing to add.
    Noticed,
    /// `needed: litmus NAME, NAME.`: with the weaker ordering each of these has its bad outcome.
    Needed(Vec<String>),
    /// `more than needed: litmus NAME, NAME.`: with the weaker ordering none has.
    MoreThanNeeded(Vec<String>),
    /// A reason that names no litmus test.
    Unsupported(String),
}

impl Claim {
    fn parse(reason: &str) -> Self {
        let names = |rest: &str| {
            let list = rest.split('.').next().unwrap_or_default();
            list.split(',').map(|name| name.trim().to_owned()).collect()
        };
        if let Some(rest) = reason.strip_prefix("needed: litmus ") {
            Self::Needed(names(rest))
        } else if let Some(rest) = reason.strip_prefix("more than needed: litmus ") {
            Self::MoreThanNeeded(names(rest))
        } else {
            Self::Unsupported(reason.to_owned())
        }
    }
}

/// The rows of the table, each once: of a row with a check and a reason, what the reason says.
pub fn rows(root: &Path) -> Vec<Row> {
    let path = root.join("ci/mutations/orderings");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    parse_rows(&text)
}

fn parse_rows(text: &str) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((change, rest)) = line.split_once(" -> ") else { continue };
        let Some((place, _)) = change.rsplit_once(' ') else { continue };
        let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        let (weaker, said) = rest.split_at(end);
        let name = format!("{change} -> {weaker}");
        let weaker = parse(weaker).unwrap_or_else(|| panic!("not an ordering: {line}"));
        let claim = said.strip_prefix(" -- ").map_or(Claim::Noticed, Claim::parse);
        match rows.iter_mut().find(|row| row.name == name) {
            Some(row) if matches!(row.claim, Claim::Noticed) => row.claim = claim,
            Some(_) => {}
            None => rows.push(Row { name, place: place.to_owned(), weaker, claim }),
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_a_place_a_weaker_ordering_and_a_claim() {
        let rows = parse_rows(
            "# A comment -> here.\n\
             \n\
             src/a.rs f: x.load SeqCst -> Acquire: models@2 one two\n\
             src/a.rs f: x.load SeqCst -> Acquire -- needed: litmus one, two. Because.\n\
             src/a.rs f: x.load SeqCst -> Relaxed -- more than needed: litmus three.\n\
             src/a.rs g: y.swap failure AcqRel -> Release: models z\n\
             src/a.rs g: y.swap AcqRel -> Acquire -- so it is.",
        );
        let [first, second, third, fourth] = &rows[..] else { panic!("{} rows", rows.len()) };
        assert_eq!(first.place, "src/a.rs f: x.load");
        assert!(matches!(&first.claim, Claim::Needed(names) if names == &["one", "two"]));
        assert_eq!(
            (&second.name[..], second.weaker),
            ("src/a.rs f: x.load SeqCst -> Relaxed", Ordering::Relaxed)
        );
        assert!(matches!(&second.claim, Claim::MoreThanNeeded(names) if names == &["three"]));
        assert_eq!(third.place, "src/a.rs g: y.swap failure");
        assert!(matches!(third.claim, Claim::Noticed));
        assert!(matches!(&fourth.claim, Claim::Unsupported(reason) if reason == "so it is."));
    }
}
