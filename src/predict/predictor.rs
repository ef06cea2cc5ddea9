//! A network together with the meaning of its numbers.

use std::path::Path;
use std::str::FromStr;

use nalgebra::DMatrix;

use super::buffers::{Buffers, Rule};
use super::{Meaning, Prediction};
use crate::activation::{Activation, AnyActivation};
use crate::error::{Error, Result};
use crate::network::{Network, check_rows_of_x};
use crate::persist::{self, Model};
use crate::real::Real;
use crate::threads;

/// The maximum number of samples in a block.
const BLOCK: usize = 128;

/// The maximum number of values in a block's widest layer, so that the memory of wide networks stays bounded.
const BLOCK_VALUES: usize = 1 << 18;

/// Predicts in the units of the data: scales the inputs as the training data were scaled, and returns classes, their
/// names and probabilities, or values in the units that the targets had before scaling.
///
/// ```text
/// x′ = (x − c)/s        a = network(x′)        y = c_y + s_y a
/// ```
///
/// with c and s the centers and widths of the input scaler, c_y and s_y those of the target scaler; both belong to the
/// [`Meaning`]. Predictions are bitwise identical before saving and after loading, and one by one or many at a time.
///
/// All memory is allocated when the predictor is created, and predictions run on the caller's thread without a further
/// allocation (a thread other than the creating one allocates its scratch buffer once). To use several cores, give each
/// thread a clone.
///
/// # Shapes
///
/// A sample is a slice of n_in inputs; many are a matrix of inputs × samples.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// // y = 1000 + 2 x
/// let x = DMatrix::from_fn(1, 50, |_, j| j as f64);
/// let data = Dataset::new(x.clone(), x.map(|x| 1000.0 + 2.0 * x))?;
/// let (inputs, targets) = (Standardize.fit(&data)?, Standardize.fit_targets(&data)?);
/// let meaning = Meaning::of(&data)
///     .with_input_scaler(inputs.clone())
///     .with_target_scaler(targets.clone());
///
/// let scaled = targets.transform_targets(inputs.transform(data)?)?;
/// let mut network = Network::new(&[1, 1], Linear, Linear, &ByActivation, 1)?;
/// Trainer::new(Quadratic).schedule(Constant::new(0.1)?).fit(&mut network, &scaled, None)?;
///
/// let mut predictor = Predictor::new(network, meaning)?;
/// assert!((predictor.predict(&[20.0])?.values()[0] - 1040.0).abs() < 0.1);
///
/// let loaded: Predictor<f64> = Predictor::from_bytes(&predictor.to_bytes()?)?;
/// assert_eq!(loaded.meaning(), predictor.meaning());
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Predictor<T, H = AnyActivation, O = AnyActivation> {
    network: Network<T, H, O>,
    meaning: Meaning,
    single: Buffers<T>,
    block: Buffers<T>,
}

