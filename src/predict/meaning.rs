//! The meaning of a network's inputs and outputs.

use serde::{Deserialize, Serialize};

#[cfg(feature = "csv")]
use crate::data::Table;
use crate::data::{Columns, Dataset, Scaler, Task};
use crate::error::{Error, Result, check_setting};
use crate::real::Real;

/// What the inputs and outputs of a network mean: the task, the scaling of inputs and targets, the names of the classes
/// and the columns of a table.
///
/// It is kept with the network in a [`Predictor`](super::Predictor) and in its file, so that predictions are in the
/// units of the data. It is also the description of a [`Model`](crate::persist::Model).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let x = DMatrix::from_column_slice(1, 4, &[170.0, 180.0, 30.0, 40.0]);
/// let data = Dataset::from_class_names(x, &["human", "human", "cat", "cat"])?;
/// let scaler = Standardize.fit(&data)?;
/// let meaning = Meaning::of(&data).with_input_scaler(scaler.clone());
///
/// let scaled = scaler.transform(data)?;
/// let mut network = Network::new(&[1, 3, 2], Tanh, Softmax::default(), &ByActivation, 1)?;
/// Trainer::new(LogLikelihood).stop(MaxEpochs::new(200)?).fit(&mut network, &scaled, None)?;
/// let mut predictor = Predictor::new(network, meaning)?;
/// assert_eq!(predictor.predict(&[165.0])?.class_name(), Some("human"));
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meaning {
    task: Task,
    inputs: Option<Scaler>,
    targets: Option<Scaler>,
    class_names: Vec<String>,
    columns: Option<Columns>,
}

impl Meaning {
    /// Creates the meaning of unscaled inputs and targets, for a task whose classes have no names.
    pub fn new(task: Task) -> Self {
        Self { task, inputs: None, targets: None, class_names: Vec::new(), columns: None }
    }

