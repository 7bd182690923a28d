//! Promise: an interrupt may come before any step of a call on a budget, and use the same budgets
//! itself.
//!
//! `ci/steps` runs this, with atomics that run a handler before a chosen step: every place of every
//! call is hit, and between any two steps every budget is looked at.

#![cfg(highwater_steps)]
#![allow(dead_code, reason = "the helpers shared with the other tests are used in part")]

#[path = "common/effort.rs"]
mod effort;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use highwater::stepped::{Steps, interrupt_after, withdraw_interrupt};
use highwater::{OverBudget, StaticBudget};

/// A root, two children of it, and a child of the first.
const PARENTS: [Option<usize>; 4] = [None, Some(0), Some(0), Some(1)];
/// Many times as many steps as a call takes, with all that interrupts it.
const STUCK: u32 = 10_000;

#[derive(Clone, Copy, Debug)]
enum Call {
    Reserve(usize, u64),
    Release(usize, u64),
    Transfer(usize, usize, u64),
    SetLimit(usize, u64),
}

impl Call {
    /// A random call of a caller that holds these bytes.
    fn random(rng: &mut fastrand::Rng, held: &mut [u64; 4]) -> Self {
        let (one, other) = (rng.usize(..4), rng.usize(..4));
        // Bytes that it gives back or moves it cannot give back again. Bytes that it asks for it
        // may not get.
        let bytes = rng.u64(..=held[one]);
        match rng.u8(..16) {
            0..9 => Self::Reserve(one, rng.u64(1..10)),
            9..12 => {
                held[one] -= bytes;
                Self::Release(one, bytes)
            }
            12..15 => {
                held[one] -= bytes;
                Self::Transfer(one, other, bytes)
            }
            _ => Self::SetLimit(one, rng.u64(..16)),
        }
    }
}

/// The budgets of one run, and what must be true of them.
struct Ground {
    budgets: [&'static StaticBudget; 4],
    /// The bytes that the calls that have come back hold in each.
    own: Cell<[u64; 4]>,
    /// The most that each may count: its limit, or what it counted when that was lowered.
    bound: [Cell<u64>; 4],
    /// The highest limit that a call under way is about to set.
    coming: [Cell<u64>; 4],
    /// Limits that were set.
    limits_set: Cell<u32>,
    /// Calls under way.
    depth: Cell<u32>,
    /// Calls that have begun.
    begun: Cell<u32>,
    /// How much more than `own` says the root was seen to count, by a denial within one other call
    /// that nothing interrupted.
    seen: Cell<Option<i64>>,
    denials: Cell<u64>,
}

impl Ground {
    fn new(limits: [u64; 4]) -> Self {
        // Leaked: a budget's parent is a static one.
        let leak = |budget| -> &'static StaticBudget { Box::leak(Box::new(budget)) };
        let root = leak(StaticBudget::new(limits[0]));
        let first = leak(root.child(limits[1]));
        Self {
            budgets: [root, first, leak(root.child(limits[2])), leak(first.child(limits[3]))],
            own: Cell::default(),
            bound: limits.map(Cell::new),
            coming: Default::default(),
            limits_set: Cell::default(),
            depth: Cell::default(),
            begun: Cell::default(),
            seen: Cell::default(),
            denials: Cell::default(),
        }
    }

    /// No budget counts more than it may. A handler may come in the middle and set limits: what is
    /// read is as before it or as after it.
    fn look(&self) {
        for (budget, bound) in self.budgets.iter().zip(&self.bound) {
            let before = bound.get();
            let used = budget.used();
            let most = before.max(bound.get());
            assert!(used <= most, "{used} in use, {most} allowed");
        }
    }

    /// The bytes that each budget has to count at rest.
    fn sums(&self) -> [u64; 4] {
        let mut sums = [0; 4];
        for (index, bytes) in self.own.get().into_iter().enumerate() {
            let chain = std::iter::successors(Some(index), |&child| PARENTS[child]);
            chain.for_each(|budget| sums[budget] += bytes);
        }
        sums
    }

