//! How a longer run is saved as it goes, and its network at the end.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use gradus::prelude::*;

/// An activation that can be saved, as its name is read back.
pub trait Named<T: Real>: Activation<T> + FromStr<Err = gradus::Error> {}

impl<T: Real, A: Activation<T> + FromStr<Err = gradus::Error>> Named<T> for A {}

/// Options of a program that trains for longer.
#[derive(Debug, Args)]
pub struct Keep {
    /// Save the run to this file after each epoch, and when Ctrl-C ends it
    #[arg(long)]
    pub checkpoint: Option<PathBuf>,
    /// Go on with the run in the file of --checkpoint, if it is there
    #[arg(long, requires = "checkpoint")]
    pub resume: bool,
    /// Save the trained network to this file
    #[arg(long)]
    pub save: Option<PathBuf>,
}

impl Keep {
    /// Trains, or goes on with the run in the file, and saves what was asked for.
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
                println!("going on after epoch {}, step {}\n", run.history.len(), run.step);
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

/// Looks whether the files of these options can be written: better now than after the training. Leaves none that was not there.
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

/// What is said of a file that cannot be written.
pub fn in_file(option: &str, file: &Path, error: std::io::Error) -> String {
    format!("{}: {error}; choose another file for {option}", file.display())
}
