//! Leases inside leases, with guards that are dropped, leaked and unwound, and turns that begin and
//! end by hand: the meter against a stack of turns.

#![cfg(feature = "alloc")]

use std::{
    collections::HashMap,
    mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

use fastrand::Rng;
use highwater::{Attribution, FixedState, InlineLedger, LeaseReport, MeterLimits, StoreMemoryMeter};

#[path = "common/effort.rs"]
mod effort;

type Ledger = InlineLedger<u32, FixedState>;
type Meter = StoreMemoryMeter<Ledger>;

const DEEPEST: usize = 6;

/// A turn as it should be.
#[derive(Clone, Debug)]
struct Turn {
    principal: u32,
    limits: MeterLimits,
    ceiling: usize,
    own: usize,
    largest: usize,
    denied: u64,
    /// By hand; the guard does not know.
    ended: bool,
}

/// A Store as it should be.
#[derive(Debug)]
struct Model {
    memories: Vec<usize>,
    /// The turns of guards, the innermost last. Those that are ended are below those that are on.
    guarded: Vec<Turn>,
    /// The turn that began by hand and goes on below the guards that are on.
    by_hand: Option<Turn>,
    idle: (MeterLimits, usize),
    peaks: HashMap<u32, usize>,
}

impl Model {
    fn total(&self) -> usize {
        self.memories.iter().sum()
    }

    fn current(&mut self) -> Option<&mut Turn> {
        match self.guarded.last_mut() {
            Some(turn) if !turn.ended => Some(turn),
            _ => self.by_hand.as_mut(),
        }
    }

    fn end_all(&mut self) {
        self.guarded.iter_mut().for_each(|turn| turn.ended = true);
        self.by_hand = None;
    }

    /// The guard of a turn is leaked, and with it what that has put aside. Below it is a turn that
    /// is on and whose guard will end it, or else nothing will.
    fn leak(&mut self, place: usize) {
        if self.guarded[..place].iter().all(|turn| turn.ended) {
            let innermost = self.guarded.drain(place..).next_back().filter(|turn| !turn.ended);
            self.by_hand = innermost.or(self.by_hand.take());
        }
    }

    /// Grows a memory. Says what the limiter should say.
    fn grow(&mut self, which: usize, desired: usize, fails: bool) -> bool {
        let (current, before) = (self.memories[which], self.total());
        let (grown, total) = (desired - current, before + desired - current);
        let idle = self.idle.1;
        let allowed = total <= self.current().map_or(idle, |turn| turn.ceiling) || grown == 0;
        if let Some(turn) = self.current() {
            turn.denied += u64::from(!allowed || fails);
            let happens = allowed && !fails;
            let charge = match turn.limits.attribution() {
                Attribution::LargestMemory => turn.largest.max(desired),
                // A growth by nothing adds nothing to the bytes that were recorded before.
                _ if grown == 0 => 0,
                Attribution::StoreTotal => total,
                _ => turn.own + grown,
            };
            let (principal, on_approval) = (turn.principal, turn.limits.records_on_approval());
            if happens {
                turn.own += grown;
                turn.largest = turn.largest.max(desired);
            }
            if happens || allowed && on_approval {
                let peak = self.peaks.entry(principal).or_insert(0);
                *peak = charge.max(*peak);
            }
        }
        if allowed && !fails {
            self.memories[which] = desired;
        }
        allowed
    }
}

fn random_limits(rng: &mut Rng) -> (MeterLimits, usize) {
    let ceiling = rng.usize(..4_000);
    let attribution = [Attribution::OwnGrowth, Attribution::StoreTotal, Attribution::LargestMemory];
    let limits = MeterLimits::builder()
        .total_memory(ceiling)
        .attribution(*rng.choice(&attribution).unwrap())
        .record_on_approval(rng.u8(..4) == 0);
    (limits.build(), ceiling)
}

fn turn((limits, ceiling): (MeterLimits, usize), rng: &mut Rng) -> Turn {
    Turn { principal: rng.u32(1..6), limits, ceiling, own: 0, largest: 0, denied: 0, ended: false }
}

fn compare(report: LeaseReport, turn: &Turn, total: usize) {
    let expected = (turn.own, total - turn.own, total, turn.denied);
    assert_eq!((report.own, report.inherited, report.total, report.denied), expected, "{turn:?}");
}

fn check(meter: &mut Meter, model: &mut Model) {
    let (total, idle) = (model.total(), model.idle.0);
    meter.settle();
    match model.current() {
        Some(turn) => {
            assert_eq!(meter.principal(), Some(&turn.principal));
            assert_eq!(*meter.limits(), turn.limits);
            compare(meter.report(), turn, total);
        }
        None => {
            assert_eq!(meter.principal(), None);
            assert_eq!(*meter.limits(), idle);
            assert_eq!(meter.report().total, total);
        }
    }
    for principal in 1..6 {
        let expected = model.peaks.get(&principal).map_or(0, |&peak| peak as u64);
        assert_eq!(meter.ledger().peak(&principal), expected, "{principal}");
    }
}

/// Lets a Store do something, inside the turns that are on. Says whether a guard was leaked in it.
fn play(meter: &mut Meter, model: &mut Model, depth: usize, rng: &mut Rng) -> bool {
    let mut leaked = false;
    for _ in 0..rng.usize(..8) {
        match rng.u8(..16) {
            0 => {
                let limits = random_limits(rng);
                let turn = turn(limits, rng);
                meter.start_lease(turn.principal, turn.limits);
                model.end_all();
                model.by_hand = Some(turn);
            }
            1 => {
                meter.end_lease();
                model.end_all();
            }
            2..=6 if depth < DEEPEST => leaked |= nest(meter, model, depth, rng),
            kind => {
                let which = rng.usize(..model.memories.len());
                let current = model.memories[which];
                let (desired, fails) = (current + rng.usize(..900), kind == 7);
                let allowed = model.grow(which, desired, fails);
                assert_eq!(meter.approve_memory(current, desired, None), Ok(allowed));
                if allowed && fails {
                    meter.memory_failed(&"no memory").unwrap();
                }
                // Otherwise it is pending when the next turn begins or this one ends.
                if rng.bool() {
                    check(meter, model);
                }
            }
        }
    }
    leaked
}

/// A guard's turn inside those that are on. Says whether the guard was leaked.
fn nest(meter: &mut Meter, model: &mut Model, depth: usize, rng: &mut Rng) -> bool {
    let limits = random_limits(rng);
    let turn = turn(limits, rng);
    let place = model.guarded.len();
    let mut lease = meter.lease(turn.principal, turn.limits);
    model.guarded.push(turn);
    let leaked_inside = play(&mut lease, model, depth + 1, rng);
    match rng.u8(..10) {
        0 => {
            mem::forget(lease);
            model.leak(place);
            return true;
        }
        1 => {
            let unwound = catch_unwind(AssertUnwindSafe(move || {
                let _lease = lease;
                resume_unwind(Box::new(()));
            }));
            assert!(unwound.is_err());
        }
        2..=5 => drop(lease),
        _ if leaked_inside => drop(lease),
        _ => {
            let total = model.total();
            compare(lease.report(), &model.guarded[place], total);
            compare(lease.end(), &model.guarded[place], total);
        }
    }
    model.guarded.truncate(place);
    check(meter, model);
    false
}

#[test]
fn turns_nest_as_on_a_stack() {
    let seed = effort::first_seed();
    println!("HIGHWATER_SEED={seed}");
    let mut rng = Rng::with_seed(seed);
    for _ in 0..effort::scaled(20_000) {
        let idle = random_limits(&mut rng);
        let ledger = Ledger::with_capacity_and_hasher(8, FixedState);
        let mut meter = Meter::idle(idle.0, ledger);
        let memories = vec![0; rng.usize(1..4)];
        let (guarded, peaks) = (Vec::new(), HashMap::new());
        let mut model = Model { memories, guarded, by_hand: None, idle, peaks };
        play(&mut meter, &mut model, 0, &mut rng);
        check(&mut meter, &mut model);
    }
}

/// A guard holds the state that it puts aside, so depth costs no memory but its own.
#[test]
fn a_turn_goes_on_under_a_thousand_others() {
    fn nest(meter: &mut Meter, depth: usize) {
        let limits = MeterLimits::builder().build();
        let mut lease = meter.lease(depth as u32, limits);
        let _ = lease.approve_memory(0, depth, None);
        if depth < 1_000 {
            nest(&mut lease, depth + 1);
        }
        let report = lease.end();
        let all = 1_000 * 1_001 / 2;
        assert_eq!((report.own, report.inherited), (depth, all - depth));
    }
    let ledger = Ledger::with_capacity_and_hasher(1_000, FixedState);
    nest(&mut Meter::idle(MeterLimits::total(0), ledger.clone()), 1);
    assert_eq!(ledger.top(1), [(1_000, 1_000)]);
    assert_eq!((ledger.peak(&1), ledger.peak(&500)), (1, 500));
}
