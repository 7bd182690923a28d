//! Failures that follow no question, told by their words.

use core::fmt::{self, Display, Write};

use super::{Account, Denial};

/// What wasmtime (43 to 50) says when it fails a growth *before* it asks the limiter: a memory of
/// one-byte pages past what its index type can express, and a table whose new size overflows. Every
/// other failure follows an approval.
const NEVER_ASKED: [&str; 2] =
    ["memory growth exceeds memory type's limits", "overflow calculating new table size"];

impl Account {
    /// A memory growth failed in the engine with `error`: the one that was approved last, or one
    /// that the engine had not asked about. The callback is the same, only the words differ.
    ///
    /// Answers [`Denial::FailedByEngine`] and does what [`grow_failed`](Self::grow_failed) does, or
    /// [`Denial::OverTypeMaximum`] and what [`refused_unasked`](Self::refused_unasked) does. The
    /// words are those of wasmtime. Should a version word it otherwise, such a failure is taken for
    /// that of the growth before it, which is then missing from the total until the host
    /// [reconciles](Self::reconcile); the tests pin the words with real guests.
    ///
    /// ```
    /// use highwater::{Account, Denial, MeterLimits};
    ///
    /// let mut account = Account::new();
    /// account.table_growing(&MeterLimits::default(), 1, 6, None)?;
    /// let error = "overflow calculating new table size"; // the guest asked for 2^64 - 1 more
    /// assert_eq!(account.table_failed(&error), Denial::OverTypeMaximum);
    /// assert_eq!(account.table_elements(), 6); // the growth before stands
    /// # Ok::<(), Denial>(())
    /// ```
    pub fn memory_failed(&mut self, error: &dyn Display) -> Denial {
        self.failed(error, Self::grow_failed)
    }

    /// A table growth failed in the engine with `error`: likewise, by
    /// [`table_grow_failed`](Self::table_grow_failed).
    pub fn table_failed(&mut self, error: &dyn Display) -> Denial {
        self.failed(error, Self::table_grow_failed)
    }

    fn failed(&mut self, error: &dyn Display, take_back: fn(&mut Self)) -> Denial {
        if is_type_limit(error) {
            self.refused_unasked();
            Denial::OverTypeMaximum
        } else {
            take_back(self);
            Denial::FailedByEngine
        }
    }
}

/// Whether `error`, handed to a limiter as a failed growth, is of a growth for which no approval
/// was asked.
fn is_type_limit(error: &dyn Display) -> bool {
    NEVER_ASKED.into_iter().any(|words| says(error, words))
}

/// Whether these are the error's words, no more and no less.
pub(super) fn says(error: &dyn Display, words: &str) -> bool {
    let mut rest = Expected(words);
    write!(rest, "{error}").is_ok() && rest.0.is_empty()
}

/// Compares what is written with what is expected, without a buffer.
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
