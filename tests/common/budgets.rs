//! The rule of budgets when one call follows the other: a tree of plain sums.

use highwater::{Budget, OverBudget};

/// A call on a tree of budgets, which it names by their number.
#[derive(Clone, Copy, Debug)]
pub enum BudgetCall {
    Reserve(usize, u64),
    Release(usize, u64),
    Transfer(usize, usize, u64),
    SetLimit(usize, u64),
}

/// One budget's numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sums {
    pub used: u64,
    pub peak: u64,
    pub limit: u64,
    pub denied: u64,
}

impl Sums {
    pub fn of(budget: &Budget) -> Self {
        Self { used: budget.used(), peak: budget.peak(), limit: budget.limit(), denied: budget.denied() }
    }
}

/// The tree of sums. Budget 0 is the root, and parents come before their children.
#[derive(Clone, Debug)]
pub struct Tree {
    pub parents: Vec<Option<usize>>,
    pub sums: Vec<Sums>,
}

impl Tree {
    pub fn new(parents: &[Option<usize>], limits: &[u64]) -> Self {
        let sums = limits.iter().map(|&limit| Sums { used: 0, peak: 0, limit, denied: 0 }).collect();
        Self { parents: parents.to_vec(), sums }
    }

    /// Up to `most` budgets, with limits of which some bind and some do not.
    pub fn random(rng: &mut fastrand::Rng, most: usize) -> Self {
        let budgets = rng.usize(1..=most);
        let parents: Vec<_> = (0..budgets).map(|child| (child > 0).then(|| rng.usize(..child))).collect();
        let limits: Vec<_> = (0..budgets).map(|_| rng.u64(..60)).collect();
        Self::new(&parents, &limits)
    }

    /// The budgets themselves, on the heap.
    pub fn budgets(&self) -> Vec<Budget> {
        let mut budgets: Vec<Budget> = Vec::new();
        for (parent, sums) in self.parents.iter().zip(&self.sums) {
            budgets.push(match parent {
                Some(parent) => budgets[*parent].child(sums.limit),
                None => Budget::new(sums.limit),
            });
        }
        budgets
    }

    /// A budget and its ancestors, from the bottom up.
    pub fn chain(&self, budget: usize) -> Vec<usize> {
        std::iter::successors(Some(budget), |&child| self.parents[child]).collect()
    }

    /// The part of a chain that another budget's does not share.
    fn chain_apart(&self, budget: usize, other: usize) -> Vec<usize> {
        let others = self.chain(other);
        self.chain(budget).into_iter().filter(|budget| !others.contains(budget)).collect()
    }

    fn reserve(&mut self, chain: &[usize], bytes: u64) -> Result<(), (u32, u64, u64)> {
        for (level, &budget) in (0..).zip(chain) {
            let Sums { used, limit, denied, .. } = &mut self.sums[budget];
            if bytes > 0 && *used + bytes > *limit {
                *denied += 1;
                return Err((level, *used, *limit));
            }
        }
        for &budget in chain {
            let Sums { used, peak, .. } = &mut self.sums[budget];
            *used += bytes;
            *peak = (*used).max(*peak);
        }
        Ok(())
    }

    fn release(&mut self, chain: &[usize], bytes: u64) {
        for &budget in chain {
            self.sums[budget].used -= bytes;
        }
    }

    /// Makes the call on the sums: `Err` is whose limit denied it, what that budget held, and the
    /// limit.
    pub fn call(&mut self, call: BudgetCall) -> Result<(), (u32, u64, u64)> {
        match call {
            BudgetCall::Reserve(budget, bytes) => self.reserve(&self.chain(budget), bytes),
            BudgetCall::Release(budget, bytes) => {
                self.release(&self.chain(budget), bytes);
                Ok(())
            }
            BudgetCall::Transfer(from, to, bytes) => {
                self.reserve(&self.chain_apart(to, from), bytes)?;
                self.release(&self.chain_apart(from, to), bytes);
                Ok(())
            }
            BudgetCall::SetLimit(budget, limit) => {
                self.sums[budget].limit = limit;
                Ok(())
            }
        }
    }
}

/// Makes the call on the budgets.
pub fn call(budgets: &[Budget], call: BudgetCall) -> Result<(), OverBudget> {
    match call {
        BudgetCall::Reserve(budget, bytes) => budgets[budget].reserve(bytes),
        BudgetCall::Release(budget, bytes) => {
            budgets[budget].release(bytes);
            Ok(())
        }
        BudgetCall::Transfer(from, to, bytes) => budgets[from].transfer(&budgets[to], bytes),
        BudgetCall::SetLimit(budget, limit) => {
            budgets[budget].set_limit(limit);
            Ok(())
        }
    }
}

/// A random call, and what is reserved through each budget once it was approved.
pub fn random_call(rng: &mut fastrand::Rng, own: &[u64], largest: u64) -> BudgetCall {
    let (one, other) = (rng.usize(..own.len()), rng.usize(..own.len()));
    match rng.u8(..16) {
        0..8 => BudgetCall::Reserve(one, rng.u64(..=largest)),
        8..12 => BudgetCall::Release(one, rng.u64(..=own[one])),
        12..15 => BudgetCall::Transfer(one, other, rng.u64(..=own[one])),
        _ => BudgetCall::SetLimit(one, rng.u64(..60)),
    }
}

/// Notes an approved call in what is reserved through each budget.
pub fn note(own: &mut [u64], call: BudgetCall) {
    match call {
        BudgetCall::Reserve(budget, bytes) => own[budget] += bytes,
        BudgetCall::Release(budget, bytes) => own[budget] -= bytes,
        BudgetCall::Transfer(from, to, bytes) => {
            own[from] -= bytes;
            own[to] += bytes;
        }
        BudgetCall::SetLimit(..) => {}
    }
}

/// At rest each budget counts what was reserved through it and its descendants.
///
/// # Panics
/// If one does not.
pub fn assert_sums(tree: &Tree, budgets: &[Budget], own: &[u64]) {
    let mut expected = vec![0; own.len()];
    for (budget, bytes) in own.iter().enumerate() {
        for ancestor in tree.chain(budget) {
            expected[ancestor] += bytes;
        }
    }
    let used: Vec<_> = budgets.iter().map(|budget| budget.used()).collect();
    assert_eq!(used, expected, "with {own:?} reserved through each");
}