impl<T: Real, H: Activation<T>, O: Activation<T>> Predictor<T, H, O> {
    /// Creates a predictor from a network and its meaning.
    ///
    /// # Errors
    ///
    /// Returns [`Error::SizeMismatch`] if a scaler, the class names, the columns or the task do not fit the inputs or
    /// outputs of the network, [`Error::Setting`] if the threshold of the task is NaN or infinite, and
    /// [`Error::ScaledClasses`] if there is a target scaler and the task is not regression. Returns the errors of
    /// [`Network::from_layers`] if the layers were changed so that they do not fit each other, and [`Error::Memory`] if
    /// there is no memory for the buffers.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::{init, prelude::*};
    ///
    /// let one = init::Constant::new(1.0)?;
    /// let network = Network::<f64, _, _>::new(&[2, 1], Linear, Sigmoid, &one, 1)?;
    /// // Two classes with one output; `Task::Classes` would need an output for each class.
    /// assert!(Predictor::new(network.clone(), Meaning::new(Task::Classes)).is_err());
    /// let predictor = Predictor::new(network, Meaning::new(Task::Binary { threshold: 0.5 }))?;
    /// assert_eq!(predictor.network().sizes(), [2, 1]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn new(network: Network<T, H, O>, meaning: Meaning) -> Result<Self> {
        network.check()?;
        meaning.check(network.n_inputs(), network.n_outputs())?;
        threads::run(Some(1), false, crate::linalg::prepare::<T>)?;
        let sizes = network.sizes();
        let rule = Rule::of(meaning.task(), &network.output().activation.name());
        let widest = sizes.iter().copied().max().unwrap_or(1);
        let samples = (BLOCK_VALUES / widest.max(1)).clamp(1, BLOCK);
        let (single, block) = (Buffers::new(&sizes, 1, rule)?, Buffers::new(&sizes, samples, rule)?);
        let mut predictor = Self { network, meaning, single, block };
        // Whatever is allocated on first use is allocated now.
        let Self { network, meaning, single, block } = &mut predictor;
        single.run(network, meaning, 1, 0)?;
        block.run(network, meaning, samples, 0)?;
        Ok(predictor)
    }

    /// The network.
    pub fn network(&self) -> &Network<T, H, O> {
        &self.network
    }

    /// The meaning of its inputs and outputs.
    pub fn meaning(&self) -> &Meaning {
        &self.meaning
    }

    /// Returns the network and the meaning.
    pub fn into_parts(self) -> (Network<T, H, O>, Meaning) {
        (self.network, self.meaning)
    }

    /// Predicts for one sample from its unscaled inputs.
    ///
    /// # Errors
    ///
    /// Returns [`Error::SizeMismatch`] if there are not as many inputs as the network has, and
    /// [`Error::NonFiniteSample`] if an input is NaN or infinite, before or after scaling.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::{init, prelude::*};
    ///
    /// let one = init::Constant::new(1.0)?;
    /// let network = Network::<f64, _, _>::new(&[2, 1], Linear, Sigmoid, &one, 1)?;
    /// let meaning = Meaning::new(Task::Binary { threshold: 0.5 });
    /// let mut predictor = Predictor::new(network, meaning)?;
    /// let prediction = predictor.predict(&[0.5, -0.5])?;
    /// assert_eq!(prediction.probabilities(), Some(&[0.5, 0.5][..])); // σ(0.5 − 0.5) = ½
    /// assert_eq!(prediction.class(), Some(1)); // the output is not below the threshold
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn predict(&mut self, x: &[T]) -> Result<Prediction<'_, T>> {
        let (found, expected) = (x.len(), self.network.n_inputs());
        if found != expected {
            let what = "inputs of the sample, one for each input of the network";
            return Err(Error::SizeMismatch { what, found, expected });
        }
        let Self { network, meaning, single, .. } = self;
        single.inputs(1).copy_from_slice(x);
        single.run(network, meaning, 1, 0)?;
        Ok(single.prediction(0, meaning))
    }

    /// Predicts for one row of a table from its fields as text, in the order of
    /// [`Columns::inputs`](crate::data::Columns::inputs).
    ///
    /// # Errors
    ///
    /// Returns [`Error::NoColumns`] if the meaning holds no columns, the errors of
    /// [`Columns::encode`](crate::data::Columns::encode), and those of [`predict`](Self::predict).
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "csv")] {
    /// use gradus::prelude::*;
    ///
    /// let text = "size,colour,fruit\n7,red,apple\n8,green,apple\n3,red,cherry\n2,red,cherry\n";
    /// let table: Table<f32> = Csv::new().target("fruit").read(text.as_bytes(), "fruit.csv")?;
    /// let mut network = Network::new(&[3, 4, 2], Tanh, Softmax::default(), &ByActivation, 1)?;
    /// Trainer::new(LogLikelihood).fit(&mut network, &table.data, None)?;
    /// let mut predictor = Predictor::new(network, table.meaning())?;
    /// assert_eq!(predictor.predict_row(&["9", "green"])?.class_name(), Some("apple"));
    /// # }
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn predict_row(&mut self, row: &[impl AsRef<str>]) -> Result<Prediction<'_, T>> {
        let Self { network, meaning, single, .. } = self;
        meaning.columns().ok_or(Error::NoColumns)?.encode(row, single.inputs(1))?;
        single.run(network, meaning, 1, 0)?;
        Ok(single.prediction(0, meaning))
    }

    /// Predicts for each column of `x`, and passes its number and the prediction to `visit`, in order.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`predict`](Self::predict). If a sample is not finite, the samples of the blocks before
    /// its own have been visited.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let network = Network::<f64, _, _>::new(&[2, 1], Linear, Sigmoid, &ByActivation, 1)?;
    /// let meaning = Meaning::new(Task::Binary { threshold: 0.5 });
    /// let mut predictor = Predictor::new(network, meaning)?;
    /// let mut classes = [None; 300];
    /// let x = DMatrix::from_element(2, 300, 0.5);
    /// predictor.predict_each(&x, |j, prediction| classes[j] = prediction.class())?;
    /// assert!(classes.iter().all(|&class| class == classes[0] && class.is_some()));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn predict_each(
        &mut self,
        x: &DMatrix<T>,
        mut visit: impl FnMut(usize, Prediction<'_, T>),
    ) -> Result<()> {
        let expected = self.network.n_inputs();
        check_rows_of_x(x.shape(), expected)?;
        let Self { network, meaning, single, block } = self;
        let size = block.samples();
        for (first, x) in (0..).step_by(size).zip(x.as_slice().chunks(size * expected)) {
            let n = x.len() / expected;
            let buffers = if n == 1 { &mut *single } else { &mut *block };
            buffers.inputs(n).copy_from_slice(x);
            buffers.run(network, meaning, n, first)?;
            (0..n).for_each(|j| visit(first + j, buffers.prediction(j, meaning)));
        }
        Ok(())
    }
}

