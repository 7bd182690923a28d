//! Runs a workload on one peer, a fixed number of calls at a time.

use std::{
    hint::black_box,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use super::workload::{DROPPED_NEWCOMERS, Pattern, Residents, Rise, Workload};
use crate::peers::Peer;

/// Anything that can be timed in rounds of a given number of calls.
pub trait Contender {
    /// Makes `calls` calls on each thread and returns the time that one thread took for its own, on
    /// average.
    fn round(&mut self, calls: u64) -> Duration;
}

/// One WebAssembly page.
const PAGE: u64 = 65_536;
/// The peak of the resident that marks the floor in workloads about residents.
const FLOOR: u64 = PAGE;
/// Above the floor, and at or below the peak of every resident that is recorded for.
const HELD: u64 = 1 << 50;
/// The first value of rising newcomers: above the floor, and too low to reach [`HELD`] in any
/// benchmark's life.
const RISING: u64 = 1 << 32;

/// A peer in the state that the workload starts from, and each thread's part in it.
pub struct Driver<'k, K: 'static, P: Peer<K>> {
    peer: P,
    workload: Workload,
    keys: &'k [K],
    threads: Vec<Part<'k, K, P>>,
}

/// The records of one thread, in their order.
struct Part<'k, K: 'static, P: Peer<K>> {
    residents: Ring<P::Subject<'k>>,
    newcomers: Ring<P::Subject<'k>>,
    /// Values recorded so far; the next one is higher.
    tick: u64,
    /// Added to `tick` by each value, and where it began: the threads' values interleave.
    stride: u64,
    /// Its position in a hundred calls of [`Pattern::Mix`].
    step: u32,
}

impl<'k, K: Sync + 'static, P: Peer<K>> Driver<'k, K, P> {
    pub fn new(workload: Workload, keys: &'k [K]) -> Self {
        let Workload { pattern, capacity, threads, .. } = workload;
        let mut driver = Self { peer: P::fresh(capacity), workload, keys, threads: Vec::new() };
        // Residents that stay, newcomers that come round and round, and how many of these are in
        // from the start.
        let (staying, coming, already_in) = match pattern {
            Pattern::NotRaised | Pattern::Raised | Pattern::Read => (1..capacity, 0..0, 0),
            Pattern::ReadAbsent | Pattern::NewcomerBelow => {
                (1..capacity, capacity..capacity + DROPPED_NEWCOMERS, 0)
            }
            // A newcomer leaves again before it comes round: after `capacity` others, or half as
            // many again if at random.
            Pattern::NewcomerAbove(_) => (0..0, 0..2 * capacity, capacity),
            Pattern::Mix => (0..capacity / 2, capacity / 2..capacity / 2 + 2 * capacity, capacity / 2),
            Pattern::Fill => (0..0, 0..capacity, 0),
            Pattern::Construct => (0..0, 0..0, 0),
        };
        for (height, index) in staying.clone().enumerate() {
            driver.record(index, HELD + height as u64 * PAGE);
        }
        for (tick, index) in coming.clone().take(already_in).enumerate() {
            driver.record(index, driver.rising(tick as u64));
        }
        if staying.start == 1 {
            driver.record(0, FLOOR);
            // Dropped, which shows a ledger where its floor is.
            driver.record(capacity, FLOOR);
        }
        let stayers = match workload.residents {
            Residents::One if !staying.is_empty() => staying.start..staying.start + 1,
            _ => staying,
        };
        for thread in 0..threads {
            let residents = match workload.residents {
                Residents::One => driver.subjects(stayers.clone()),
                Residents::All => driver.subjects(stayers.clone().skip(thread).step_by(threads)),
            };
            let newcomers = driver.subjects(coming.clone().skip(thread).step_by(threads));
            let part = Part {
                residents: Ring::starting_at(residents, 0),
                newcomers: Ring::starting_at(newcomers, already_in / threads),
                tick: (already_in / threads * threads + thread) as u64,
                stride: threads as u64,
                step: 0,
            };
            driver.threads.push(part);
        }
        driver
    }

    fn subjects(&self, indices: impl Iterator<Item = usize>) -> Vec<P::Subject<'k>> {
        indices.map(|index| self.peer.subject(&self.keys[index], index)).collect()
    }

    fn record(&self, index: usize, bytes: u64) {
        self.peer.record(&mut self.peer.subject(&self.keys[index], index), bytes);
    }

    fn rising(&self, tick: u64) -> u64 {
        rising(&self.workload, tick)
    }
}

