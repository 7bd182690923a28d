//! Ledgers by windows against plain ones, interleaved in one run: `cargo bench --bench windows
//! [PLACES]`. Each cell is the median of some rounds, in nanoseconds a call.

use std::{cell::RefCell, env, error::Error, hint::black_box, time::Instant};

use highwater::{InlineKey, InlineLedger, InlineStr, Recorded, Tracker, WindowedLedger};

const ROUNDS: usize = 9;
/// Turns that the two kinds take in a round, each so short that few lose the processor.
const TURNS: u64 = 12;
const PAGE: u64 = 65_536;

/// The nanoseconds of each round, by row.
struct Rows(Vec<(&'static str, Vec<f64>)>);

impl Rows {
    fn time(&mut self, row: &'static str, calls: usize, work: impl FnOnce()) {
        let started = Instant::now();
        work();
        let each = started.elapsed().as_nanos() as f64 / calls as f64;
        match self.0.iter_mut().find(|other| other.0 == row) {
            Some((_, rounds)) => rounds.push(each),
            None => self.0.push((row, vec![each])),
        }
    }

    fn median(&self, row: &str) -> Option<f64> {
        let mut rounds = self.0.iter().find(|other| other.0 == row)?.1.clone();
        rounds.sort_by(f64::total_cmp);
        Some(rounds[rounds.len() / 2])
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let places = env::args().skip(1).find(|argument| argument != "--bench");
    let places = places.map_or(Ok(4096), |text| text.parse())?;
    compare("u64", places, |number| number.wrapping_mul(0x9E37_79B9_7F4A_7C15))?;
    compare("ids of 20 characters", places, |number| {
        InlineStr::<24>::new(&format!("tenant-{number:013x}")).expect("it fits")
    })
}

/// What both kinds of ledger do, as the one or as the other.
fn compare<K: InlineKey>(keys: &str, places: usize, key: impl Fn(u64) -> K) -> Result<(), Box<dyn Error>> {
    let mut rng = fastrand::Rng::with_seed(1);
    let mut residents: Vec<K> = (0..places as u64).map(&key).collect();
    rng.shuffle(&mut residents);
    let passes = (1 << 17) / places.max(1) + 1;
    let calls = passes * places;
    let (mut plain_rows, mut window_rows) = (Rows(Vec::new()), Rows(Vec::new()));
    let (mut newcomer, mut newcomer_bytes) = (1 << 40, 200 * PAGE);

    for round in 0..ROUNDS as u64 {
        // A ledger that is new in each round, and one that has seen some windows.
        let plain = InlineLedger::<K>::with_capacity(places);
        let windowed = WindowedLedger::<K>::with_capacity(places);
        for _ in 0..6 {
            residents.iter().for_each(|key| _ = windowed.record_peak(key, 100 * PAGE));
            windowed.rotate()?;
        }
        residents.iter().for_each(|key| _ = plain.record_peak(key, 100 * PAGE));
        window_rows.time("first in a window, known key", places, || {
            residents.iter().for_each(|key| _ = black_box(windowed.record_peak(key, 100 * PAGE)));
        });
        assert_eq!(plain.record_peak(&key(1 << 60), 1), Recorded::Dropped);
        assert_eq!(windowed.record_peak(&key(1 << 60), 1), Recorded::Dropped);
        let trackers = (Tracker::new(plain.clone(), residents[0]), windowed.tracker(residents[0]));
        let trackers = (RefCell::new(trackers.0), RefCell::new(trackers.1));
        macro_rules! both {
            ($row:literal, $calls:expr, |$ledger:ident, $tracker:ident| $work:expr) => {{
                plain_rows.time($row, $calls, || {
                    let ($ledger, $tracker) = (&plain, &mut *trackers.0.borrow_mut());
                    $work
                });
                window_rows.time($row, $calls, || {
                    let ($ledger, $tracker) = (&windowed, &mut *trackers.1.borrow_mut());
                    $work
                });
            }};
        }
        for pass in (0..TURNS).map(|turn| turn * calls as u64) {
            both!("raised", calls, |ledger, _tracker| for pass in pass..pass + passes as u64 {
                residents.iter().for_each(|key| _ = black_box(ledger.record_peak(key, 101 * PAGE + pass)));
            });
            both!("not raised", calls, |ledger, _tracker| for _ in 0..passes {
                residents.iter().for_each(|key| _ = black_box(ledger.record_peak(key, 100 * PAGE + 1)));
            });
            both!("not raised, always the same", calls, |ledger, _tracker| for _ in 0..calls {
                black_box(ledger.record_peak(black_box(&residents[0]), 100 * PAGE + 1));
            });
            both!("at the floor", calls, |ledger, _tracker| for _ in 0..passes {
                residents.iter().for_each(|key| _ = black_box(ledger.record_peak(key, 50)));
            });
            both!("tracker, raised", calls, |_ledger, tracker| for call in pass..pass + calls as u64 {
                black_box(tracker.record_peak(1000 * PAGE + call));
            });
            both!("tracker, not raised", calls, |_ledger, tracker| for _ in 0..calls {
                black_box(tracker.record_peak(black_box(900 * PAGE)));
            });
        }
        let newcomers: Vec<K> = (0..places as u64).map(|number| key(newcomer + number)).collect();
        newcomer += places as u64;
        newcomer_bytes += places as u64 * PAGE;
        both!("evicting", places, |ledger, _tracker| for (key, page) in newcomers.iter().zip(0..) {
            black_box(ledger.record_peak(key, newcomer_bytes + page * PAGE));
        });
        plain_rows.time("snapshot", 1, || _ = black_box(plain.snapshot()));
        window_rows.time("snapshot", 1, || _ = black_box(windowed.current()));
        window_rows.time("rotate", 1, || assert_eq!(windowed.rotate(), Ok(7)));
        window_rows.time("read a closed window, the first time", 1, || _ = black_box(windowed.closed(7)));
        window_rows.time("read a closed window again", 1, || _ = black_box(windowed.closed(7)));
        window_rows.time("first in a window, new key", places, || {
            newcomers.iter().zip(round..).for_each(|(key, extra)| {
                _ = black_box(windowed.record_peak(key, 100 * PAGE + extra));
            });
        });
    }
    println!(
        "\n{keys}, {places} places: {:.0} and {:.0} bytes a place",
        plain_memory::<K>(places),
        windowed_memory::<K>(places)
    );
    println!("{:<40} {:>10} {:>10} {:>7}", "", "plain", "windowed", "ratio");
    for (row, _) in &window_rows.0 {
        let windowed = window_rows.median(row).expect("a row");
        match plain_rows.median(row) {
            Some(plain) => println!("{row:<40} {plain:>10.1} {windowed:>10.1} {:>7.2}", windowed / plain),
            None => println!("{row:<40} {:>10} {windowed:>10.1}", ""),
        }
    }
    Ok(())
}

fn plain_memory<K: InlineKey>(places: usize) -> f64 {
    InlineLedger::<K>::with_capacity(places).memory_bytes() as f64 / places as f64
}

fn windowed_memory<K: InlineKey>(places: usize) -> f64 {
    WindowedLedger::<K>::with_capacity(places).memory_bytes() as f64 / places as f64
}
