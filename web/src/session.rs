//! A training run in slices, between which it can be changed or ended: a loop over [`Learner::step`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gradus::cost::HasCosts;
use gradus::metrics::Evaluation;
use gradus::prelude::*;
use gradus::random::{Purpose, generator};
use rand::seq::SliceRandom;
use serde::Serialize;

use crate::digits::Sets;
use crate::settings::Settings;

/// Maximum number of training samples that are evaluated after an epoch: the first ones of the training set.
pub const MEASURED: usize = 1_000;

/// A run in slices, whatever its output layer is.
pub trait Session {
    /// Makes `steps` training steps, or fewer if an epoch ends.
    fn advance(&mut self, steps: usize) -> gradus::Result<Progress>;

    /// Evaluates the network on training and validation samples.
    fn measure(&self) -> gradus::Result<Measured>;

    /// Sets learning rate and λ of the following steps.
    fn adjust(&mut self, eta: f64, lambda: f64) -> gradus::Result<()>;

    /// Outputs for each column of `x`.
    fn predict(&self, x: &DMatrix<f32>) -> gradus::Result<DMatrix<f32>>;

    /// The weights of the first layer: those of a neuron are a row.
    fn weights(&self) -> &DMatrix<f32>;

    /// All parameters, each array in its order in memory.
    fn parameters(&self) -> Box<dyn Iterator<Item = f32> + '_>;
}

/// The progress of a run.
#[derive(Debug, Serialize)]
pub struct Progress {
    /// The epochs that have ended.
    pub epochs: usize,
    /// Fraction of this epoch's samples that were used, from 0 to 1.
    pub part: f64,
    /// Whether an epoch has just ended.
    pub ended: bool,
    /// Mean cost of this epoch's samples so far, each computed before its own step.
    pub running_cost: f64,
}

/// The evaluation after an epoch.
#[derive(Debug, Serialize)]
pub struct Measured {
    pub training_cost: f64,
    pub training_accuracy: f64,
    pub validation_cost: f64,
    pub validation_accuracy: f64,
    /// Rows are the true digits, columns the predicted ones, of the validation set.
    pub confusion: Vec<Vec<u64>>,
    /// The hash of the parameters.
    pub hash: String,
}

/// Begins a run with new weights.
pub fn begin(settings: &Settings, sets: Sets) -> gradus::Result<Box<dyn Session>> {
    Ok(match settings.cost.as_str() {
        "log_likelihood" => Box::new(Of::begin(settings, sets, Softmax::default())?),
        _ => Box::new(Of::begin(settings, sets, Sigmoid)?),
    })
}

/// A run with outputs of one type.
struct Of<O: 'static> {
    settings: Settings,
    sets: Sets,
    /// The training samples, distorted if the settings say so.
    source: Box<dyn Samples<f32>>,
    network: Network<f32, AnyActivation, O>,
    cost: AnyCost<f32, O>,
    penalty: Arc<Adjustable>,
    learner: Learner<'static, f32, AnyCost<f32, O>>,
    /// The epoch that is under way, counted from 1, and the order of its samples.
    epoch: usize,
    order: Vec<usize>,
    /// The samples of this epoch so far, and the sum of their costs.
    learned: usize,
    cost_sum: f64,
}

impl<O: HasCosts<f32>> Of<O> {
    fn begin(settings: &Settings, sets: Sets, output: O) -> gradus::Result<Self> {
        let (network, cost) = (settings.network(output)?, O::cost(&settings.cost)?);
        let penalty = Arc::new(Adjustable(Mutex::new(L2::new(settings.lambda)?)));
        let trainer = settings.trainer(cost.clone())?.regularizer(penalty.clone());
        // Leaked, because the learner borrows it for as long as the page is open: some hundred bytes per run.
        let trainer: &'static Trainer<f32, AnyCost<f32, O>> = Box::leak(Box::new(trainer));
        let n = sets.training.len();
        let learner = trainer.learner(&network)?.training_samples(n);
        let mut new = Self {
            settings: settings.clone(),
            source: settings.source(&sets.training)?,
            sets,
            network,
            cost,
            penalty,
            learner,
            epoch: 0,
            order: Vec::new(),
            learned: 0,
            cost_sum: 0.0,
        };
        new.begin_epoch(1);
        Ok(new)
    }

