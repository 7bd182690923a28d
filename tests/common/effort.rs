//! How much of a random test to run: the same tests serve a pull request, an emulator and a soak of
//! hours.

/// `rounds` scaled by the percentage in `HIGHWATER_EFFORT` (100 when unset), and at least 1.
///
/// # Panics
/// If the variable is set to something that is no number.
pub fn scaled(rounds: u64) -> u64 {
    let percent = std::env::var("HIGHWATER_EFFORT")
        .map_or(100, |text| text.parse::<u64>().expect("HIGHWATER_EFFORT is a percentage, for example 1000"));
    (rounds.saturating_mul(percent) / 100).max(1)
}

/// The seed that a series of random rounds starts from: `HIGHWATER_SEED` to repeat a failure,
/// otherwise a new one each time.
///
/// # Panics
/// If the variable is set to something that is no number.
pub fn first_seed() -> u64 {
    std::env::var("HIGHWATER_SEED").map_or_else(
        |_| fastrand::u64(..),
        |text| text.parse().expect("HIGHWATER_SEED is the number that a failed round printed"),
    )
}
