//! Ends the process, with a message, when something that must finish does not.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;
use std::{eprintln, process};

/// Far beyond what any one piece of work takes, on a loaded machine or an emulated one too.
const LIMIT: Duration = Duration::from_secs(60);

pub struct Watchdog {
    notes: Sender<Note>,
}

#[derive(PartialEq, Eq)]
enum Note {
    Begins(&'static str),
    Ends,
}

impl Watchdog {
    pub fn start() -> Self {
        let (notes, received) = channel();
        thread::spawn(move || watch(&received));
        Self { notes }
    }

    /// Runs `work`. If it does not finish in any reasonable time, the process ends with `what` in
    /// its last message.
    pub fn expect<T>(&self, what: &'static str, work: impl FnOnce() -> T) -> T {
        self.notes.send(Note::Begins(what)).expect("the watching thread lives as long as this");
        let result = work();
        self.notes.send(Note::Ends).expect("the watching thread lives as long as this");
        result
    }
}

fn watch(notes: &Receiver<Note>) {
    while let Ok(note) = notes.recv() {
        let Note::Begins(what) = note else { continue };
        if notes.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
            eprintln!("did not finish in {LIMIT:?}: {what}");
            process::abort();
        }
    }
}