    /// Puts the samples in the order in which [`Trainer::fit`] goes through them.
    fn begin_epoch(&mut self, epoch: usize) {
        self.order = (0..self.sets.training.len()).collect();
        self.order.shuffle(&mut generator(self.settings.seed, Purpose::Shuffle, epoch as u64, 0));
        (self.epoch, self.learned, self.cost_sum) = (epoch, 0, 0.0);
    }
}

impl<O: HasCosts<f32>> Session for Of<O> {
    fn advance(&mut self, steps: usize) -> gradus::Result<Progress> {
        let Self { settings, source, network, learner, .. } = self;
        let rest = self.order.get(self.learned..).unwrap_or_default();
        for samples in rest.chunks(settings.batch.max(1)).take(steps.max(1)) {
            let mut batch = Batch::zeros(source.n_inputs(), source.n_outputs(), samples.len())?;
            batch.gather(source, self.epoch as u64, samples)?;
            self.cost_sum += learner.step(network, &batch, settings.eta)? * samples.len() as f64;
            self.learned += samples.len();
        }
        let ended = self.learned == self.order.len();
        let (learned, running_cost) = (self.learned, self.cost_sum / self.learned.max(1) as f64);
        if ended {
            self.begin_epoch(self.epoch + 1);
        }
        let part = learned as f64 / self.order.len() as f64;
        Ok(Progress { epochs: self.epoch - 1, part, ended, running_cost })
    }

    fn measure(&self) -> gradus::Result<Measured> {
        let first = self.sets.training.slice(0..MEASURED.min(self.sets.training.len()))?;
        let training = evaluate(&self.network, &self.cost, &first)?;
        let Evaluation { scores, confusion } = evaluate(&self.network, &self.cost, &self.sets.validation)?;
        Ok(Measured {
            training_cost: training.scores.cost(),
            training_accuracy: training.scores.accuracy(),
            validation_cost: scores.cost(),
            validation_accuracy: scores.accuracy(),
            confusion: confusion.map_or_else(Vec::new, |table| {
                (0..10).map(|truth| (0..10).map(|found| table.get(truth, found)).collect()).collect()
            }),
            hash: hash(self.parameters()),
        })
    }

    fn adjust(&mut self, eta: f64, lambda: f64) -> gradus::Result<()> {
        Constant::new(eta)?;
        *self.penalty.get() = L2::new(lambda)?;
        (self.settings.eta, self.settings.lambda) = (eta, lambda);
        Ok(())
    }

    fn predict(&self, x: &DMatrix<f32>) -> gradus::Result<DMatrix<f32>> {
        self.network.predict(x)
    }

    fn weights(&self) -> &DMatrix<f32> {
        self.network.hidden().first().map_or(&self.network.output().weights, |layer| &layer.weights)
    }

    fn parameters(&self) -> Box<dyn Iterator<Item = f32> + '_> {
        Box::new(self.network.parameters().flatten().copied())
    }
}

/// L2 whose λ may change between two steps.
#[derive(Debug)]
struct Adjustable(Mutex<L2>);

impl Adjustable {
    fn get(&self) -> MutexGuard<'_, L2> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Regularizer<f32> for Adjustable {
    fn penalty(&self, at: &LayerInfo, w: &[f32]) -> f64 {
        self.get().penalty(at, w)
    }

    fn add_gradient(&self, at: &LayerInfo, w: &[f32], scale: f32, grad: &mut [f32]) {
        self.get().add_gradient(at, w, scale, grad);
    }

    fn elementwise(&self) -> bool {
        true
    }
}

/// The hash FNV-1a of Fowler, Noll and Vo, of the bytes of the parameters' bits.
pub fn hash(parameters: impl Iterator<Item = f32>) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for byte in parameters.flat_map(|parameter| parameter.to_bits().to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    format!("{hash:016x}")
}
