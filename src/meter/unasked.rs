//! Failures that follow no question, told by their words.

use core::fmt::{self, Display, Write};

/// What wasmtime (43 to 50) says when it fails a growth *before* it asks the limiter: a memory of
/// one-byte pages past what its index type can express, and a table whose new size overflows. Every
/// other failure follows an approval.
const NEVER_ASKED: [&str; 2] =
    ["memory growth exceeds memory type's limits", "overflow calculating new table size"];

/// Whether `error`, handed to a limiter as a failed growth, is of a growth for which no approval
/// was asked.
///
/// The callback is the same, only the words differ. Should a version of wasmtime word it otherwise,
/// such a failure is taken for that of the growth before it, which is then missing from the total
/// until the host reconciles; the tests pin the words with real guests.
pub(super) fn is_type_limit(error: &dyn Display) -> bool {
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
