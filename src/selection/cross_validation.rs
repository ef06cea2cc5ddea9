//! Cross-validation: every sample is scored once, by a network that was not trained on it.

use std::fmt;
use std::sync::Arc;

use crate::data::{Dataset, Fold, Scale, Scaler, Split};
use crate::error::Result;
use crate::metrics::{Score, Scores, Spread};
use crate::real::Real;
use crate::threads;

/// Trains k times, each time on k − 1 folds of the data, and scores on the fold that was left out.
///
/// The mean of the scores estimates how good a model of these settings is on new data, and their standard deviation how
/// much that depends on the samples. Scaling is fitted on the k − 1 folds only: fitted on all data, it would leak the
/// validation samples into the training.
///
/// | setting | default |
/// |---|---|
/// | [`split`](Self::split) | [`Split::shuffled`] with seed 0 |
/// | [`scale_inputs`](Self::scale_inputs), [`scale_targets`](Self::scale_targets) | not scaled |
///
/// The folds run in parallel, one per core. The result is the same for any number of cores.
///
/// Beware of using the left-out fold for early stopping as well: its scores are then somewhat too good, like those of
/// the best of many settings.
///
/// Source: Stone, *Cross-validatory choice and assessment of statistical predictions*, 1974.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
/// use gradus::selection::CrossValidation;
///
/// let x = DMatrix::from_fn(2, 60, |i, j| ((j * 7 + i * 5) % 12) as f64 * 100.0);
/// let labels: Vec<u32> = (0..60).map(|j| u32::from(x[(0, j)] > x[(1, j)])).collect();
/// let data = Dataset::from_labels(x, &labels, 2)?;
///
/// let validation =
///     CrossValidation::new(5).split(Split::stratified(1)).scale_inputs(Standardize);
/// let validated = validation.run(&data, |fold| {
///     let softmax = Softmax::default();
///     let mut network = Network::new(&[2, 8, 2], Tanh, softmax, &ByActivation, 1)?;
///     Trainer::new(LogLikelihood).fit(&mut network, &fold.training, None)?;
///     Ok(evaluate(&network, &LogLikelihood, &fold.validation)?.scores)
/// })?;
/// println!("{validated}"); // accuracy 98.33 % ± 3.73 %, and the like
/// let accuracy = validated.spread("accuracy").unwrap();
/// assert!(accuracy.mean > 0.8 && accuracy.n == 5);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct CrossValidation {
    k: usize,
    split: Split,
    inputs: Option<Arc<dyn Scale>>,
    targets: Option<Arc<dyn Scale>>,
}

impl CrossValidation {
    /// Divides the data into `k` folds; 5 and 10 are usual.
    pub fn new(k: usize) -> Self {
        Self { k, split: Split::shuffled(0), inputs: None, targets: None }
    }