impl<K: Sync + 'static, P: Peer<K>> Contender for Driver<'_, K, P> {
    fn round(&mut self, calls: u64) -> Duration {
        let Self { peer, workload, threads, .. } = self;
        if let [part] = &mut threads[..] {
            return part.run(peer, workload, calls);
        }
        let (start, count) = (Barrier::new(threads.len()), threads.len() as u32);
        let (start, peer, workload) = (&start, &*peer, &*workload);
        let total: Duration = thread::scope(|scope| {
            let spawn = |part| {
                scope.spawn(move || {
                    let part: &mut Part<'_, K, P> = part;
                    start.wait();
                    part.run(peer, workload, calls)
                })
            };
            let running: Vec<_> = threads.iter_mut().map(spawn).collect();
            running.into_iter().map(|thread| thread.join().expect("no recording panics")).sum()
        });
        total / count
    }
}

impl<K: 'static, P: Peer<K>> Part<'_, K, P> {
    fn run(&mut self, peer: &P, workload: &Workload, calls: u64) -> Duration {
        let Self { residents, newcomers, tick, stride, step } = self;
        let mut next = || {
            *tick += *stride;
            *tick
        };
        match workload.pattern {
            Pattern::NotRaised => residents.visit(calls, |subject| peer.record(subject, HELD)),
            Pattern::Raised => residents.visit(calls, |subject| peer.record(subject, HELD * 2 + next())),
            Pattern::Read => residents.visit(calls, |subject| _ = black_box(peer.peak(subject))),
            Pattern::ReadAbsent => newcomers.visit(calls, |subject| _ = black_box(peer.peak(subject))),
            Pattern::NewcomerBelow => newcomers.visit(calls, |subject| peer.record(subject, FLOOR)),
            Pattern::NewcomerAbove(_) => {
                newcomers.visit(calls, |subject| peer.record(subject, rising(workload, next())))
            }
            Pattern::Mix => residents.visit(calls, |subject| {
                *step = if *step == 100 { 1 } else { *step + 1 };
                match *step {
                    33 | 66 => peer.record(subject, HELD * 2 + next()),
                    100 => peer.record(newcomers.next(), rising(workload, next())),
                    _ => peer.record(subject, HELD),
                }
            }),
            Pattern::Fill => self.fill(workload, calls),
            Pattern::Construct => {
                timed(|| (0..calls).for_each(|_| drop(black_box(P::fresh(workload.capacity)))))
            }
        }
    }

    /// One fresh ledger after another; only the recording is timed.
    fn fill(&mut self, workload: &Workload, calls: u64) -> Duration {
        let mut spent = Duration::ZERO;
        let mut left = calls;
        while left > 0 {
            let peer = P::fresh(workload.capacity);
            let some = left.min(workload.capacity as u64);
            let mut tick = 0;
            self.newcomers.next = 0;
            spent += self.newcomers.visit(some, |subject| {
                tick += 1;
                peer.record(subject, rising(workload, tick));
            });
            left -= some;
        }
        spent
    }
}

/// The value number `tick` of those that newcomers bring.
fn rising(workload: &Workload, tick: u64) -> u64 {
    match workload.pattern {
        Pattern::NewcomerAbove(Rise::One) => RISING + tick,
        Pattern::NewcomerAbove(Rise::Random) => {
            RISING
                + (tick + (tick.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) % workload.capacity as u64) * PAGE
        }
        _ => RISING + tick * PAGE,
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// Items visited in turn, for ever; where one round stops, the next goes on.
struct Ring<T> {
    items: Vec<T>,
    next: usize,
}

impl<T> Ring<T> {
    fn starting_at(items: Vec<T>, next: usize) -> Self {
        Self { items, next }
    }

    fn next(&mut self) -> &mut T {
        let index = self.next;
        self.next = (index + 1) % self.items.len();
        &mut self.items[index]
    }

    /// Times `calls` visits. Runs of a slice, and a lone item by itself, so that the walk costs
    /// next to nothing.
    fn visit(&mut self, calls: u64, mut visit: impl FnMut(&mut T)) -> Duration {
        timed(|| {
            if let [only] = &mut self.items[..] {
                return (0..calls).for_each(|_| visit(black_box(&mut *only)));
            }
            let mut left = calls;
            while left > 0 {
                let rest = &mut self.items[self.next..];
                let run = left.min(rest.len() as u64);
                rest[..run as usize].iter_mut().for_each(|item| visit(black_box(item)));
                self.next = (self.next + run as usize) % self.items.len();
                left -= run;
            }
        })
    }
}
