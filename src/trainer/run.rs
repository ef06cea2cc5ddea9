//! A run as a value: everything that determines how it continues.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::fingerprint::Fingerprint;
use super::{Parts, Warning};
use crate::data::Blocks;
use crate::error::{Error, Interruption, Result, check_setting};
use crate::history::History;
use crate::network::{AnyNetwork, Layer, ParameterArrays};
use crate::real::Real;

/// A training run between two steps. [`Trainer::resume`](super::Trainer::resume) continues it, with any number of
/// threads, and the result is bitwise identical to that of an uninterrupted run.
///
/// [`Running::run`] copies the run in an observer, and a [`Report`](super::Report) holds the run at its end.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
/// let initial = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
/// let trainer = |epochs| MaxEpochs::new(epochs).map(|rule| Trainer::new(CrossEntropy).stop(rule));
/// let mut network = initial.clone();
/// let run = trainer(2)?.fit(&mut network, &data, None)?.run;
/// trainer(4)?.resume(run, &mut network, &data, None)?;
///
/// let mut whole = initial.clone();
/// trainer(4)?.fit(&mut whole, &data, None)?;
/// assert_eq!(network, whole); // bitwise identical
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound(serialize = "T: Real", deserialize = "T: Real"))]
#[non_exhaustive]
pub struct Run<T> {
    /// The settings of the run.
    pub settings: Settings,
    /// The training steps done in the current epoch, which follows those of `history`; 0 between two epochs.
    pub step: usize,
    /// Σ weight · C_x over the samples of these steps.
    pub cost: f64,
    /// The seconds that these steps took.
    pub seconds: f64,
    /// t, the training steps since the beginning.
    pub t: u64,
    /// The parameters.
    pub parameters: ParameterArrays<T>,
    /// The optimizer's state.
    pub slots: Vec<ParameterArrays<T>>,
    /// The epoch whose parameters are kept, 0 for the initial ones.
    pub kept_epoch: usize,
    /// The parameters of that epoch.
    pub kept: ParameterArrays<T>,
    /// The records of the epochs so far.
    pub history: History,
}

/// The settings that determine the steps of a run, as text: a run can be resumed only with equal ones.
///
/// The stopping rule, observers and the number of threads are not among them; they may change.
///
/// # Examples
///
/// ```
/// use gradus::Error;
/// use gradus::prelude::*;
///
/// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
/// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
/// let trainer = Trainer::new(CrossEntropy).stop(MaxEpochs::new(1)?).seed(7);
/// let run = trainer.fit(&mut network, &data, None)?.run;
/// assert!(run.settings.values.contains(&("seed".to_owned(), "7".to_owned())));
///
/// let error = trainer.seed(8).resume(run, &mut network, &data, None).unwrap_err();
/// assert!(matches!(error, Error::OtherSettings { name, .. } if name == "seed"));
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Settings {
    /// Names and values.
    pub values: Vec<(String, String)>,
}

impl Settings {
    /// Adds the blocks of the training data, on which the order of the samples depends.
    pub(super) fn add_blocks(&mut self, blocks: &Blocks) {
        let mut hash = Fingerprint::default();
        blocks.starts.iter().for_each(|&start| hash.add_bytes(&(start as u64).to_le_bytes()));
        let (count, hash) = (blocks.starts.len().saturating_sub(1), hash.finish());
        let value = format!("{count} with the hash {hash:016x}, {} of them mixed", blocks.window);
        self.values.push(("blocks of the samples".to_owned(), value));
    }

    /// Returns an error for the first setting that differs from that of the run to be resumed.
    fn check_same(&self, run: &Self) -> Result<()> {
        let differing = self.values.iter().zip(&run.values).find(|(now, before)| now != before);
        match differing {
            None if self.values.len() == run.values.len() => Ok(()),
            None => Err(Error::OtherSettings {
                name: "number of settings".to_owned(),
                now: self.values.len().to_string(),
                before: run.values.len().to_string(),
            }),
            Some(((name, now), (_, before))) => {
                Err(Error::OtherSettings { name: name.clone(), now: now.clone(), before: before.clone() })
            }
        }
    }
}

