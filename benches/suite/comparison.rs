//! Times several contenders in alternation, so that what disturbs the machine disturbs all of them
//! alike.

use std::time::Duration;

use super::driver::Contender;

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Rounds of each contender, at most.
    pub rounds: usize,
    /// Time that a round should take.
    pub round: Duration,
    /// Time after which a comparison makes do with fewer rounds, though never with fewer than
    /// [`FEWEST_ROUNDS`].
    pub longest: Duration,
}

const FEWEST_ROUNDS: usize = 5;

/// Contenders with their names.
pub type Contenders<'k> = Vec<(String, Box<dyn Contender + 'k>)>;

/// The result of a comparison.
pub struct Outcome {
    pub name: String,
    pub timings: Vec<Timing>,
}

/// Nanoseconds a call of one contender, round by round.
pub struct Timing {
    pub contender: String,
    pub rounds: Vec<f64>,
}

/// Measures `contenders` round by round, each round beginning with another of them.
pub fn compare(name: &str, mut contenders: Contenders<'_>, effort: &Effort) -> Outcome {
    let calls: Vec<u64> =
        contenders.iter_mut().map(|(_, contender)| calls_per_round(&mut **contender, effort)).collect();
    let mut timings: Vec<Timing> = contenders
        .iter()
        .map(|(name, _)| Timing { contender: name.clone(), rounds: Vec::with_capacity(effort.rounds) })
        .collect();
    let mut spent = Duration::ZERO;
    for round in 0..effort.rounds {
        for turn in 0..contenders.len() {
            let index = (round + turn) % contenders.len();
            let contender = &mut contenders[index].1;
            // The others have had the caches meanwhile.
            contender.round(calls[index].div_ceil(4));
            let time = contender.round(calls[index]);
            timings[index].rounds.push(time.as_secs_f64() * 1e9 / calls[index] as f64);
            spent += time;
        }
        if spent > effort.longest && round + 1 >= FEWEST_ROUNDS {
            break;
        }
    }
    Outcome { name: name.to_owned(), timings }
}

/// Finds how many calls fill a round, and warms the contender up by it.
fn calls_per_round(contender: &mut dyn Contender, effort: &Effort) -> u64 {
    const MOST: u64 = 1 << 30;
    // The first search for the lowest looks at all slots: it says nothing about those that follow.
    contender.round(1);
    let mut calls = 1;
    loop {
        let time = contender.round(calls).max(Duration::from_nanos(1));
        let factor = effort.round.as_secs_f64() / time.as_secs_f64();
        if factor < 2.0 || calls == MOST {
            return ((calls as f64 * factor) as u64).max(1);
        }
        // A first call may be slow: approach the number in steps.
        calls = ((calls as f64 * factor.min(16.0)) as u64).min(MOST);
    }
}

impl Outcome {
    pub fn timing(&self, contender: &str) -> Option<&Timing> {
        self.timings.iter().find(|timing| timing.contender == contender)
    }

    /// The time of `contender` over that of `subject`: the median over the rounds, each against its
    /// neighbour in time.
    pub fn ratio(&self, contender: &str, subject: &str) -> Option<f64> {
        let (contender, subject) = (self.timing(contender)?, self.timing(subject)?);
        Some(median(
            contender.rounds.iter().zip(&subject.rounds).map(|(contender, subject)| contender / subject),
        ))
    }
}

impl Timing {
    pub fn nanoseconds(&self) -> f64 {
        median(self.rounds.iter().copied())
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { values[middle - 1].midpoint(values[middle]) }
}
