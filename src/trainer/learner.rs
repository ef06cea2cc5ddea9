//! One training step, the same for `fit` and for a custom loop.

use super::descent::{Descent, Rules};
use super::leaves::Leaves;
use super::search::BatchObjective;
use super::{Parts, Run, Trainer, validate};
use crate::activation::Activation;
use crate::cost::Cost;
use crate::data::Batch;
use crate::error::{Error, Result, check_setting};
use crate::network::{self, AnyNetwork, BoundMut, ModelMut, Network, ParameterArrays, Workspace};
use crate::optimizer::SearchInfo;
use crate::ranks::Team;
use crate::real::Real;
use crate::regularizer::LayerInfo;

/// Trains a network step by step with the components of a trainer: for reinforcement learning, online learning, and
/// every other loop that differs from [`fit`](Trainer::fit).
///
/// It holds the optimizer's state and all buffers. A step allocates them only if a batch has a new size; buffers for four
/// sizes are kept. Besides, each division of work among threads allocates a few bytes.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// // The exclusive or, with the four examples as one batch.
/// let x = DMatrix::from_column_slice(2, 4, &[0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0]);
/// let batch = Batch::new(x, DMatrix::from_column_slice(1, 4, &[0.0, 1.0, 1.0, 0.0]))?;
/// let sizes = [2, 4, 1];
/// let mut network = Network::<f64, _, _>::new(&sizes, Tanh, Sigmoid, &ScaledGaussian, 1)?;
///
/// let trainer = Trainer::new(CrossEntropy).optimizer(Adam::default());
/// let mut learner = trainer.learner(&network)?;
/// let first = learner.step(&mut network, &batch, 0.05)?;
/// let mut last = first;
/// for _ in 0..300 {
///     last = learner.step(&mut network, &batch, 0.05)?;
/// }
/// assert!(last < 0.1 * first);
/// # Ok::<(), gradus::Error>(())
/// ```
///
/// The next example learns from mini-batches, in another order in each epoch. A network from a file needs its types
/// here, as in `Network::<f32, Sigmoid, Softmax>::load(path)`: of the costs only [`Quadratic`](crate::cost::Quadratic)
/// goes with [`AnyActivation`](crate::activation::AnyActivation).
///
/// ```
/// use gradus::prelude::*;
/// use gradus::random::{Purpose, generator};
/// use gradus::rand::seq::SliceRandom;
///
/// let (training, validation) = Dataset::<f32>::synthetic_digits(600, 1)?.split_at(500)?;
/// let softmax = Softmax::default();
/// let mut network = Network::new(&[784, 20, 10], Sigmoid, softmax, &ByActivation, 1)?;
/// let trainer =
///     Trainer::new(LogLikelihood).optimizer(Adam::default()).regularizer(L2::new(0.1)?);
/// let mut learner = trainer.learner(&network)?.training_samples(training.len());
///
/// let before = evaluate(&network, &LogLikelihood, &validation)?.scores;
/// let mut order: Vec<usize> = (0..training.len()).collect();
/// for epoch in 1..=5 {
///     order.shuffle(&mut generator(42, Purpose::Shuffle, epoch, 0));
///     for samples in order.chunks(10) {
///         let mut batch = Batch::zeros(784, 10, samples.len())?;
///         batch.gather(&training, epoch, samples)?;
///         learner.step(&mut network, &batch, 0.005)?;
///     }
/// }
/// let after = evaluate(&network, &LogLikelihood, &validation)?.scores;
/// assert!(after.cost() < 0.5 * before.cost() && after.accuracy() > 0.6);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug)]
pub struct Learner<'t, T: Real, C> {
    cost: &'t C,
    stepper: Stepper<'t, T>,
}

/// A learner without its cost.
#[derive(Debug)]
pub(super) struct Stepper<'t, T: Real> {
    parts: &'t Parts<T>,
    sizes: Vec<usize>,
    leaves: Leaves,
    /// Buffers for the batch sizes seen lately.
    workspaces: Vec<Workspace<T>>,
    pub(super) descent: Descent<T>,
    /// The ranks with which the step is made.
    pub(super) team: Option<&'t Team<'t>>,
    /// n in the penalty 1/n Ω(w).
    pub(super) n: Option<usize>,
    /// Whether a step is moving the parameters: if its rules panic, some have moved and others have not.
    pub(super) is_moving: bool,
    /// Why another step on the same batch would change nothing, if so.
    pub(super) converged: Option<&'static str>,
}

