//! Any text: accepted exactly when the rule accepts it, told apart by the right error, printed as
//! it was parsed.

#![no_main]

use highwater::{PrincipalId, PrincipalIdError};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let valid = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
    match PrincipalId::new(text) {
        Ok(id) => {
            assert!((1..=64).contains(&text.len()) && text.chars().all(valid));
            assert_eq!(id.as_str(), text);
            assert_eq!(id.to_string(), text);
            assert_eq!(AsRef::<str>::as_ref(&id), text);
            assert_eq!(text.parse(), Ok(id));
            assert_eq!(PrincipalId::try_from(text), Ok(id));
        }
        Err(error) => {
            assert_eq!(text.parse::<PrincipalId>(), Err(error));
            assert!(!error.to_string().is_empty());
            match error {
                PrincipalIdError::Empty => assert!(text.is_empty()),
                PrincipalIdError::TooLong { .. } => assert!(text.len() > 64),
                PrincipalIdError::InvalidCharacter { character, index } => {
                    assert_eq!(text[index..].chars().next(), Some(character));
                    assert!(!valid(character) && text[..index].chars().all(valid));
                }
                other => panic!("an error that no rule explains: {other:?}"),
            }
        }
    }
});
