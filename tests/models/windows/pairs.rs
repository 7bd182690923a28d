//! Two calls.
