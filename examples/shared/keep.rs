//! Options that save a long run while it trains, and its network at the end.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use gradus::prelude::*;

/// An activation that can be loaded again: `FromStr` reads the name that was saved.
pub trait Named<T: Real>: Activation<T> + FromStr<Err = gradus::Error> {}

impl<T: Real, A: Activation<T> + FromStr<Err = gradus::Error>> Named<T> for A {}

/// Options of a program with a long run.
#[derive(Debug, Args)]
pub struct Keep {
    /// Save the run to this file after each epoch, and when Ctrl-C ends it
    #[arg(long)]
    pub checkpoint: Option<PathBuf>,
    /// Resume the run in the file of --checkpoint, if the file exists
    #[arg(long, requires = "checkpoint")]
    pub resume: bool,
    /// Save the trained network to this file
    #[arg(long)]
    pub save: Option<PathBuf>,
}

impl Keep {
    /// Trains, or resumes the run in the checkpoint, and saves the network if `--save` is given.
    pub fn fit<T: Real, H: Named<T>, A: Named<T>, C: Cost<T, A>>(
        &self,
        mut trainer: Trainer<T, C>,
        network: &mut Network<T, H, A>,
        training: &dyn Samples<T>,
        validation: Option<&dyn Samples<T>>,
    ) -> gradus::Result<Report<T>> {
        if let Some(file) = &self.checkpoint {
            trainer = trainer.checkpoint(file, Every::Epochs(1));
        }
        let report = match &self.checkpoint {
            Some(file) if self.resume && file.exists() => {
                let run = Run::load(file)?;
                println!("resuming after epoch {}, step {}\n", run.history.len(), run.step);
                trainer.resume(run, network, training, validation)?
            }
            _ => trainer.fit(network, training, validation)?,
        };
        if let Some(file) = &self.save {
            network.save(file)?;
        }
        Ok(report)
    }
}

/// Checks before the training that the files of these options can be written. Removes the files that it created for
/// that.
pub fn check_writable(files: &[(&str, &Option<PathBuf>)]) -> Result<(), String> {
    for (option, file) in files {
        let Some(file) = file else { continue };
        let was_there = file.exists();
        let opened = OpenOptions::new().create(true).append(true).open(file);
        opened.map_err(|error| in_file(option, file, error))?;
        if !was_there {
            fs::remove_file(file).map_err(|error| in_file(option, file, error))?;
        }
    }
    Ok(())
}

/// The message for a file that cannot be written.
pub fn in_file(option: &str, file: &Path, error: std::io::Error) -> String {
    format!("{}: {error}; choose another file for {option}", file.display())
}
