//! The search: all ways in which the paths of the threads fit together, judged by the model.

use std::sync::atomic::Ordering;

use crate::{
    program::{Action, Event, Location, Path, Program, Value},
    rc11::{Axiom, Events, Execution, Model},
    relation::Relation,
};

/// An execution with the outcome that the program asks for, if the model allows one.
pub fn find(program: &Program, model: Model) -> Option<Execution> {
    Search { program, model, paths: &program.paths() }.choose_paths(&mut Vec::new())
}

struct Search<'a> {
    program: &'a Program<'a>,
    model: Model<'a>,
    /// Of each thread.
    paths: &'a [Vec<Path>],
}

impl<'a> Search<'a> {
    /// Takes one path of every thread.
    fn choose_paths(&self, chosen: &mut Vec<&'a [Event]>) -> Option<Execution> {
        let Some(paths) = self.paths.get(chosen.len()) else { return self.choose_reads(chosen) };
        paths.iter().find_map(|path| {
            chosen.push(path);
            let found = if self.can_be_served(chosen) { self.choose_paths(chosen) } else { None };
            chosen.pop();
            found
        })
    }

    /// Whether each value that was read is written, or may yet be by threads whose path is not
    /// chosen.
    fn can_be_served(&self, chosen: &[&[Event]]) -> bool {
        let is_of = |write: &Event, read: &Event| {
            write.action == Action::Write && (write.location, write.value) == (read.location, read.value)
        };
        let to_come = &self.paths[chosen.len()..];
        chosen.iter().flat_map(|path| path.iter()).filter(|event| event.action == Action::Read).all(|read| {
            read.value == self.program.initial_value(read.location)
                || chosen.iter().flat_map(|path| path.iter()).any(|write| is_of(write, read))
                || to_come.iter().flatten().flatten().any(|write| is_of(write, read))
        })
    }

    /// Takes a write for every read.
    fn choose_reads(&self, chosen: &[&[Event]]) -> Option<Execution> {
        let mut locations: Vec<Location> = Vec::new();
        for event in chosen.iter().flat_map(|path| path.iter()) {
            if event.action != Action::Fence && !locations.contains(&event.location) {
                locations.push(event.location);
            }
        }
        let initial = |&location: &Location| {
            let value: Value = self.program.initial_value(location);
            Event { action: Action::Write, location, value, ordering: Ordering::Relaxed, updates: false }
        };
        let initial: Vec<Event> = locations.iter().map(initial).collect();
        let events = Events::new(&initial, chosen);
        let sources = |(read, event): (usize, &Event)| {
            let writes = |(index, write): (usize, &Event)| {
                (write.action == Action::Write
                    && (write.location, write.value) == (event.location, event.value))
                    .then_some(index)
            };
            (event.action == Action::Read)
                .then(|| (read, events.events.iter().enumerate().filter_map(writes).collect::<Vec<_>>()))
        };
        let reads: Vec<_> = events.events.iter().enumerate().filter_map(sources).collect();
        let orders: Vec<Vec<Relation>> =
            locations.iter().map(|location| orders_of(&events, location)).collect();
        let (rf, mo) = self.serve(&events, &reads, Relation::EMPTY, &orders)?;
        Some(Execution { events, rf, mo })
    }

    fn serve(
        &self,
        events: &Events,
        reads: &[(usize, Vec<usize>)],
        rf: Relation,
        orders: &[Vec<Relation>],
    ) -> Option<(Relation, Relation)> {
        if let [(read, sources), rest @ ..] = reads {
            return sources.iter().find_map(|&source| {
                let mut rf = rf;
                rf.insert(source, *read);
                self.serve(events, rest, rf, orders)
            });
        }
        if self.model.has(Axiom::NoThinAir) && !events.has_no_thin_air(rf) {
            return None;
        }
        let hb = events.hb(rf, self.model);
        // Coherence and atomicity are about one location at a time.
        let coherent = |orders: &Vec<Relation>| -> Vec<Relation> {
            orders.iter().copied().filter(|&mo| events.is_coherent(rf, mo, hb, self.model)).collect()
        };
        let orders: Vec<_> = orders.iter().map(coherent).collect();
        if orders.iter().any(Vec::is_empty) {
            return None;
        }
        self.order(events, rf, hb, Relation::EMPTY, &orders).map(|mo| (rf, mo))
    }

    /// Takes a modification order of every location.
    fn order(
        &self,
        events: &Events,
        rf: Relation,
        hb: Relation,
        mo: Relation,
        orders: &[Vec<Relation>],
    ) -> Option<Relation> {
        if let [orders, rest @ ..] = orders {
            return orders.iter().find_map(|&order| self.order(events, rf, hb, mo | order, rest));
        }
        if self.model.has(Axiom::SeqCst) && !events.is_seq_cst(rf, mo, hb, self.model) {
            return None;
        }
        let last = |&(location, value): &(Location, Value)| last_value(events, mo, location) == Some(value);
        self.program.last_values().iter().all(last).then_some(mo)
    }
}

/// The value of the last write of a location.
fn last_value(events: &Events, mo: Relation, location: Location) -> Option<Value> {
    let count = events.events.len();
    let writes = |index: usize| {
        let event = &events.events[index];
        event.action == Action::Write && event.location == location
    };
    (0..count)
        .find(|&last| writes(last) && !(0..count).any(|later| mo.contains(last, later)))
        .map(|last| events.events[last].value)
}

/// All orders of the writes of a location. The initial one is the first.
fn orders_of(events: &Events, location: &Location) -> Vec<Relation> {
    let writes: Vec<usize> = (0..events.events.len())
        .filter(|&index| {
            events.events[index].action == Action::Write && events.events[index].location == *location
        })
        .collect();
    let (initial, others) = writes.split_at(1);
    let mut orders = Vec::new();
    permute(&mut initial.to_vec(), others, &mut |order| {
        let mut mo = Relation::EMPTY;
        for (place, &later) in order.iter().enumerate() {
            order[..place].iter().for_each(|&earlier| mo.insert(earlier, later));
        }
        orders.push(mo);
    });
    orders
}

fn permute(order: &mut Vec<usize>, rest: &[usize], visit: &mut dyn FnMut(&[usize])) {
    if rest.is_empty() {
        visit(order);
    }
    for &next in rest {
        let others: Vec<usize> = rest.iter().copied().filter(|&other| other != next).collect();
        order.push(next);
        permute(order, &others, visit);
        order.pop();
    }
}
