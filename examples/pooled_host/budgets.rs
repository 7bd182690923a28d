//! The budgets of a run: the host's, and one for each principal that holds a lease.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use highwater::{Budget, MeterStats, PrincipalId, StaticBudget};
use indicatif::{HumanBytes, HumanCount};
use serde::{Serialize, Serializer};

/// A budget for all Stores together, and below it the budgets of principals. What no lease has to
/// answer for is the host's own.
pub struct Budgets {
    host: Budget,
    /// The limit of each principal's budget, if principals have budgets.
    principal_limit: Option<u64>,
    principals: Mutex<Principals>,
    turned_away: AtomicU64,
}

#[derive(Default)]
struct Principals {
    /// The budget of each principal that holds a lease, and how many it holds: bytes are in it only
    /// during these.
    on: HashMap<PrincipalId, (Budget, usize)>,
    /// Of the budgets of all principals that have held a lease.
    peak: u64,
    denied: u64,
    differences: Vec<Difference>,
}

impl Budgets {
    /// Without a limit for the host, or for principals, the other one alone.
    pub fn new(host_limit: Option<u64>, principal_limit: Option<u64>) -> Option<Self> {
        host_limit.or(principal_limit)?;
        Some(Self {
            host: Budget::new(host_limit.unwrap_or(StaticBudget::MAX_LIMIT)),
            principal_limit,
            principals: Mutex::default(),
            turned_away: AtomicU64::new(0),
        })
    }

    /// The budget of all Stores.
    pub fn host(&self) -> &Budget {
        &self.host
    }

    /// Whether more than half of what all Stores may hold is in use, so that it is worth a new Store
    /// to give back what an old one has kept.
    pub fn are_short(&self) -> bool {
        self.host.used() > self.host.limit() / 2
    }

    /// Lets `lease` run with the budget of its principal, if principals have budgets.
    pub fn during<R>(&self, principal: PrincipalId, lease: impl FnOnce(Option<&Budget>) -> R) -> R {
        let Some(limit) = self.principal_limit else { return lease(None) };
        let budget = self.begin(principal, limit);
        let result = lease(Some(&budget));
        self.end(principal);
        result
    }

    /// There was no room for a guest to start.
    pub fn turned_away(&self) {
        // Relaxed: a number to show, read when the workers are gone.
        self.turned_away.fetch_add(1, Ordering::Relaxed);
    }

    fn begin(&self, principal: PrincipalId, limit: u64) -> Budget {
        let mut principals = self.principals.lock().unwrap_or_else(PoisonError::into_inner);
        let (budget, leases) = principals.on.entry(principal).or_insert_with(|| (self.host.child(limit), 0));
        *leases += 1;
        budget.clone()
    }

    fn end(&self, principal: PrincipalId) {
        let mut principals = self.principals.lock().unwrap_or_else(PoisonError::into_inner);
        let Entry::Occupied(mut entry) = principals.on.entry(principal) else { return };
        entry.get_mut().1 -= 1;
        if entry.get().1 > 0 {
            return;
        }
        let (budget, _) = entry.remove();
        let (used, peak, limit) = (budget.used(), budget.peak(), budget.limit());
        principals.peak = principals.peak.max(peak);
        principals.denied += budget.denied();
        if used > 0 {
            principals.differences.push(Difference::Left { principal, used });
        }
        if peak > limit {
            principals.differences.push(Difference::Exceeded { whose: principal.to_string(), peak, limit });
        }
    }

    /// What the budgets say at rest, when the engine says that all Stores hold `held` bytes and the
    /// meters have counted `growths`.
    pub fn at_rest(&self, held: u64, growths: MeterStats) -> AtRest {
        let Principals { peak: principal_peak, denied: denied_by_principals, ref differences, .. } =
            *self.principals.lock().unwrap_or_else(PoisonError::into_inner);
        let host = &self.host;
        let (used, peak, limit) = (host.used(), host.peak(), host.limit());
        let mut differences = differences.clone();
        if used != held {
            differences.push(Difference::Held { used, held });
        }
        if peak > limit {
            differences.push(Difference::Exceeded { whose: "the host".to_owned(), peak, limit });
        }
        let (by_budgets, by_meters) = (host.denied() + denied_by_principals, growths.denied_over_budget);
        if by_budgets != by_meters {
            differences.push(Difference::Denials { by_budgets, by_meters });
        }
        AtRest {
            limit: (limit < StaticBudget::MAX_LIMIT).then_some(limit),
            used,
            peak,
            denied: host.denied(),
            principal_limit: self.principal_limit,
            principal_peak,
            denied_by_principals,
            // Relaxed: the workers are gone.
            turned_away: self.turned_away.load(Ordering::Relaxed),
            differences,
        }
    }
}

/// The budgets when no lease is on. Sizes are in bytes.
#[derive(Debug, Clone, Serialize)]
pub struct AtRest {
    /// The host's limit, if it has one.
    pub limit: Option<u64>,
    pub used: u64,
    pub peak: u64,
    /// Growths that the host's limit denied.
    pub denied: u64,
    /// The limit of each principal, if they have one.
    pub principal_limit: Option<u64>,
    /// The most that was in use by one principal.
    pub principal_peak: u64,
    /// Growths that the limit of a principal denied.
    pub denied_by_principals: u64,
    /// Guests that did not start.
    pub turned_away: u64,
    #[serde(skip)]
    pub differences: Vec<Difference>,
}

impl fmt::Display for AtRest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = self.limit.map_or("no limit".to_owned(), |limit| HumanBytes(limit).to_string());
        writeln!(
            f,
            "budgets  host: {} in use at most, of {limit}; {} at rest, {} denied",
            HumanBytes(self.peak),
            HumanBytes(self.used),
            HumanCount(self.denied)
        )?;
        if let Some(limit) = self.principal_limit {
            writeln!(
                f,
                "         a principal: {} in use at most, of {}; {} denied",
                HumanBytes(self.principal_peak),
                HumanBytes(limit),
                HumanCount(self.denied_by_principals)
            )?;
        }
        writeln!(f, "         {} guests found no room to start", HumanCount(self.turned_away))
    }
}

/// One way in which budgets are not what they should be. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The host's budget does not count what the engine holds.
    Held { used: u64, held: u64 },
    /// More was in use than a limit allows.
    Exceeded { whose: String, peak: u64, limit: u64 },
    /// A principal has bytes in use without a lease.
    Left { principal: PrincipalId, used: u64 },
    /// Budgets have denied another number of growths than meters have counted.
    Denials { by_budgets: u64, by_meters: u64 },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held { used, held } => write!(f, "{used} bytes are in use, the engine holds {held}"),
            Self::Exceeded { whose, peak, limit } => {
                write!(f, "{whose} had {peak} bytes in use, of at most {limit}")
            }
            Self::Left { principal, used } => {
                write!(f, "{principal} has {used} bytes in use without a lease")
            }
            Self::Denials { by_budgets, by_meters } => {
                write!(f, "budgets have denied {by_budgets} growths, meters have counted {by_meters}")
            }
        }
    }
}

/// As it reads.
impl Serialize for Difference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
