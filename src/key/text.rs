//! Deserializes keys that are made from text.

use core::{
    fmt::{self, Arguments, Display},
    marker::PhantomData,
    str::FromStr,
};

use serde::de::{Deserializer, Error, Visitor};

/// Parses a string; `expected` says which strings are accepted.
pub(crate) fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(
    deserializer: D,
    expected: Arguments<'_>,
) -> Result<T, D::Error> {
    deserializer.deserialize_str(Parsed { expected, of: PhantomData })
}

struct Parsed<'a, T> {
    expected: Arguments<'a>,
    of: PhantomData<T>,
}

impl<T: FromStr<Err: Display>> Visitor<'_> for Parsed<'_, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_fmt(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}