impl<T: Real> Run<T> {
    /// Creates a run before its first step.
    pub(super) fn begin(settings: Settings, parameters: ParameterArrays<T>, slots: usize) -> Self {
        let zeros = ParameterArrays::zeros(parameters.sizes());
        Self {
            settings,
            step: 0,
            cost: 0.0,
            seconds: 0.0,
            t: 0,
            kept: parameters.clone(),
            parameters,
            slots: vec![zeros; slots],
            kept_epoch: 0,
            history: History::new(),
        }
    }

    /// Returns the state of the run without its parameters, the optimizer's slots, and t.
    pub(super) fn into_state(self) -> (State<T>, Vec<ParameterArrays<T>>, u64) {
        let Self { settings, step, cost, seconds, t, slots, kept_epoch, kept, history, .. } = self;
        let last_costs = VecDeque::with_capacity(LAST_COSTS);
        (State { settings, step, cost, seconds, kept_epoch, kept, history, last_costs }, slots, t)
    }

    /// Returns an error if the run counts more steps than any run makes: t would overflow.
    fn check_steps(&self) -> Result<()> {
        let why =
            "the number of steps of a run is at most 2⁵³, which no run reaches; the file may be damaged";
        check_setting("steps of the run", self.t as f64, self.t <= 1 << 53, "[0, 9007199254740992]", why)
    }

    /// Returns an error if the state of the run is not that of `optimizer` for a network of these sizes.
    pub(super) fn check_optimizer(
        &self,
        optimizer: &dyn std::fmt::Debug,
        sizes: &[usize],
        slots: usize,
    ) -> Result<()> {
        self.check_steps()?;
        let (name, now) = ("optimizer".to_owned(), format!("{optimizer:?}"));
        let before = self.settings.values.iter().find(|(setting, _)| *setting == name);
        let before = before.map(|(_, text)| text.clone()).unwrap_or_default();
        if now != before {
            return Err(Error::OtherSettings { name, now, before });
        }
        let fitting = self.slots.iter().filter(|slot| slot.sizes() == sizes).count();
        match self.slots.len() == slots && fitting == slots {
            true => Ok(()),
            false => {
                let what = "slots of the run that fit the network and its optimizer";
                Err(Error::SizeMismatch { what, found: fitting, expected: slots })
            }
        }
    }

    /// Returns an error if the run cannot be resumed with these settings, or is inconsistent.
    pub(super) fn check(
        &self,
        settings: &Settings,
        sizes: &[usize],
        slots: usize,
        steps: usize,
    ) -> Result<()> {
        settings.check_same(&self.settings)?;
        self.check_steps()?;
        let arrays = [&self.parameters, &self.kept].into_iter().chain(&self.slots);
        for (what, found, expected) in [
            ("slots of the run", self.slots.len(), slots),
            ("steps of the epoch under way, at most", self.step.max(steps), steps),
            (
                "arrays of the run of the network's sizes",
                arrays.clone().filter(|array| array.sizes() == sizes).count(),
                arrays.count(),
            ),
            (
                "epochs of the run, the kept one among them",
                self.kept_epoch.max(self.history.len()),
                self.history.len(),
            ),
        ] {
            if found != expected {
                return Err(Error::SizeMismatch { what, found, expected });
            }
        }
        Ok(())
    }
}

impl<T: Real> Parts<T> {
    /// The settings that determine the steps of a run.
    pub(super) fn settings(
        &self,
        cost: &dyn std::fmt::Debug,
        schedule: &dyn std::fmt::Debug,
        keep: &dyn std::fmt::Debug,
        network: &dyn AnyNetwork<T>,
        n: usize,
        fingerprint: u64,
    ) -> Settings {
        let activations: Vec<String> =
            network.layers().iter().map(|layer| layer.activation.name().into_owned()).collect();
        let text = |value: &dyn std::fmt::Debug| format!("{value:?}");
        let values = [
            ("activations", activations.join(", ")),
            ("cost", text(cost)),
            ("optimizer", text(&self.optimizer)),
            ("regularizer", text(&self.regularizer)),
            ("schedule", text(schedule)),
            ("dropout", text(&self.dropout)),
            ("mini-batch size m", text(&self.batch_size(n))),
            ("leaves of a mini-batch", text(&self.leaves)),
            ("seed", text(&self.seed)),
            ("kept epoch", text(keep)),
            ("number of training samples", text(&n)),
            ("fingerprint of the data", format!("{fingerprint:016x}")),
        ];
        Settings { values: values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect() }
    }
}

