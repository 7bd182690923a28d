//! Promise: ids and short strings are what they were made from, whichever way they come in and go
//! out.

use std::fmt::{Debug, Display};
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use highwater::{InlineKey, InlineStr, InlineStrError, PrincipalId, PrincipalIdError};

/// The promise of both kinds of string for a text that they accept.
fn keeps<T>(text: &str)
where
    T: InlineKey + FromStr<Err: Debug> + for<'a> TryFrom<&'a str, Error: Debug>,
    T: AsRef<str> + Display + Debug,
{
    let key: T = text.parse().expect("a valid string");
    assert_eq!(T::try_from(text).expect("a valid string"), key);
    assert_eq!(key.as_ref(), text);
    assert_eq!(format!("{key:>30}"), format!("{text:>30}"));
    assert!(format!("{key:?}").contains(&format!("{text:?}")));
    assert_eq!(T::from_repr(key.to_repr()), key);
}

#[test]
fn every_length_is_kept() {
    for length in 1..=64 {
        let text = &"the_quick_brown_fox_jumps_over_the_lazy_dog_and_then_back-over_it"[..length];
        keeps::<PrincipalId>(text);
        keeps::<InlineStr<64>>(text);
        if length <= 24 {
            keeps::<InlineStr<24>>(text);
        }
    }
    keeps::<InlineStr<24>>("");
}

#[test]
fn strings_are_in_the_order_of_their_text() {
    let mut words = ["b", "ab", "", "a", "abc", "aa"].map(|text| InlineStr::<8>::new(text).unwrap());
    words.sort();
    assert_eq!(words.map(|word| word.to_string()), ["", "a", "aa", "ab", "abc", "b"]);
    assert!(words[0] < words[1]);
}

#[test]
fn strings_are_compared_with_text_as_they_are() {
    let word = InlineStr::<8>::new("ab").unwrap();
    assert!(word == "ab" && word == *"ab" && word != "abc" && word != *"a");
}

#[test]
fn what_is_no_id_is_told_by_its_first_fault() {
    let faults = [
        (String::new(), PrincipalIdError::Empty, "empty"),
        ("a".repeat(65), PrincipalIdError::TooLong { length: 65 }, "65 characters"),
        (
            "é".repeat(65),
            PrincipalIdError::InvalidCharacter { character: 'é', index: 0 },
            "'é' at character 0",
        ),
        (
            "aé b".into(),
            PrincipalIdError::InvalidCharacter { character: 'é', index: 1 },
            "'é' at character 1",
        ),
        (
            "aZ09_-.".into(),
            PrincipalIdError::InvalidCharacter { character: '.', index: 6 },
            "'.' at character 6",
        ),
    ];
    for (text, error, words) in faults {
        assert_eq!(PrincipalId::new(&text), Err(error));
        assert_eq!(text.parse::<PrincipalId>(), Err(error));
        assert_eq!(PrincipalId::try_from(&*text), Err(error));
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn what_is_no_short_string_is_told_why() {
    let faults = [
        ("123456789", InlineStrError::TooLong { length: 9, max: 8 }, "9 bytes are too long"),
        ("a\0b\0", InlineStrError::Nul { index: 1 }, "index 1"),
    ];
    for (text, error, words) in faults {
        assert_eq!(InlineStr::<8>::new(text), Err(error));
        assert_eq!(text.parse::<InlineStr<8>>(), Err(error));
        assert_eq!(InlineStr::<8>::try_from(text), Err(error));
        assert!(error.to_string().contains(words), "{error}");
    }
}

/// Keeps what it is given.
#[derive(Default)]
struct Written(Vec<u8>);

impl Hasher for Written {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
    }

    fn finish(&self) -> u64 {
        unreachable!("no call asks for a hash")
    }
}

/// All of a string is hashed, with its end, and no more than whole blocks need.
fn is_hashed<const N: usize>()
where
    [u8; N]: InlineKey,
{
    for length in 0..=N {
        let text = "x".repeat(length);
        let mut written = Written::default();
        InlineStr::<N>::new(&text).unwrap().hash(&mut written);
        let mut expected = text.into_bytes();
        expected.resize(N.min((length / 16 + 1) * 16), 0);
        assert_eq!(written.0, expected);
    }
}

#[test]
fn a_string_is_hashed_as_far_as_it_goes() {
    is_hashed::<7>();
    is_hashed::<16>();
    is_hashed::<24>();
    is_hashed::<40>();
    is_hashed::<64>();
}

#[cfg(feature = "serde")]
mod as_a_string_for_serde {
    use std::fmt;

    use highwater::{InlineStr, PrincipalId};
    use serde::de::value::{StrDeserializer, U64Deserializer};
    use serde::de::{Deserialize, Error, IntoDeserializer};
    use serde::ser::Serialize;

    #[derive(Debug)]
    struct Said(String);

    impl fmt::Display for Said {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&self.0)
        }
    }

    impl std::error::Error for Said {}

    impl Error for Said {
        fn custom<T: fmt::Display>(words: T) -> Self {
            Self(words.to_string())
        }
    }

    /// Shows what it serializes to.
    struct Serialized<T>(T);

    impl<T: Serialize> fmt::Display for Serialized<T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.serialize(f)
        }
    }

    fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, Said> {
        let text: StrDeserializer<'_, Said> = text.into_deserializer();
        T::deserialize(text)
    }

    #[test]
    fn an_id_comes_back() {
        let id: PrincipalId = read("tenant-7").expect("a valid id");
        assert_eq!(id, PrincipalId::new("tenant-7").unwrap());
        assert_eq!(Serialized(id).to_string(), "tenant-7");
        let string: InlineStr<8> = read("tenant 7").expect("a short string");
        assert_eq!(Serialized(string).to_string(), "tenant 7");
    }

    #[test]
    fn what_is_no_id_is_refused_with_a_reason() {
        assert!(read::<PrincipalId>("tenant 7").unwrap_err().0.contains("' ' at character 6"));
        assert!(read::<InlineStr<7>>("tenant 7").unwrap_err().0.contains("at most 7"));
        let number: U64Deserializer<Said> = 7_u64.into_deserializer();
        let refused = PrincipalId::deserialize(number).unwrap_err();
        assert!(refused.0.contains("expected a principal id: 1 to 64"), "{refused}");
        let number: U64Deserializer<Said> = 7_u64.into_deserializer();
        let refused = InlineStr::<7>::deserialize(number).unwrap_err();
        assert!(refused.0.contains("expected a string of at most 7 bytes"), "{refused}");
    }
}