/// Predictors in files. A file holds a [`Model`] whose description is the [`Meaning`]; its format is that of
/// [`Network::save`].
impl<T, H, O> Predictor<T, H, O>
where
    T: Real,
    H: Activation<T> + FromStr<Err = Error>,
    O: Activation<T> + FromStr<Err = Error>,
{
    /// Returns the bytes of a file.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Model::to_bytes`].
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        persist::described_bytes(&self.network, &self.meaning)
    }

    /// Reads the predictor from the bytes of a file.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Model::from_bytes`] and of [`new`](Self::new).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let Model { network, description } = Model::from_bytes(bytes)?;
        Self::new(network, description)
    }

    /// Writes the predictor to the file at `path`, in place of the one that is there.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Model::save`].
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let folder = tempfile::tempdir().unwrap();
    /// let path = folder.path().join("digits.safetensors");
    /// let data = Dataset::<f32>::synthetic_digits(100, 1)?;
    /// let network = Network::new(&[784, 10], Sigmoid, Softmax::default(), &ByActivation, 1)?;
    /// let mut predictor = Predictor::new(network, Meaning::of(&data))?;
    /// predictor.save(&path)?;
    ///
    /// let mut loaded = Predictor::<f32>::load(&path)?;
    /// let x = [0.5; 784];
    /// assert_eq!(loaded.predict(&x)?.outputs(), predictor.predict(&x)?.outputs());
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        persist::save_described(path, &self.network, &self.meaning)
    }

    /// Reads the predictor from the file at `path`. A [`Predictor<T>`](Self) without further types accepts all
    /// activations of the crate.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Model::load`] and of [`new`](Self::new).
    ///
    /// # Examples
    ///
    /// To go on training, name the activations: a cost is paired with the type of the output layer, and of the costs
    /// only [`Quadratic`](crate::cost::Quadratic) goes with [`AnyActivation`].
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("digits.safetensors");
    /// let data = Dataset::<f32>::synthetic_digits(200, 1)?;
    /// let softmax = Softmax::default();
    /// let network = Network::<f32, _, _>::new(&[784, 10, 10], Tanh, softmax, &ByActivation, 1)?;
    /// Predictor::new(network, Meaning::of(&data))?.save(&path)?;
    ///
    /// let (mut network, meaning) = Predictor::<f32, Tanh, Softmax>::load(&path)?.into_parts();
    /// let before = evaluate(&network, &LogLikelihood, &data)?.scores.cost();
    /// Trainer::new(LogLikelihood).stop(MaxEpochs::new(3)?).fit(&mut network, &data, None)?;
    /// assert!(evaluate(&network, &LogLikelihood, &data)?.scores.cost() < before);
    /// Predictor::new(network, meaning)?.save(&path)?;
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let Model { network, description } = Model::load(path)?;
        Self::new(network, description)
    }
}
