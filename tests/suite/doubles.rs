//! What several modules of the tests share: sources of samples that misbehave, and what their runs end with.

use gradus::{Error, Interruption};

/// How the run ended that `error` is of.
#[track_caller]
pub fn interruption(error: Error) -> Interruption {
    match error {
        Error::Interrupted(run) => *run,
        other => panic!("not interrupted: {other}"),
    }
}