/// A run in progress, as observers see it.
///
/// # Examples
///
/// ```
/// use std::ops::ControlFlow;
/// use gradus::prelude::*;
///
/// /// Ends the run if a mini-batch costs more than 10.
/// #[derive(Debug)]
/// struct Guard;
///
/// impl<T: Real> Observer<T> for Guard {
///     fn on_step(&self, running: &Running<'_, T>) -> ControlFlow<()> {
///         assert!(running.step <= running.steps && running.history.len() + 1 == running.epoch);
///         if running.cost > 10.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
///     }
/// }
///
/// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
/// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
/// Trainer::new(CrossEntropy).stop(MaxEpochs::new(2)?).observe(Guard).fit(&mut network, &data, None)?;
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug)]
pub struct Running<'a, T: Real> {
    /// The current epoch, or the one that has just ended; counted from 1.
    pub epoch: usize,
    /// The training steps done in it.
    pub step: usize,
    /// The number of training steps per epoch.
    pub steps: usize,
    /// The learning rate η of the last step.
    pub learning_rate: f64,
    /// The mean cost of the last step's mini-batch, taken before the step.
    pub cost: f64,
    /// The records of the epochs that have ended.
    pub history: &'a History,
    /// The network.
    pub network: &'a dyn AnyNetwork<T>,
    pub(super) state: &'a State<T>,
    pub(super) slots: &'a [ParameterArrays<T>],
    pub(super) t: u64,
}

impl<T: Real> Running<'_, T> {
    /// Copies the run, so that it can be saved and resumed from here.
    pub fn run(&self) -> Run<T> {
        self.state.to_run(self.network, self.slots, self.t)
    }

    /// The layers of the network, the first hidden one first.
    pub fn layers(&self) -> Vec<Layer<'_, T>> {
        self.network.layers()
    }
}

/// The state of a run besides the parameters of the network and the state of the optimizer.
#[derive(Debug)]
pub(super) struct State<T> {
    pub(super) settings: Settings,
    pub(super) step: usize,
    pub(super) cost: f64,
    pub(super) seconds: f64,
    pub(super) kept_epoch: usize,
    pub(super) kept: ParameterArrays<T>,
    pub(super) history: History,
    /// The mean costs of the last mini-batches.
    pub(super) last_costs: VecDeque<f64>,
}

/// The number of mini-batches whose costs an error reports.
const LAST_COSTS: usize = 5;

impl<T: Real> State<T> {
    /// Counts a step whose mini-batch of `m` samples had costs with the sum `cost`.
    pub(super) fn add_step(&mut self, cost: f64, m: usize) {
        self.cost += cost;
        self.step += 1;
        if self.last_costs.len() == LAST_COSTS {
            self.last_costs.pop_front();
        }
        self.last_costs.push_back(cost / m as f64);
    }

    /// Returns the error of a run that ends because of `cause`.
    pub(super) fn interrupted<'w>(self, cause: Error, warnings: impl Iterator<Item = &'w Warning>) -> Error {
        // A parameter is found to be NaN or infinite after the step that made it so.
        let is_of_last_step = matches!(cause, Error::Diverged { quantity: "parameter", .. });
        Error::Interrupted(Box::new(Interruption {
            epoch: self.history.len() + 1,
            step: if is_of_last_step { self.step.max(1) } else { self.step + 1 },
            kept: self.kept_epoch,
            last_costs: self.last_costs.into(),
            noticed: warnings.map(ToString::to_string).collect(),
            history: self.history,
            cause,
        }))
    }

    pub(super) fn to_run(&self, network: &dyn AnyNetwork<T>, slots: &[ParameterArrays<T>], t: u64) -> Run<T> {
        let parameters = ParameterArrays::from_network(network);
        Run {
            settings: self.settings.clone(),
            step: self.step,
            cost: self.cost,
            seconds: self.seconds,
            t,
            parameters,
            slots: slots.to_vec(),
            kept_epoch: self.kept_epoch,
            kept: self.kept.clone(),
            history: self.history.clone(),
        }
    }
}
