//! Failures that follow no question, told by their words.

use core::fmt::{self, Display, Write};

use super::{Account, held::Kind};
use crate::meter::denial::Denial;

/// The words of wasmtime (43 to 50) when it fails a growth *before* it asks the limiter: for a
/// memory of one-byte pages past the range of its index type, and for a table whose new size
/// overflows. Every other failure follows an approval.
const NEVER_ASKED: [&str; 2] =
    ["memory growth exceeds memory type's limits", "overflow calculating new table size"];

impl Account {
    /// A memory growth failed in the engine with `error`: the one that was approved last, or one
    /// that the engine had not asked about. The callback is the same, only the words differ.
    ///
    /// Returns [`Denial::FailedByEngine`] and takes back the growth that was approved last, or
    /// returns [`Denial::OverTypeMaximum`] and leaves that growth alone. The failure is counted in
    /// either case.
    ///
    /// The words are those of wasmtime. If a version changes them, such a failure is taken for that
    /// of the growth before it. That growth is then missing from the total until the host
    /// [reconciles](Self::reconcile). Tests pin the words with real guests.
    ///
    /// ```
    /// use highwater::{Account, Denial, MeterLimits};
    ///
    /// let mut account = Account::new();
    /// account.approve_table(&MeterLimits::default(), 1, 6, None)?;
    /// let error = "overflow calculating new table size"; // the guest asked for 2^64 - 1 more
    /// assert_eq!(account.table_failed(&error), Denial::OverTypeMaximum);
    /// assert_eq!(account.table_elements(), 6); // the growth before stands
    /// # Ok::<(), Denial>(())
    /// ```
    pub fn memory_failed(&mut self, error: &dyn Display) -> Denial {
        self.failed(Kind::Memory, error)
    }

    /// A table growth failed in the engine with `error`; as [`memory_failed`](Self::memory_failed).
    pub fn table_failed(&mut self, error: &dyn Display) -> Denial {
        self.failed(Kind::Table, error)
    }

    fn failed(&mut self, kind: Kind, error: &dyn Display) -> Denial {
        let denial = if is_type_limit(error) {
            Denial::OverTypeMaximum
        } else {
            self.take_back(kind);
            Denial::FailedByEngine
        };
        self.settle();
        self.deny(denial)
    }
}

/// Whether `error`, handed to a limiter as a failed growth, belongs to a growth that the engine had
/// not asked about.
fn is_type_limit(error: &dyn Display) -> bool {
    NEVER_ASKED.into_iter().any(|words| says(error, words))
}

/// Whether the error's text is exactly `words`.
fn says(error: &dyn Display, words: &str) -> bool {
    let mut rest = Expected(words);
    write!(rest, "{error}").is_ok() && rest.0.is_empty()
}

/// Compares text with the words expected while it is written, without a buffer.
struct Expected<'a>(&'a str);

impl Write for Expected<'_> {
    fn write_str(&mut self, written: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(written).ok_or(fmt::Error)?;
        Ok(())
    }
}

#[cfg(test)]
#[cfg(not(highwater_loom))]
mod tests {
    use super::is_type_limit;

    #[test]
    fn only_the_exact_words_count() {
        assert!(is_type_limit(&"memory growth exceeds memory type's limits"));
        assert!(is_type_limit(&format_args!("overflow calculating {} table size", "new")));
        assert!(!is_type_limit(&"Memory maximum size exceeded"));
        assert!(!is_type_limit(&"memory growth exceeds memory type's limits, and more"));
        assert!(!is_type_limit(&"memory growth"));
        assert!(!is_type_limit(&""));
    }
}