/// Batch sizes for which buffers are kept.
const KEPT_WORKSPACES: usize = 4;

impl<T: Real, C> Trainer<T, C> {
    /// Creates a learner for networks with the sizes of `network`, with fresh optimizer state.
    ///
    /// The trainer's cost, optimizer, regularizer, dropout and seed take part; its schedule, stopping rule and
    /// observers belong to [`fit`](Self::fit).
    ///
    /// # Errors
    ///
    /// Returns [`Error::LayerMismatch`] if the layers of `network` do not fit each other, [`Error::SizeMismatch`] if
    /// the optimizer has too many slots, and [`Error::Setting`] if the number of leaves is not a power of two up to
    /// 4096.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let mut network = Network::<f64, _, _>::new(&[2, 3, 1], Tanh, Sigmoid, &ByActivation, 1)?;
    /// let (x, y) = (DMatrix::from_element(2, 5, 0.5), DMatrix::from_element(1, 5, 1.0));
    /// let batch = Batch::new(x, y)?;
    ///
    /// let trainer = Trainer::new(CrossEntropy).optimizer(Momentum::new(0.9)?);
    /// let mut learner = trainer.learner(&network)?;
    /// let first = learner.step(&mut network, &batch, 0.01)?;
    /// let second = learner.step(&mut network, &batch, 0.01)?;
    /// assert!(second < first);
    /// assert_eq!((learner.steps(), learner.slots().len()), (2, 1)); // the slot is the velocity
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn learner<H: Activation<T>, A: Activation<T>>(
        &self,
        network: &Network<T, H, A>,
    ) -> Result<Learner<'_, T, C>> {
        let leaves = Leaves::all(self.parts.leaves)?;
        Ok(Learner { cost: &self.cost, stepper: Stepper::new(&self.parts, network, leaves)? })
    }
}

