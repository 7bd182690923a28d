//! Intents: a helper acts on the intent of the admission that was installed, never on that of
//! another claim.

use super::{FREE, KILLED, Litmus, PENDING, gate, give_up, install, look, replaced};
use crate::{
    program::{Location, Program},
    source::Orderings,
};

pub const LITMUS: &[Litmus] = &[
    Litmus {
        name: "the_next_claims_victim",
        bad: "a helper reads the victim of the slot's next claim and still sees the claim of the admission that it helps",
        program: the_next_claims_victim,
    },
    Litmus {
        name: "the_next_claims_victim_peak",
        bad: "likewise, the victim's peak",
        program: the_next_claims_victim_peak,
    },
    Litmus {
        name: "the_next_claims_bytes",
        bad: "a helper publishes a newcomer with the bytes of the slot's next claim",
        program: the_next_claims_bytes,
    },
    Litmus {
        name: "the_intent_of_the_gate",
        bad: "a helper has seen an admission installed and reads an intent from before it",
        program: the_intent_of_the_gate,
    },
];

const STORES: [(Location, &str, &str); 3] = [
    ("bytes", "table/admit.rs write_intent: bytes.store", "table/admit.rs help: bytes.load"),
    ("victim", "table/admit.rs write_intent: victim.store", "table/admit.rs help: victim.load"),
    (
        "victim_peak",
        "table/admit.rs write_intent: victim_peak.store",
        "table/admit.rs help: victim_peak.load",
    ),
];

/// The admission is void, its slot is given up and claimed again under the same gate.
fn the_next_claims<'a>(o: &'a Orderings<'a>, word: usize) -> Program<'a> {
    let (word, store, load) = STORES[word];
    Program::new()
        .initially("slot", PENDING[1])
        .thread(move |t| {
            give_up(t, o, "slot", KILLED[1]);
            Some(())
        })
        .thread(move |t| {
            let seen = look(t, o, "slot")?;
            t.only_if(seen == KILLED[1])?;
            replaced(t, o, "slot", seen, PENDING[2])?;
            t.store(word, 7, o.of(store));
            Some(())
        })
        .thread(move |t| {
            let pending = look(t, o, "slot")?;
            let read = t.load(word, o.of(load))?;
            let again = look(t, o, "slot")?;
            t.only_if(pending == PENDING[1] && read == 7 && again == pending)
        })
}

fn the_next_claims_victim<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    the_next_claims(o, 1)
}

fn the_next_claims_victim_peak<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    the_next_claims(o, 2)
}

/// The second look does not count here: the publication is what must not find the pending word.
fn the_next_claims_bytes<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    let (bytes, store, load) = STORES[0];
    Program::new()
        .initially("slot", PENDING[1])
        .initially(bytes, 30)
        .thread(move |t| {
            let read = t.load(bytes, o.of(load))?;
            replaced(t, o, "slot", PENDING[1], read)?;
            t.only_if(read == 70)
        })
        .thread(move |t| {
            // The newcomer is published, evicted and its slot claimed again.
            let seen = look(t, o, "slot")?;
            t.only_if(seen < FREE)?;
            replaced(t, o, "slot", seen, KILLED[2])?;
            replaced(t, o, "slot", KILLED[2], PENDING[3])?;
            t.store(bytes, 70, o.of(store));
            Some(())
        })
}

fn the_intent_of_the_gate<'a>(o: &'a Orderings<'a>) -> Program<'a> {
    let (word, store, load) = STORES[2];
    Program::new()
        .initially("slot", FREE)
        .thread(move |t| {
            replaced(t, o, "slot", FREE, PENDING[1])?;
            t.store(word, 7, o.of(store));
            install(t, o, 0, 1)
        })
        .thread(move |t| {
            let gate = gate(t, o)?;
            let pending = look(t, o, "slot")?;
            let read = t.load(word, o.of(load))?;
            t.only_if(gate == 1 && pending == PENDING[1] && read == 0)
        })
}