    /// Creates a meaning with the task and the class names of `data`. The methods below add scalers and columns.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let x = DMatrix::from_column_slice(1, 3, &[170.0, 30.0, 40.0]);
    /// let data = Dataset::from_class_names(x, &["human", "cat", "cat"])?;
    /// let meaning = Meaning::of(&data);
    /// assert_eq!(meaning.task(), Task::Classes);
    /// assert_eq!(meaning.class_names(), ["cat", "human"]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn of<T: Real>(data: &Dataset<T>) -> Self {
        Self::new(data.task()).with_class_names(data.class_names())
    }

    /// Sets the scaler of the inputs that the network was trained on.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::{init, prelude::*};
    ///
    /// let x = DMatrix::from_column_slice(1, 3, &[0.0, 5.0, 10.0]);
    /// let data = Dataset::new(x.clone(), x)?;
    /// // A network whose output is its input.
    /// let one = init::Constant::new(1.0)?;
    /// let network = Network::<f64, _, _>::new(&[1, 1], Linear, Linear, &one, 1)?;
    /// let scaler = MinMax::default().fit(&data)?;
    /// let meaning = Meaning::of(&data).with_input_scaler(scaler);
    /// let mut predictor = Predictor::new(network, meaning)?;
    /// assert_eq!(predictor.predict(&[5.0])?.values(), [0.5]); // from [0, 10] to [0, 1]
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn with_input_scaler(mut self, scaler: Scaler) -> Self {
        self.inputs = Some(scaler);
        self
    }

    /// Sets the scaler of the targets that the network was trained on.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::{init, prelude::*};
    ///
    /// let x = DMatrix::from_column_slice(1, 3, &[0.0, 5.0, 10.0]);
    /// let data = Dataset::new(x.clone(), x)?;
    /// // A network whose output is its input.
    /// let one = init::Constant::new(1.0)?;
    /// let network = Network::<f64, _, _>::new(&[1, 1], Linear, Linear, &one, 1)?;
    /// let scaler = MinMax::default().fit_targets(&data)?;
    /// let meaning = Meaning::of(&data).with_target_scaler(scaler);
    /// let mut predictor = Predictor::new(network, meaning)?;
    /// assert_eq!(predictor.predict(&[0.5])?.values(), [5.0]); // from [0, 1] to [0, 10]
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn with_target_scaler(mut self, scaler: Scaler) -> Self {
        self.targets = Some(scaler);
        self
    }

    /// Sets the names of the classes or labels, in the order of their numbers.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::{init, prelude::*};
    ///
    /// let one = init::Constant::new(1.0)?;
    /// let network = Network::<f64, _, _>::new(&[2, 1], Linear, Sigmoid, &one, 1)?;
    /// let task = Task::Binary { threshold: 0.5 };
    /// let meaning = Meaning::new(task).with_class_names(&["no", "yes"]);
    /// let mut predictor = Predictor::new(network, meaning)?;
    /// assert_eq!(predictor.predict(&[0.5, 0.25])?.class_name(), Some("yes"));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn with_class_names(mut self, names: &[impl AsRef<str>]) -> Self {
        self.class_names = names.iter().map(|name| name.as_ref().to_owned()).collect();
        self
    }

    /// Sets the columns of the table that the inputs come from, so that rows of text can be predicted.
    pub fn with_columns(mut self, columns: Columns) -> Self {
        self.columns = Some(columns);
        self
    }

    /// The task: what the targets mean.
    pub fn task(&self) -> Task {
        self.task
    }

    /// The scaling of the inputs, if they are scaled.
    pub fn input_scaler(&self) -> Option<&Scaler> {
        self.inputs.as_ref()
    }

    /// The scaling of the targets, if they are scaled.
    pub fn target_scaler(&self) -> Option<&Scaler> {
        self.targets.as_ref()
    }

    /// The names of the classes or labels in the order of their numbers; empty if they have none.
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }

    /// The columns of the table that the inputs come from, if they come from one.
    pub fn columns(&self) -> Option<&Columns> {
        self.columns.as_ref()
    }

    /// Checks that a network with `n_inputs` inputs and `n_outputs` outputs can have this meaning.
    pub(super) fn check(&self, n_inputs: usize, n_outputs: usize) -> Result<()> {
        let scaled = |scaler: &Option<Scaler>| scaler.as_ref().map(|scaler| scaler.centers().len());
        let columns = self.columns.as_ref();
        let classes = match self.task {
            Task::Labels { .. } => n_outputs,
            task => task.n_classes(n_outputs).unwrap_or(0),
        };
        let names = Some(self.class_names.len()).filter(|&names| names > 0);
        for (what, found, expected) in [
            ("rows of the input scaler, one for each input of the network", scaled(&self.inputs), n_inputs),
            (
                "rows of the target scaler, one for each output of the network",
                scaled(&self.targets),
                n_outputs,
            ),
            (
                "inputs of the columns of the table, one for each input of the network",
                columns.map(Columns::n_inputs),
                n_inputs,
            ),
            (
                "targets of the columns of the table, one for each output of the network",
                columns.map(Columns::n_outputs),
                n_outputs,
            ),
            ("names of classes, one for each class of the network", names, classes),
        ] {
            match found {
                Some(found) if found != expected => {
                    return Err(Error::SizeMismatch { what, found, expected });
                }
                _ => {}
            }
        }
        if let Task::Binary { threshold } | Task::Labels { threshold } = self.task {
            let why = "each output is compared with it, and a file holds finite numbers only";
            check_setting("threshold of the task", threshold, threshold.is_finite(), "(−∞, ∞)", why)?;
        }
        if self.targets.is_some() && self.task != Task::Regression {
            return Err(Error::ScaledClasses);
        }
        if self.task.fits(n_outputs) {
            return Ok(());
        }
        let (what, expected) = ("outputs of the network for this task", if n_outputs == 1 { 2 } else { 1 });
        Err(Error::SizeMismatch { what, found: n_outputs, expected })
    }
}

#[cfg(feature = "csv")]
impl<T: Real> Table<T> {
    /// Returns the task, the class names and the columns of the table, for a [`Predictor`](super::Predictor).
    pub fn meaning(&self) -> Meaning {
        Meaning::of(&self.data).with_columns(self.columns.clone())
    }
}
