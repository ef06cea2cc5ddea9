//! Permutation importance: how much the score of a network drops without the information of an input.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use nalgebra::DMatrix;
use rand::seq::SliceRandom;

use super::{Accuracy, Measure, R2, Spread, evaluate_with};
use crate::activation::Activation;
use crate::cost::Cost;
use crate::data::{Columns, Samples, Task, task_of};
use crate::error::{Error, Result, check_nonzero};
use crate::memory;
use crate::network::Network;
use crate::random::{Purpose, generator};
use crate::real::Real;
use crate::threads;
use crate::wrap::{printable, width};

/// Measures how much each input contributes: by how much a score drops when the values of this input are permuted among
/// the samples at random, so that they keep their distribution but carry no information.
///
/// ```text
/// importance of input i = s − 1/k Σ_r s_ir
/// ```
///
/// with s the score on the samples as they are, s_ir the score with input i permuted for the r-th time, and k the
/// number of repeats. For a measure whose lower values are better the sign is reversed, so that a positive importance
/// always means a contribution. The result has the mean and the standard deviation over the repeats.
///
/// | setting | default |
/// |---|---|
/// | [`seed`](Self::seed) | 0 |
/// | [`measure`](Self::measure) | [`Accuracy`] for classes and labels, [`R2`] for regression |
/// | [`columns`](Self::columns) | each input by itself |
///
/// Permutations depend on (seed, repeat, input) only, so that the result is the same for any number of threads. All
/// cores are used.
///
/// Beware of correlated inputs: each seems unimportant as long as the network has the other. Measured on training
/// data, an importance also counts what the network has memorized; measure on validation or test data.
///
/// Source: Breiman, *Random forests*, 2001, section 10; Fisher, Rudin and Dominici, *All models are wrong, but many are
/// useful*, 2019.
///
/// # Examples
///
/// ```
/// use gradus::metrics::PermutationImportance;
/// use gradus::prelude::*;
///
/// // The target is the first of two inputs, and the network knows it.
/// let x = DMatrix::from_fn(2, 100, |i, j| ((j * (3 + 4 * i)) % 10) as f64);
/// let data = Dataset::new(x.clone(), x.rows(0, 1).into_owned())?;
/// let weights = DMatrix::from_row_slice(1, 2, &[1.0, 0.0]);
/// let output = Dense { weights, biases: DVector::zeros(1), activation: Linear };
/// let network = Network::<f64, Linear, _>::from_layers(Vec::new(), output)?;
///
/// let importances = PermutationImportance::new(5)?.seed(1).of(&network, &Quadratic, &data)?;
/// assert_eq!(importances.score, 1.0); // R²
/// assert!(importances.inputs[0].spread().mean > 1.0); // without it R² is negative
/// assert_eq!(importances.inputs[1].spread().mean, 0.0);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct PermutationImportance {
    repeats: usize,
    seed: u64,
    measure: Option<Arc<dyn Measure>>,
    /// The name of each column of a table, and the number of its inputs.
    columns: Option<Vec<(String, usize)>>,
}

/// The importance of one input, or of one column of a table.
///
/// # Examples
///
/// ```
/// use gradus::metrics::Importance;
///
/// let importance = Importance { name: "age".to_owned(), drops: vec![0.25, 0.75] };
/// assert_eq!(importance.spread().mean, 0.5);
/// assert_eq!(importance.spread().to_string(), "0.50000 ± 0.35355");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Importance {
    /// The name of the column, or `input i`.
    pub name: String,
    /// By how much the score dropped in each repeat.
    pub drops: Vec<f64>,
}

impl Importance {
    /// Returns the mean and the standard deviation of the drops.
    pub fn spread(&self) -> Spread {
        Spread::of(&self.drops)
    }
}

/// The importance of each input or column; it prints as a table, the most important first.
///
/// # Examples
///
/// ```
/// use gradus::metrics::Importances;
/// use gradus::prelude::*;
///
/// // The target is the second of two inputs, and the network knows it.
/// let x = DMatrix::from_fn(2, 100, |i, j| ((j * (3 + 4 * i)) % 10) as f64);
/// let data = Dataset::new(x.clone(), x.rows(1, 1).into_owned())?;
/// let weights = DMatrix::from_row_slice(1, 2, &[0.0, 1.0]);
/// let output = Dense { weights, biases: DVector::zeros(1), activation: Linear };
/// let network = Network::<f64, Linear, _>::from_layers(Vec::new(), output)?;
///
/// let of: Importances = PermutationImportance::new(5)?.of(&network, &Quadratic, &data)?;
/// assert_eq!((&of.measure[..], of.score, of.inputs.len()), ("R²", 1.0, 2));
/// assert_eq!(of.sorted()[0].name, "input 1");
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Importances {
    /// The name of the measure.
    pub measure: String,
    /// The score without a permutation.
    pub score: f64,
    /// The importance of each input or column, in their order.
    pub inputs: Vec<Importance>,
}

impl PermutationImportance {
    /// Creates a measurement that permutes each input `repeats` times; 5 to 30 are usual.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`] if `repeats` is 0.
    pub fn new(repeats: usize) -> Result<Self> {
        check_nonzero("repeats of PermutationImportance", repeats, "a mean needs at least one value")?;
        Ok(Self { repeats, seed: 0, measure: None, columns: None })
    }

    /// Derives the permutations from `seed`.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Scores by `measure`.
    pub fn measure(mut self, measure: impl Measure + 'static) -> Self {
        self.measure = Some(Arc::new(measure));
        self
    }

