//! Promise: an id is the text that it was made from, in every form and order, and text that is none is told why.

#![cfg(not(loom))]

use highwater::{FixedState, InlineStr, InlineStrError, PrincipalId, PrincipalIdError, StaticLedger};
use std::hash::BuildHasher;

type Name = InlineStr<20>;

#[test]
fn an_id_is_its_text() {
    for text in ["a", "tenant-7", "A_z-09", &"x".repeat(PrincipalId::MAX_LENGTH)] {
        let id = PrincipalId::new(text).expect("a valid id");
        assert_eq!((text.parse(), PrincipalId::try_from(text)), (Ok(id), Ok(id)));
        assert_eq!((id.as_str(), id.as_ref()), (text, text));
        assert_eq!(format!("{id}"), text);
        assert_eq!(format!("{id:?}"), format!("PrincipalId({text:?})"));
    }
    assert_eq!(
        format!("{:>9}|{:<9}|", PrincipalId::default(), PrincipalId::default()),
        "  default|default  |"
    );
}

#[test]
fn text_that_is_no_id_is_told_why() {
    let why = |text: &str| {
        let error = text.parse::<PrincipalId>().expect_err("no valid id");
        (error, error.to_string())
    };
    assert_eq!(
        why(""),
        (PrincipalIdError::Empty, "principal id is empty: 1 to 64 characters are needed".into())
    );
    assert_eq!(
        why(&"x".repeat(65)),
        (
            PrincipalIdError::TooLong { length: 65 },
            "principal id has 65 characters: at most 64 are allowed".into()
        )
    );
    // Characters are counted, not bytes, and an invalid one is named before the length.
    assert_eq!(
        why(&"aé ".repeat(40)),
        (
            PrincipalIdError::InvalidCharacter { character: 'é', index: 1 },
            "principal id has 'é' at character 1: only A-Z, a-z, 0-9, '_' and '-' are allowed".into()
        )
    );
}

#[test]
fn a_short_string_is_its_text() {
    for text in ["", "é/7 ", "exactly twenty bytes"] {
        let name = Name::new(text).expect("short enough");
        assert_eq!((text.parse(), Name::try_from(text)), (Ok(name), Ok(name)));
        assert_eq!((name.as_str(), name.as_ref()), (text, text));
        assert_eq!(
            (format!("{name}|{name:>22}"), format!("{name:?}")),
            (format!("{text}|{text:>22}"), format!("{text:?}"))
        );
    }
    let too_long = Name::new("twenty-one bytes long").expect_err("a byte too many");
    assert_eq!(too_long, InlineStrError::TooLong { length: 21, max: 20 });
    assert_eq!(too_long.to_string(), "21 bytes are too long: at most 20 fit");
    let nul = Name::new("ab\0").expect_err("a NUL");
    assert_eq!(nul, InlineStrError::Nul { index: 2 });
    assert_eq!(nul.to_string(), "NUL byte at index 2: strings without NUL are accepted");
}

#[test]
fn ids_sort_as_their_text_does() {
    let mut texts = ["b", "ab", "a", "a-", "B", "aa", "_", "-"];
    let mut ids = texts.map(|text| PrincipalId::new(text).expect("a valid id"));
    texts.sort_unstable();
    ids.sort_unstable();
    assert_eq!(ids.map(|id| id.to_string()), texts);
    let [shorter, longer] = ["tie", "tie-breaker"].map(|text| Name::new(text).expect("short enough"));
    assert!(shorter < longer && shorter.partial_cmp(&shorter) == Some(std::cmp::Ordering::Equal));
}

/// Strings that fill their space, and differ behind the last whole block of 16 bytes only.
#[test]
fn the_last_byte_tells_strings_apart() {
    static LEDGER: StaticLedger<Name, 26> = StaticLedger::new();
    let names: Vec<Name> = ('a'..='z')
        .map(|last| Name::new(&format!("nineteen characters{last}")[..20]).expect("fits"))
        .collect();
    for (bytes, name) in (1..).zip(&names) {
        LEDGER.record_peak(name, bytes);
    }
    for (bytes, name) in (1..).zip(&names) {
        assert_eq!(LEDGER.peak(name), bytes, "{name}");
    }
    let mut hashes: Vec<u64> = names.iter().map(|name| FixedState.hash_one(name)).collect();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), names.len(), "hashes that ignore the last bytes");
}