    fn set_limit(&self, budget: usize, limit: u64) {
        let (bound, coming) = (&self.bound[budget], &self.coming[budget]);
        let before = coming.replace(coming.get().max(limit));
        bound.set(bound.get().max(limit));
        self.budgets[budget].set_limit(limit);
        coming.set(before);
        // From now on nothing may be approved by an older limit.
        let set = self.limits_set.get();
        let (limit, used) = (self.budgets[budget].limit(), self.budgets[budget].used());
        if self.limits_set.get() == set {
            bound.set(limit.max(used).max(before));
        }
        self.limits_set.set(self.limits_set.get() + 1);
    }

    /// Makes a call, within which handlers may make others.
    fn make(&self, call: Call) -> Result<(), OverBudget> {
        let budgets = &self.budgets;
        self.depth.set(self.depth.get() + 1);
        self.begun.set(self.begun.get() + 1);
        let begun = self.begun.get();
        let answer = match call {
            Call::Reserve(budget, bytes) => budgets[budget].reserve(bytes),
            Call::Release(budget, bytes) => {
                budgets[budget].release(bytes);
                Ok(())
            }
            Call::Transfer(from, to, bytes) => budgets[from].transfer(budgets[to], bytes),
            Call::SetLimit(budget, limit) => {
                self.set_limit(budget, limit);
                Ok(())
            }
        };
        self.depth.set(self.depth.get() - 1);
        if let Err(OverBudget { level, used, limit, requested, .. }) = answer {
            assert!(used + requested > limit, "denied {requested} at {used} of {limit}");
            self.denials.set(self.denials.get() + 1);
            if let Call::Reserve(budget, _) = call
                && std::iter::successors(PARENTS[budget], |&child| PARENTS[child]).count() as u32 == level
                && (self.depth.get(), self.begun.get()) == (1, begun)
            {
                self.seen.set(Some(used.cast_signed() - self.sums()[0].cast_signed()));
            }
            return answer;
        }
        let mut own = self.own.get();
        match call {
            Call::Reserve(budget, bytes) => own[budget] += bytes,
            Call::Release(budget, bytes) => own[budget] -= bytes,
            Call::Transfer(from, to, bytes) => {
                own[from] -= bytes;
                own[to] += bytes;
            }
            Call::SetLimit(..) => {}
        }
        self.own.set(own);
        answer
    }
}

/// A call, and the calls of two handlers that interrupt it or each other.
struct Scene {
    limits: [u64; 4],
    /// The reservations before, as far as the limits allow them.
    before: Vec<Call>,
    call: Call,
    handlers: [Vec<Call>; 2],
}

/// How one run of a scene went.
struct Run {
    /// The steps of the interrupted call, without those of the handlers.
    steps: u32,
    /// The handlers that ran before it was over.
    came: usize,
    denied: bool,
}

impl Scene {
    fn random(rng: &mut fastrand::Rng) -> Self {
        let limits = [rng.u64(8..24), rng.u64(4..20), rng.u64(4..20), rng.u64(2..16)];
        let held = [(); 2].map(|()| [(); 4].map(|()| rng.u64(..4)));
        let before = (0..4).map(|budget| Call::Reserve(budget, held[0][budget] + held[1][budget])).collect();
        let call = Call::random(rng, &mut held[0].clone());
        let mut of_handlers = held[1];
        let handlers = [(); 2]
            .map(|()| (0..rng.usize(1..=3)).map(|_| Call::random(rng, &mut of_handlers)).collect::<Vec<_>>());
        Self { limits, before, call, handlers }
    }