    /// Permutes the columns of a table instead of single inputs, and names them: the inputs of a column of categories
    /// are permuted together.
    pub fn columns(mut self, columns: &Columns) -> Self {
        let width = |column: &crate::data::Column| (column.name.clone(), column.kind.n_inputs());
        self.columns = Some(columns.inputs().iter().map(width).collect());
        self
    }

    /// Measures the importances for `network` on `samples`, whose inputs must be scaled as those of the training data
    /// were.
    ///
    /// # Errors
    ///
    /// Returns [`Error::SizeMismatch`] if the columns do not fit the network, [`Error::Measure`] if the measure is not
    /// defined for the task, and the errors of [`evaluate`](super::evaluate).
    pub fn of<T, H, O, C>(
        &self,
        network: &Network<T, H, O>,
        cost: &C,
        samples: &dyn Samples<T>,
    ) -> Result<Importances>
    where
        T: Real,
        H: Activation<T>,
        O: Activation<T>,
        C: Cost<T, O>,
    {
        let groups = self.groups(network.n_inputs())?;
        super::check_fits(network, samples, "the data set")?;
        let task = task_of(samples)?;
        let measure: &dyn Measure = match (&self.measure, task) {
            (Some(measure), _) => &**measure,
            (None, Task::Regression) => &R2,
            (None, _) => &Accuracy,
        };
        let score = |samples: &dyn Samples<T>| -> Result<f64> {
            let scores = evaluate_with(network, cost, samples, &[measure])?.scores;
            Ok(scores.get(&measure.name()).unwrap_or(f64::NAN))
        };
        let jobs: Vec<(usize, usize)> = (0..groups.len())
            .flat_map(|group| (0..self.repeats).map(move |repeat| (group, repeat)))
            .collect();
        let original = score(samples)?;
        let scores = threads::map(&jobs, |&(group, repeat)| {
            let mut order: Vec<usize> = (0..samples.len()).collect();
            order.shuffle(&mut generator(self.seed, Purpose::Permute, repeat as u64, group as u64));
            score(&Permuted { samples, task, inputs: groups[group].1.clone(), order })
        })?;
        let drop =
            |&score: &f64| measure.direction().goodness(original) - measure.direction().goodness(score);
        let inputs = groups
            .into_iter()
            .zip(scores.chunks(self.repeats))
            .map(|((name, _), scores)| Importance { name, drops: scores.iter().map(drop).collect() });
        Ok(Importances { measure: measure.name().into_owned(), score: original, inputs: inputs.collect() })
    }

    /// The groups of inputs that are permuted together, each with its name.
    fn groups(&self, n_inputs: usize) -> Result<Vec<(String, Range<usize>)>> {
        let Some(columns) = &self.columns else {
            return Ok((0..n_inputs).map(|i| (format!("input {i}"), i..i + 1)).collect());
        };
        let mut end = 0;
        let groups = columns.iter().map(|(name, width)| {
            end += width;
            (name.clone(), end - width..end)
        });
        let groups = groups.collect();
        if end != n_inputs {
            let what = "inputs of the columns, one for each input of the network";
            return Err(Error::SizeMismatch { what, found: end, expected: n_inputs });
        }
        Ok(groups)
    }
}

/// Samples in which some inputs are taken from other samples.
#[derive(Debug)]
struct Permuted<'a, T> {
    samples: &'a dyn Samples<T>,
    task: Task,
    inputs: Range<usize>,
    /// For each sample, the index of the sample from which these inputs are taken.
    order: Vec<usize>,
}

impl<T: Real> Samples<T> for Permuted<'_, T> {
    fn len(&self) -> usize {
        self.samples.len()
    }

    fn n_inputs(&self) -> usize {
        self.samples.n_inputs()
    }

    fn n_outputs(&self) -> usize {
        self.samples.n_outputs()
    }

    fn gather(&self, epoch: u64, indices: &[usize], x: &mut DMatrix<T>, y: &mut DMatrix<T>) -> Result<()> {
        let donors: Vec<usize> = indices.iter().map(|&index| self.order[index]).collect();
        let mut donated = memory::zeros("the inputs of a block", x.nrows(), x.ncols())?;
        self.samples.gather(epoch, &donors, &mut donated, y)?;
        self.samples.gather(epoch, indices, x, y)?;
        let (start, n) = (self.inputs.start, self.inputs.len());
        x.rows_mut(start, n).copy_from(&donated.rows(start, n));
        Ok(())
    }

    fn weights(&self, indices: &[usize], weights: &mut [T]) {
        self.samples.weights(indices, weights);
    }

    fn task(&self) -> Option<Task> {
        Some(self.task)
    }
}

impl Importances {
    /// Returns the importances, the largest mean first.
    pub fn sorted(&self) -> Vec<&Importance> {
        let mut sorted: Vec<&Importance> = self.inputs.iter().collect();
        sorted.sort_by(|a, b| b.spread().mean.total_cmp(&a.spread().mean));
        sorted
    }
}

impl fmt::Display for Importances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:.5}, and how much worse it is with one input permuted:", self.measure, self.score)?;
        let most = self.inputs.iter().map(|input| width(&printable(&input.name))).max().unwrap_or(0);
        for input in self.sorted() {
            let (name, spread) = (printable(&input.name), format!("{:.5}", input.spread()));
            write!(f, "\n{name}{:1$}  {spread:>17}", "", most - width(&name))?;
        }
        Ok(())
    }
}
