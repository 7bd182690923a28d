//! Schedules laid out by hand.