    /// Plays the scene with handlers before the steps given, and checks everything that can be
    /// seen. `None`: the limits do not allow what it begins with.
    fn play(&self, due: &[u32]) -> Option<Run> {
        let ground = Rc::new(Ground::new(self.limits));
        for &call in &self.before {
            ground.make(call).ok()?;
        }
        ground.seen.set(None);
        // The steps of all handlers, and how many have come.
        let handled = Rc::new(Cell::new((0, 0)));
        for (&due, calls) in due.iter().zip(&self.handlers) {
            let (ground, handled, calls) = (ground.clone(), handled.clone(), calls.clone());
            interrupt_after(due, move || {
                let began = Steps::until_now();
                let (before, came) = handled.get();
                handled.set((before, came + 1));
                ground.look();
                for call in calls {
                    _ = ground.make(call);
                    ground.look();
                }
                // One handler's steps within another's count once.
                let (_, came) = handled.get();
                handled.set((before + Steps::since(began).total(), came));
            });
        }
        interrupt_after(STUCK, || panic!("a call does not come back"));
        let began = Steps::until_now();
        let answer = ground.make(self.call);
        let (of_handlers, came) = handled.get();
        let steps = Steps::since(began).total() - of_handlers;
        while withdraw_interrupt().is_some() {}

        ground.look();
        // A denial saw in the root, beyond the finished calls, the bytes that this call had
        // reserved there, for good, or had given back.
        let counted = match (self.call, answer) {
            (Call::Reserve(_, bytes), Ok(())) => bytes.cast_signed(),
            (Call::Release(_, bytes), _) => -bytes.cast_signed(),
            _ => 0,
        };
        if let Some(seen) = ground.seen.get() {
            assert!(seen == 0 || seen == counted, "{seen} more in the root, {:?}: {answer:?}", self.call);
        }
        let used = ground.budgets.map(StaticBudget::used);
        assert_eq!(used, ground.sums(), "{:?} interrupted at {due:?} by {:?}", self.call, self.handlers);
        let denied: u64 = ground.budgets.iter().map(|budget| budget.denied()).sum();
        assert_eq!(denied, ground.denials.get(), "each denial is counted once");
        Some(Run { steps, came, denied: answer.is_err() })
    }
}

/// Every call with a handler before each of its steps, and a second one before each step that
/// follows, the first handler's included.
#[test]
fn interrupted_at_every_step() {
    let first = effort::first_seed();
    // By the number of handlers that came: the steps of the longest call.
    let mut longest = BTreeMap::<usize, u32>::new();
    let (mut runs, mut turned) = (0_u64, 0_u64);
    for seed in (0..effort::scaled(600)).map(|round| first.wrapping_add(round)) {
        let scene = Scene::random(&mut fastrand::Rng::with_seed(seed));
        let Some(alone) = scene.play(&[]) else { continue };
        let mut note = |run: &Run| {
            let most = longest.entry(run.came).or_insert(0);
            *most = run.steps.max(*most);
            runs += 1;
            turned += u64::from(run.denied != alone.denied);
            run.came
        };
        note(&alone);
        let mut play = |due: &[u32]| note(&scene.play(due).expect("it began before"));
        for one in 0.. {
            if play(&[one]) == 0 {
                break;
            }
            for other in one + 1.. {
                if play(&[one, other]) == 1 {
                    break;
                }
            }
        }
    }
    println!("{runs} runs; in {turned} of them handlers changed the answer");
    println!("  steps of the longest call by the interrupts that came: {longest:?}");
    assert!(turned > 0 && longest.len() == 3);
    // The bound of docs/embedded.md for a call that is interrupted.
    for (&came, &steps) in &longest {
        assert!(steps <= longest[&0] * (came as u32 + 1), "{steps} steps with {came} interrupts");
    }
}

/// Without an interrupt a call takes the steps that docs/budgets.md says.
#[test]
fn steps_are_those_documented() {
    let leak = |budget| -> &'static StaticBudget { Box::leak(Box::new(budget)) };
    for levels in 1..=4 {
        let root = leak(StaticBudget::new(10));
        let budget = (1..levels).fold(root, |parent, _| leak(parent.child(20)));
        let reserve = |bytes| _ = budget.reserve(bytes);
        let assert_takes = |what, call: &dyn Fn(), loads, stores, updates| {
            let began = Steps::until_now();
            call();
            assert_eq!(Steps::since(began), Steps { loads, stores, updates }, "{levels} levels, {what}");
        };
        assert_takes("a new peak", &|| reserve(6), 5 * levels, 0, 2 * levels);
        assert_takes("given back", &|| budget.release(6), levels, 0, levels);
        assert_takes("no new peak", &|| reserve(6), 5 * levels, 0, levels);
        assert_takes("denied here", &|| reserve(30), 2, 0, 1);
        assert_takes("denied by the root", &|| reserve(5), 2 * levels, 0, 1);
        assert_takes("moved to the root", &|| _ = budget.transfer(root, 6), levels - 1, 0, levels - 1);
        assert_takes("a limit", &|| budget.set_limit(30), 0, 1, 1);
        for read in [StaticBudget::used, StaticBudget::peak, StaticBudget::limit, StaticBudget::denied] {
            assert_takes("a reading", &|| _ = read(budget), 1, 0, 0);
        }
    }
}