impl<T: Real, C> Learner<'_, T, C> {
    /// Sets n, the number of training samples, by which the penalty is divided: C = 1/m Σ_x C_x + 1/n Ω(w). Without it
    /// n is the size of each batch.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::{init, prelude::*};
    ///
    /// // One neuron, a = w x + b, with w = 1 and b = 0.
    /// let one = init::Constant::new(1.0)?;
    /// let mut network = Network::<f64, _, _>::new(&[1, 1], Linear, Linear, &one, 1)?;
    /// let trainer = Trainer::new(Quadratic).regularizer(L2::new(1.0)?);
    /// let mut learner = trainer.learner(&network)?.training_samples(4);
    ///
    /// // An example without an error: only the penalty moves the weight, by η λ/n w.
    /// let batch = Batch::new(DMatrix::zeros(1, 1), DMatrix::zeros(1, 1))?;
    /// learner.step(&mut network, &batch, 1.0)?;
    /// assert_eq!(network.output().weights[0], 0.75);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn training_samples(mut self, n: usize) -> Self {
        self.stepper.n = Some(n);
        self
    }

    /// Continues with the optimizer's state of `run`, a checkpoint for example: with its slots, such as momenta, and its
    /// number of steps t.
    ///
    /// # Errors
    ///
    /// Returns [`Error::OtherSettings`] if the run had another optimizer, [`Error::SizeMismatch`] if it trained a network of
    /// other sizes, and [`Error::Setting`] if it counts more than 2⁵³ steps.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
    /// let mut network = Network::new(&[784, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
    /// let trainer = Trainer::new(CrossEntropy).optimizer(Adam::default()).stop(MaxEpochs::new(1)?);
    /// let run = trainer.fit(&mut network, &data, None)?.run; // or `Run::load(path)?`
    /// let learner = trainer.learner(&network)?.with_state_of(run)?;
    /// assert_eq!(learner.steps(), 10);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn with_state_of(mut self, run: Run<T>) -> Result<Self> {
        let Stepper { parts, sizes, descent, .. } = &mut self.stepper;
        run.check_optimizer(&parts.optimizer, sizes, descent.slots.len())?;
        (descent.slots, descent.t) = (run.slots, run.t);
        Ok(self)
    }

    /// The number of steps so far.
    pub fn steps(&self) -> u64 {
        self.stepper.descent.t
    }

    /// The optimizer's state.
    pub fn slots(&self) -> &[ParameterArrays<T>] {
        &self.stepper.descent.slots
    }

    /// The average of the parameters over the steps so far, if the optimizer keeps one.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let mut network = Network::<f64, _, _>::new(&[1, 1], Linear, Linear, &ScaledGaussian, 1)?;
    /// let trainer = Trainer::new(Quadratic).optimizer(PolyakAverage::new(Sgd));
    /// let mut learner = trainer.learner(&network)?;
    /// let (x, y) = (DMatrix::from_element(1, 1, 1.0), DMatrix::from_element(1, 1, 2.0));
    /// let batch = Batch::new(x, y)?;
    /// learner.step(&mut network, &batch, 0.1)?;
    /// learner.step(&mut network, &batch, 0.1)?;
    ///
    /// // The network to predict with has the averaged parameters.
    /// let mut averaged = network.clone();
    /// let average = learner.average().into_iter().flat_map(ParameterArrays::arrays);
    /// averaged.parameters_mut().zip(average).for_each(|(to, from)| to.copy_from_slice(from));
    /// assert!(averaged.output().weights[0] < network.output().weights[0]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn average(&self) -> Option<&ParameterArrays<T>> {
        let Stepper { parts, descent, .. } = &self.stepper;
        descent.slots.get(parts.optimizer.average_slot()?).filter(|_| descent.t > 0)
    }

    /// Moves the parameters of `network` by one step on `batch` with the learning rate `eta`, and returns the mean cost
    /// 1/m Σ_j weight_j C_j of the batch before the step, without penalty.
    ///
    /// It is bitwise the step that [`fit`](Trainer::fit) performs. Targets are not checked; `fit` checks them once
    /// before its first step, with [`Cost::check_targets`].
    ///
    /// # Errors
    ///
    /// `network` is unchanged in every case. Returns
    ///
    /// - [`Error::Setting`] if `eta` is not positive and finite in the precision of the network;
    /// - [`Error::SizeMismatch`] if `network` has other sizes than the one that the learner was created for, if `batch`
    ///   does not fit it, or if the optimizer's [`prepare`](crate::optimizer::Optimizer::prepare) changes the size of
    ///   the gradient;
    /// - [`Error::Setting`] for a weight that is NaN or infinite; negative ones push outputs away from their targets;
    /// - [`Error::Empty`] if the batch has no examples;
    /// - [`Error::Diverged`] if a weighted input, the cost or an error δ is NaN or infinite, or if an earlier step has
    ///   made a parameter so.
    ///
    /// # Panics
    ///
    /// Panics if a component panics. If it is the optimizer or the regularizer, some parameters may have moved and
    /// others not.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::{init, prelude::*};
    ///
    /// // One neuron, a = w x + b, with w = 1 and b = 0.
    /// let one = init::Constant::new(1.0)?;
    /// let mut network = Network::<f64, _, _>::new(&[1, 1], Linear, Linear, &one, 1)?;
    /// let trainer = Trainer::new(Quadratic);
    /// let mut learner = trainer.learner(&network)?;
    /// // x = 1, y = 3: the cost is ½ (1 − 3)², and δ = 1 − 3.
    /// let (x, y) = (DMatrix::from_element(1, 1, 1.0), DMatrix::from_element(1, 1, 3.0));
    /// let batch = Batch::new(x, y)?;
    /// assert_eq!(learner.step(&mut network, &batch, 0.25)?, 2.0);
    /// let layer = network.output();
    /// assert_eq!((layer.weights[0], layer.biases[0]), (1.5, 0.5)); // w − η δ x, b − η δ
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn step<H, A>(&mut self, network: &mut Network<T, H, A>, batch: &Batch<T>, eta: f64) -> Result<f64>
    where
        H: Activation<T>,
        A: Activation<T>,
        C: Cost<T, A>,
    {
        validate::check_rate::<T>(eta)?;
        self.stepper.check(network, batch)?;
        let mut model = BoundMut { network, cost: self.cost };
        Ok(self.stepper.step(&mut model, batch, batch.examples(), eta)? / batch.examples() as f64)
    }
}

