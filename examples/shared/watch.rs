//! How a longer run is watched, and ended by Ctrl-C with everything kept.

use std::io::{IsTerminal, stderr, stdout};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use gradus::prelude::*;

/// Shows the progress unless `quiet`: a bar where a person watches, lines where the output goes into a file or another
/// program. Ctrl-C ends the run after the step in which it is pressed.
pub fn watched<T: Real, C>(trainer: Trainer<T, C>, quiet: bool) -> Trainer<T, C> {
    let interrupt = Interrupt(Arc::default());
    let asked = interrupt.0.clone();
    // A second program that handles the signal in this process would be an error, and there is none.
    let _ = ctrlc::set_handler(move || asked.store(true, SeqCst));
    let trainer = trainer.observe(interrupt);
    let person = stdout().is_terminal() && stderr().is_terminal();
    match (quiet, person) {
        (true, _) => trainer,
        (false, true) => trainer.observe(ProgressBar::new()),
        (false, false) => trainer.observe(Lines),
    }
}

/// Ends the run after the step in which Ctrl-C is pressed, so that everything is kept.
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
