//! Progress of a long run, and Ctrl-C, which ends it without losing what was learned.

use std::io::{IsTerminal, stderr, stdout};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use gradus::prelude::*;

/// Adds observers that show the progress unless `quiet`: a bar in a terminal, a line per epoch if the output goes to a
/// file or another program. Ctrl-C ends the run after the current step.
pub fn watched<T: Real, C>(trainer: Trainer<T, C>, quiet: bool) -> Trainer<T, C> {
    let interrupt = Interrupt(Arc::default());
    let asked = interrupt.0.clone();
    // Fails only if this process already has a handler, and it has none.
    let _ = ctrlc::set_handler(move || asked.store(true, SeqCst));
    let trainer = trainer.observe(interrupt);
    let person = stdout().is_terminal() && stderr().is_terminal();
    match (quiet, person) {
        (true, _) => trainer,
        (false, true) => trainer.observe(ProgressBar::new()),
        (false, false) => trainer.observe(Lines),
    }
}

/// Ends the run after the step in which Ctrl-C is pressed.
#[derive(Debug)]
struct Interrupt(Arc<AtomicBool>);

impl<T: Real> Observer<T> for Interrupt {
    fn on_step(&self, _: &Running<'_, T>) -> ControlFlow<()> {
        if self.0.load(SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Prints a plain line for each epoch.
#[derive(Debug)]
struct Lines;

impl<T: Real> Observer<T> for Lines {
    fn on_epoch(&self, running: &Running<'_, T>) -> ControlFlow<()> {
        if let Some(record) = running.history.last() {
            println!("{record}");
        }
        ControlFlow::Continue(())
    }
}