impl<'t, T: Real> Stepper<'t, T> {
    pub(super) fn new(parts: &'t Parts<T>, network: &dyn AnyNetwork<T>, leaves: Leaves) -> Result<Self> {
        network::check_shapes(network)?;
        crate::linalg::prepare::<T>();
        let sizes = network.sizes();
        let descent = Descent::new(&sizes, &*parts.optimizer, &*parts.regularizer, leaves)?;
        Ok(Self {
            parts,
            sizes,
            leaves,
            workspaces: Vec::new(),
            descent,
            team: None,
            n: None,
            is_moving: false,
            converged: None,
        })
    }

    /// The average of the parameters over the steps so far, if the optimizer keeps one.
    pub(super) fn average_mut(&mut self) -> Option<&mut ParameterArrays<T>> {
        let slot = self.parts.optimizer.average_slot()?;
        self.descent.slots.get_mut(slot).filter(|_| self.descent.t > 0)
    }

    /// Makes a step without checking the arguments, on this rank's examples of a mini-batch of `m`. Returns Σ_j
    /// weight_j C_j.
    pub(super) fn step(
        &mut self,
        model: &mut dyn ModelMut<T>,
        batch: &Batch<T>,
        m: usize,
        eta: f64,
    ) -> Result<f64> {
        let Parts { optimizer, regularizer, dropout, seed, .. } = self.parts;
        let scale = self.scale(m);
        let workspace = self.workspace(batch.examples())?;
        self.workspaces[workspace].set_leaves(self.leaves.here(m), m);
        if let Some(dropout) = dropout {
            dropout.draw(*seed, self.descent.t, batch, &mut self.workspaces[workspace]);
        }
        if self.parts.searches() {
            let searched = self.search(model, batch, eta, workspace);
            return searched.map_err(|error| self.with_cause(model.network(), scale, eta, error));
        }
        let workspace = &mut self.workspaces[workspace];
        let mut sum = 0.0;
        if batch.examples() > 0 {
            let passed = network::pass(&*model, batch, workspace);
            sum = passed.sum;
            if !passed.is_finite
                && let Err(error) = validate::check_finite_step(model.network(), workspace, batch, sum, eta)
            {
                return Err(self.with_cause(model.network(), scale, eta, error));
            }
        }
        let (optimizer, regularizer) = (&**optimizer, &**regularizer);
        let rules = Rules { optimizer, regularizer, scale, eta: T::cast(eta) };
        self.is_moving = true;
        let moved = match self.team {
            None => self.descent.step(model, &batch.x, workspace, &rules, None),
            Some(team) => self.descent.step(
                model,
                &batch.x,
                workspace,
                &rules,
                Some(&mut |gradient| {
                    sum = team.sum(gradient, sum)?;
                    Ok(())
                }),
            ),
        };
        self.is_moving = false;
        moved.map(|()| sum)
    }

    /// Makes a step with an optimizer that evaluates the cost itself. Returns Σ_j weight_j C_j at its beginning.
    fn search(
        &mut self,
        model: &mut dyn ModelMut<T>,
        batch: &Batch<T>,
        eta: f64,
        workspace: usize,
    ) -> Result<f64> {
        let scale = self.scale(batch.examples());
        let Self { parts, workspaces, descent, converged, is_moving, .. } = self;
        let (workspace, regularizer) = (&mut workspaces[workspace], &*parts.regularizer);
        let known = descent.known.take();
        let at = SearchInfo { t: descent.t + 1, eta, known: known.map(|known| known.0) };
        let sums = known.map(|known| (known.1, known.1));
        let mut objective = BatchObjective {
            model: &mut *model,
            batch,
            workspace: &mut *workspace,
            regularizer,
            scale,
            sums,
            has_diverged: false,
        };
        *is_moving = true;
        let found = parts.optimizer.search(&at, &mut descent.slots, &mut objective)?;
        *is_moving = false;
        let (has_diverged, (before, after)) = (objective.has_diverged, objective.sums.unwrap_or_default());
        if !found.before.is_finite() || !before.is_finite() {
            if has_diverged {
                validate::check_finite_step(model.network(), workspace, batch, before, eta)?;
            }
            return Err(validate::diverged_search(found.before, eta));
        }
        (descent.t, descent.known, *converged) = (at.t, Some((found.after, after)), found.converged);
        Ok(before)
    }