    /// Divides the data by `split`, such as a stratified or a grouped one.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// // All samples of a patient are in the same fold.
    /// let patients = ["ann", "bob", "ann", "cem", "bob", "ann"];
    /// let x = DMatrix::from_fn(1, 6, |_, j| j as f64);
    /// let data = Dataset::new(x.clone(), x)?;
    /// let validation = CrossValidation::new(3).split(Split::grouped(&patients, 1));
    /// let mut sizes = validation.map(&data, |fold| Ok(fold.validation.len()))?;
    /// sizes.sort();
    /// assert_eq!(sizes, [1, 2, 3]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn split(mut self, split: Split) -> Self {
        self.split = split;
        self
    }

    /// Scales the inputs by `rule`, fitted on the training data of each fold.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let x = DMatrix::from_fn(1, 10, |_, j| j as f64);
    /// let data = Dataset::new(x.clone(), x)?;
    /// let validation = CrossValidation::new(2).scale_inputs(MinMax::default());
    /// let fold = &validation.split(Split::in_order()).folds(&data)?[0];
    /// let mut batch = Batch::zeros(1, 1, 5)?;
    /// batch.gather(&fold.training, 1, &[0, 1, 2, 3, 4])?;
    /// assert_eq!(batch.x.as_slice(), [0.0, 0.25, 0.5, 0.75, 1.0]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn scale_inputs(mut self, rule: impl Scale + 'static) -> Self {
        self.inputs = Some(Arc::new(rule));
        self
    }

    /// Scales the targets of a regression by `rule`, fitted on the training data of each fold. R² does not depend on
    /// it; costs and absolute errors are in scaled units.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let x = DMatrix::from_fn(1, 10, |_, j| j as f64);
    /// let data = Dataset::new(x.clone(), x)?;
    /// let validation = CrossValidation::new(2).scale_targets(MinMax::default());
    /// let fold = &validation.split(Split::in_order()).folds(&data)?[0];
    /// let mut batch = Batch::zeros(1, 1, 5)?;
    /// batch.gather(&fold.training, 1, &[0, 1, 2, 3, 4])?;
    /// assert_eq!(batch.y.as_slice(), [0.0, 0.25, 0.5, 0.75, 1.0]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn scale_targets(mut self, rule: impl Scale + 'static) -> Self {
        self.targets = Some(Arc::new(rule));
        self
    }

    /// Returns the k folds, scaled.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Split::folds`], [`Scaler::fit`], [`Scaler::fit_targets`] and [`Scaler::transform`].
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
    /// let validation = CrossValidation::new(5).split(Split::stratified(1));
    /// for fold in validation.folds(&data)? {
    ///     assert_eq!((fold.training.len(), fold.validation.len()), (80, 20));
    /// }
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn folds<T: Real>(&self, data: &Dataset<T>) -> Result<Vec<Fold<T>>> {
        self.split.folds(data, self.k)?.into_iter().map(|fold| self.scaled(fold)).collect()
    }

    fn scaled<T: Real>(&self, mut fold: Fold<T>) -> Result<Fold<T>> {
        if let Some(rule) = &self.inputs {
            let scaler = Scaler::fit(&**rule, &fold.training)?;
            fold.training = scaler.transform(fold.training)?;
            fold.validation = scaler.transform(fold.validation)?;
        }
        if let Some(rule) = &self.targets {
            let scaler = Scaler::fit_targets(&**rule, &fold.training)?;
            fold.training = scaler.transform_targets(fold.training)?;
            fold.validation = scaler.transform_targets(fold.validation)?;
        }
        Ok(fold)
    }

    /// Calls `train_and_score` for each fold, on all cores, and collects the scores.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`folds`](Self::folds), and the first error of `train_and_score` in the order of the
    /// folds.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let x = DMatrix::from_fn(1, 30, |_, j| j as f64 / 15.0 - 1.0);
    /// let data = Dataset::new(x.clone(), x.map(|x| 2.0 * x))?;
    /// let validated = CrossValidation::new(3).run(&data, |fold| {
    ///     let mut network = Network::new(&[1, 1], Linear, Linear, &ByActivation, 1)?;
    ///     Trainer::new(Quadratic).fit(&mut network, &fold.training, None)?;
    ///     Ok(evaluate(&network, &Quadratic, &fold.validation)?.scores)
    /// })?;
    /// assert!(validated.spread("R²").unwrap().mean > 0.99);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn run<T: Real>(
        &self,
        data: &Dataset<T>,
        train_and_score: impl Fn(&Fold<T>) -> Result<Scores> + Sync,
    ) -> Result<CrossValidated> {
        Ok(CrossValidated { folds: self.map(data, train_and_score)? })
    }

    /// Calls `work` for each fold, on all cores, and returns what it returns, in the order of the folds.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`folds`](Self::folds), and the first error of `work` in the order of the folds.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// // An ensemble: a network for each fold, and the mean of their outputs.
    /// let x = DMatrix::from_fn(1, 30, |_, j| j as f64 / 15.0 - 1.0);
    /// let data = Dataset::new(x.clone(), x.map(|x| 2.0 * x))?;
    /// let networks = CrossValidation::new(3).map(&data, |fold| {
    ///     let mut network = Network::new(&[1, 1], Linear, Linear, &ByActivation, 1)?;
    ///     Trainer::new(Quadratic).fit(&mut network, &fold.training, None)?;
    ///     Ok(network)
    /// })?;
    /// let at = DMatrix::from_element(1, 1, 0.5);
    /// let outputs = networks.iter().map(|network| Ok(network.predict(&at)?[0]));
    /// let mean = outputs.sum::<gradus::Result<f64>>()? / networks.len() as f64;
    /// assert!((mean - 1.0).abs() < 0.01);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn map<T: Real, V: Send>(
        &self,
        data: &Dataset<T>,
        work: impl Fn(&Fold<T>) -> Result<V> + Sync,
    ) -> Result<Vec<V>> {
        // Scaled in the job, so that only the folds under way are in memory.
        threads::map(&self.split.folds(data, self.k)?, |fold| work(&self.scaled(fold.clone())?))
    }
}

/// The scores of every fold. `Display` writes mean and standard deviation of each measure.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let fold = |accuracy| Scores::new(Task::Classes, vec![Score::new(&Accuracy, accuracy)]);
/// let validated = CrossValidated { folds: vec![fold(0.75), fold(1.0), fold(0.5)] };
/// let accuracy = validated.spread("accuracy").unwrap();
/// assert_eq!((accuracy.mean, accuracy.deviation, accuracy.n), (0.75, 0.25, 3));
/// assert_eq!(validated.to_string(), "accuracy 75.00 % ± 25.00 %");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CrossValidated {
    /// The scores of each fold.
    pub folds: Vec<Scores>,
}

impl CrossValidated {
    /// Returns mean and standard deviation of the measure called `name` over the folds; `None` if a fold does not have
    /// it.
    pub fn spread(&self, name: &str) -> Option<Spread> {
        let values: Option<Vec<f64>> = self.folds.iter().map(|scores| scores.get(name)).collect();
        values.filter(|values| !values.is_empty()).map(|values| Spread::of(&values))
    }
}

impl fmt::Display for CrossValidated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scores = self.folds.iter().take(1).flatten();
        let spreads = scores.filter_map(|score| Some((score, self.spread(&score.name)?)));
        for (i, (score, spread)) in spreads.enumerate() {
            let mean = Score { value: spread.mean, ..score.clone() };
            write!(f, "{}{mean} ± ", if i > 0 { ", " } else { "" })?;
            match score.is_fraction {
                true => write!(f, "{:.2} %", 100.0 * spread.deviation)?,
                false => write!(f, "{:.5}", spread.deviation)?,
            }
        }
        Ok(())
    }
}
