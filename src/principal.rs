//! The identifier of a principal.

use core::{fmt, str::FromStr};

use crate::key::{InlineKey, InlineStr};

/// The identifier of a principal: 1 to 64 characters of `[A-Za-z0-9_-]`, held by value.
///
/// ```
/// use highwater::{PrincipalId, PrincipalIdError};
///
/// let id = PrincipalId::new("tenant-7")?;
/// assert_eq!(id.as_str(), "tenant-7");
/// assert_eq!(PrincipalId::default().as_str(), "default");
/// assert_eq!(PrincipalId::new(""), Err(PrincipalIdError::Empty));
/// # Ok::<(), PrincipalIdError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrincipalId(InlineStr<{ Self::MAX_LENGTH }>);

/// Why a string is not a [`PrincipalId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PrincipalIdError {
    /// The string is empty.
    Empty,
    /// The string has more than 64 characters.
    TooLong {
        /// How many characters it has.
        length: usize,
    },
    /// A character outside `[A-Za-z0-9_-]`.
    InvalidCharacter {
        /// The first such character.
        character: char,
        /// How many characters stand before it.
        index: usize,
    },
}

impl fmt::Display for PrincipalIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let max = PrincipalId::MAX_LENGTH;
        match self {
            Self::Empty => write!(f, "principal id is empty: 1 to {max} characters are needed"),
            Self::TooLong { length } => {
                write!(f, "principal id has {length} characters: at most {max} are allowed")
            }
            Self::InvalidCharacter { character, index } => write!(
                f,
                "principal id has {character:?} at character {index}: only A-Z, a-z, 0-9, '_' and '-' are allowed"
            ),
        }
    }
}

impl core::error::Error for PrincipalIdError {}

impl PrincipalId {
    /// The most characters of an id.
    pub const MAX_LENGTH: usize = 64;

    /// Checks and copies an identifier.
    ///
    /// # Errors
    ///
    /// If it is empty, has more than 64 characters, or one outside `[A-Za-z0-9_-]`; of several
    /// faults, an invalid character is named first.
    pub fn new(id: impl AsRef<str>) -> Result<Self, PrincipalIdError> {
        let id = id.as_ref();
        let invalid = |character: &char| !matches!(character, 'A'..='Z' | 'a'..='z' | '0'..='9' | '_' | '-');
        if let Some((index, character)) = id.chars().enumerate().find(|(_, character)| invalid(character)) {
            return Err(PrincipalIdError::InvalidCharacter { character, index });
        }
        if id.is_empty() {
            return Err(PrincipalIdError::Empty);
        }
        // All characters are single bytes other than NUL, so only the length can still be wrong.
        InlineStr::new(id).map(Self).map_err(|_| PrincipalIdError::TooLong { length: id.len() })
    }

    /// The identifier.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl InlineKey for PrincipalId {
    type Repr = InlineStr<{ Self::MAX_LENGTH }>;

    #[inline]
    fn to_repr(&self) -> Self::Repr {
        self.0
    }

    fn from_repr(repr: Self::Repr) -> Self {
        Self(repr)
    }
}

impl Default for PrincipalId {
    /// `"default"`.
    fn default() -> Self {
        const DEFAULT: PrincipalId = match InlineStr::new("default") {
            Ok(id) => PrincipalId(id),
            Err(_) => unreachable!(),
        };
        DEFAULT
    }
}

impl fmt::Debug for PrincipalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PrincipalId").field(&self.as_str()).finish()
    }
}

impl fmt::Display for PrincipalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for PrincipalId {
    type Err = PrincipalIdError;

    fn from_str(id: &str) -> Result<Self, Self::Err> {
        Self::new(id)
    }
}

impl TryFrom<&str> for PrincipalId {
    type Error = PrincipalIdError;

    fn try_from(id: &str) -> Result<Self, Self::Error> {
        Self::new(id)
    }
}

impl AsRef<str> for PrincipalId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

/// As a string.
#[cfg(feature = "serde")]
impl serde::Serialize for PrincipalId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// From a string, checked as by [`PrincipalId::new`].
#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for PrincipalId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::key::text::deserialize(
            deserializer,
            format_args!("a principal id: 1 to {} characters of [A-Za-z0-9_-]", Self::MAX_LENGTH),
        )
    }
}