    /// 1/n, by which the penalty is multiplied in a step on `examples` examples.
    pub(super) fn scale(&self, examples: usize) -> T {
        T::cast(1.0 / self.n.unwrap_or(examples) as f64)
    }

    /// Returns `error`, completed by whether the penalty alone can have made the run diverge.
    pub(super) fn with_cause(
        &self,
        network: &dyn AnyNetwork<T>,
        scale: T,
        eta: f64,
        mut error: Error,
    ) -> Error {
        if let Error::Diverged { penalty, .. } = &mut error {
            let regularizer = &*self.parts.regularizer;
            *penalty = network.layers().iter().enumerate().any(|(layer, values)| {
                let at = LayerInfo { layer, rows: values.weights.nrows() };
                validate::overshoots(regularizer, &at, values.weights.as_slice(), scale, eta)
            });
        }
        error
    }

    /// Returns the index of the buffers for `examples` examples, which are allocated if there are none.
    pub(super) fn workspace(&mut self, examples: usize) -> Result<usize> {
        if let Some(at) = self.workspaces.iter().position(|workspace| workspace.examples() == examples) {
            return Ok(at);
        }
        if self.workspaces.len() == KEPT_WORKSPACES {
            self.workspaces.remove(0);
        }
        let workspace = Workspace::new(&self.sizes, examples)?.with_leaves(self.leaves.own().len());
        let workspace = match &self.parts.dropout {
            Some(dropout) => dropout.masked(workspace, self.sizes[0]),
            None => workspace,
        };
        self.workspaces.push(workspace.with_shares(&self.sizes)?);
        Ok(self.workspaces.len() - 1)
    }

    /// Returns an error for a network of other sizes, or a batch that does not fit it.
    fn check(&self, network: &dyn AnyNetwork<T>, batch: &Batch<T>) -> Result<()> {
        let layers = || (0..network.n_layers()).map(|index| network.layer(index));
        let wanted = self.sizes.windows(2).map(|pair| (pair[1], pair[0]));
        if !layers().map(|layer| layer.weights.shape()).eq(wanted)
            || layers().any(|layer| layer.biases.len() != layer.weights.nrows())
        {
            let found = layers().map(|layer| layer.weights.len() + layer.biases.len()).sum();
            let expected = ParameterArrays::<T>::zeros(&self.sizes).len();
            let what =
                "parameters of the network, whose sizes have to be those that the learner was made for";
            return Err(Error::SizeMismatch { what, found, expected });
        }
        if batch.examples() == 0 {
            return Err(Error::Empty { what: "the batch" });
        }
        if let Some(weight) = batch.weights.iter().find(|weight| !weight.is_finite()) {
            let why = "an example that should not count has weight 0, and none can count infinitely much";
            check_setting("weight of an example", weight.to_f64(), false, "(−∞, ∞)", why)?;
        }
        let ends = (self.sizes[0], self.sizes[self.sizes.len() - 1]);
        network::check_batch_shapes(batch.x.shape(), batch.y.shape(), ends)?;
        let m = batch.examples();
        for (what, found, expected) in [
            ("weights of the batch, one for each example", batch.weights.len(), m),
            ("numbers of samples of the batch, one for each example", batch.samples.len(), m),
        ] {
            if found != expected {
                return Err(Error::SizeMismatch { what, found, expected });
            }
        }
        Ok(())
    }
}
