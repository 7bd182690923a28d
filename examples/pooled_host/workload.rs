//! The invocations: guests, principals and sizes. Everything follows from the seed and the number
//! of the invocation, so a run draws the same work on any number of threads, in any order.

use fastrand::Rng;
use highwater::PrincipalId;

use crate::guests::Guest;

/// Bytes of a page of linear memory.
pub const PAGE_BYTES: usize = 64 * 1024;
/// The highest ceiling that any principal gets, and the size of a memory in the engine's pool.
pub const LARGEST_MEMORY_PAGES: u32 = 1024;
/// The lowest ceiling, large enough for every guest to start.
const LOWEST_CEILING_PAGES: u32 = 4;

/// One call of one guest for one principal.
#[derive(Debug, Clone)]
pub struct Invocation {
    pub principal: PrincipalId,
    pub guest: Guest,
    /// The memory that the guest is asked to work on.
    pub pages: u32,
    /// The ceiling of its principal.
    pub ceiling_bytes: usize,
}

/// The principals of invocations. One in ten is a tenant that comes back, a few of them most of the
/// time. The others are jobs: they turn up one after the other, run once or a few times and are
/// never seen again.
#[derive(Debug, Clone, Copy)]
pub struct Workload {
    seed: u64,
    tenants: u64,
    jobs: u64,
    invocations: u64,
}

impl Workload {
    pub fn new(seed: u64, principals: u64, invocations: u64) -> Self {
        let tenants = principals.div_ceil(10);
        Self { seed, tenants, jobs: principals - tenants, invocations }
    }

    /// The invocation with this number, counted from 0.
    pub fn invocation(&self, number: u64) -> Invocation {
        let mut rng = self.rng(Stream::Invocations, number);
        let principal = if self.jobs == 0 || number.is_multiple_of(2) {
            // Few tenants make most of the calls.
            u64::from(skewed(&mut rng, 1.0, 1, u32::try_from(self.tenants).unwrap_or(u32::MAX))) - 1
        } else {
            // Every second call is a job's, and they come in the order of their numbers.
            self.tenants
                + u64::try_from(u128::from(number) * u128::from(self.jobs) / u128::from(self.invocations))
                    .expect("a share of the jobs is at most all of them")
        };
        let guest = match rng.u32(0..100) {
            0..60 => Guest::Steady,
            60..85 => Guest::Bursty,
            85..95 => Guest::Hungry,
            _ => Guest::Table,
        };
        Invocation {
            principal: self.principal(principal),
            guest,
            pages: skewed(&mut rng, 1.0, 1, LARGEST_MEMORY_PAGES),
            ceiling_bytes: self.ceiling_bytes(principal),
        }
    }

    fn principal(&self, number: u64) -> PrincipalId {
        let name =
            if number < self.tenants { format!("tenant-{number:06}") } else { format!("job-{number:08}") };
        PrincipalId::new(name).expect("letters, digits and a dash")
    }

    /// A principal keeps its ceiling from one invocation to the next.
    fn ceiling_bytes(&self, principal: u64) -> usize {
        let mut rng = self.rng(Stream::Ceilings, principal);
        skewed(&mut rng, 1.4, LOWEST_CEILING_PAGES, LARGEST_MEMORY_PAGES) as usize * PAGE_BYTES
    }

    /// A generator of its own for each number of each stream.
    fn rng(&self, stream: Stream, number: u64) -> Rng {
        let mut seed = Rng::with_seed(self.seed ^ (stream as u64) << 63);
        Rng::with_seed(seed.u64(..).wrapping_add(number))
    }
}

#[derive(Clone, Copy)]
enum Stream {
    Invocations,
    Ceilings,
}

/// A draw from the bounded Pareto distribution: `lowest` most of the time, `highest` hardly ever,
/// and the smaller `shape` the heavier the tail. Nothing piles up at `highest`, so that the biggest
/// users differ.
fn skewed(rng: &mut Rng, shape: f64, lowest: u32, highest: u32) -> u32 {
    let (low, high) = (f64::from(lowest), f64::from(highest) + 1.0);
    let tail = 1.0 - rng.f64() * (1.0 - (low / high).powf(shape));
    // In range by construction; the clamp only answers for rounding.
    ((low / tail.powf(1.0 / shape)) as u32).clamp(lowest, highest)
}
