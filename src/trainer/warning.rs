//! The warnings of a report: not errors, but likely mistakes.

use std::fmt;

use crate::error::plain;

/// A likely mistake that does not keep a run from training.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
/// use gradus::trainer::Warning;
///
/// let x = DMatrix::from_fn(2, 20, |i, j| [1.0, 1e4][i] * j as f64);
/// let labels: Vec<usize> = (0..20).map(|j| j / 10).collect();
/// let data = Dataset::from_labels(x, &labels, 2)?;
/// let mut network = Network::new(&[2, 2], Tanh, Softmax::default(), &ByActivation, 1)?;
/// let report = Trainer::new(LogLikelihood).stop(MaxEpochs::new(1)?).fit(&mut network, &data, None)?;
/// let is_of_widths = |warning: &Warning| matches!(warning, Warning::UnscaledInputs { widest: 1, narrowest: 0, .. });
/// assert!(report.warnings.iter().any(is_of_widths));
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// The inputs have very different widths: one learning rate cannot suit the weights of both.
    UnscaledInputs {
        /// The input with the largest standard deviation, counted from 0.
        widest: usize,
        /// Its standard deviation in the training data.
        largest: f64,
        /// The input with the smallest standard deviation, counted from 0.
        narrowest: usize,
        /// Its standard deviation in the training data.
        smallest: f64,
    },
    /// The inputs as a whole are so large that neurons saturate or fall silent, such as bytes from 0 to 255, or years.
    LargeInputs {
        /// √(mean of x²) over all inputs of the training data.
        root_mean_square: f64,
    },
    /// The targets of an output that may have any value are so large that its bias alone takes long to come near them.
    LargeTargets {
        /// The output, counted from 0.
        output: usize,
        /// The mean of its targets in the training data.
        mean: f64,
        /// Their standard deviation.
        deviation: f64,
    },
    /// Some targets lie outside the range of the output activation, such as the label 2 for a sigmoid.
    UnreachableTargets {
        /// The output, counted from 0.
        output: usize,
        /// The target that lies furthest out.
        value: f64,
        /// The infimum of the output.
        low: f64,
        /// The supremum of the output.
        high: f64,
    },
    /// The weights of a layer have shrunk so far that the network gives all samples the same outputs: the penalty
    /// outweighs the data.
    ShrunkWeights {
        /// The layer, counted from 1 for the first after the inputs.
        layer: usize,
        /// The norm of its weights when the run began.
        before: f64,
        /// The norm of its weights in the network that the run left.
        after: f64,
    },
    /// No training sample is of some classes.
    UnseenClasses {
        /// The classes, counted from 0.
        classes: Vec<usize>,
    },
    /// Some neurons of a layer are [silent](crate::network::Network::silent_neurons).
    SilentNeurons {
        /// The layer, counted from 1 for the first after the inputs.
        layer: usize,
        /// How many of its neurons are silent.
        silent: usize,
        /// How many neurons it has.
        neurons: usize,
        /// The number of training samples that were examined.
        samples: usize,
        /// Whether there is a warning about the inputs as well, which are then the likely cause.
        unscaled: bool,
    },
    /// The warning of an [observer](crate::trainer::Observer::warning).
    Observer {
        /// Its message.
        message: String,
    },
}

impl Warning {
    /// Whether the warning is about unscaled inputs.
    pub(super) fn is_of_inputs(&self) -> bool {
        matches!(self, Self::UnscaledInputs { .. } | Self::LargeInputs { .. })
    }
}

/// How to scale inputs.
const SCALE_INPUTS: &str = "scale the inputs by `Standardize.fit(&training)?`";

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnscaledInputs { widest, largest, narrowest, smallest } => write!(
                f,
                "input {widest} is {:.0} times as wide as input {narrowest} (standard deviations {largest:.3e} and \
                 {smallest:.3e}): {SCALE_INPUTS}",
                largest / smallest
            ),
            Self::LargeInputs { root_mean_square } => write!(
                f,
                "the inputs are large (root mean square {root_mean_square:.3e}, 1 is best), so that neurons saturate or \
                 fall silent: {SCALE_INPUTS}, or divide them by their largest magnitude"
            ),
            Self::LargeTargets { output, mean, deviation } => write!(
                f,
                "the targets of output {output} are large (mean {mean:.3e}, standard deviation {deviation:.3e}), and \
                 are approached slowly: scale them by `Standardize.fit_targets(&training)?` and `transform_targets_all`, and \
                 predict in their units with `Meaning::with_target_scaler`"
            ),
            Self::UnreachableTargets { output, value, low, high } => write!(
                f,
                "some targets of output {output} are {}, but the output lies between {} and {}: give numbers a `Linear` \
                 output or scale them by `MinMax`; make one-hot targets of class labels by `Dataset::from_labels`",
                plain(*value),
                endless(*low),
                endless(*high)
            ),
            Self::ShrunkWeights { layer, before, after } => write!(
                f,
                "the weights of layer {layer} have shrunk from the norm {before:.2e} to {after:.2e}, and the cost is \
                 that of a constant prediction: lower λ, or the weight decay of the optimizer"
            ),
            Self::UnseenClasses { classes } => {
                let classes: Vec<_> = classes.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "no training sample is of class {}, which cannot be learned: check the labels, or split the data with \
                     `Split::stratified`",
                    classes.join(" or ")
                )
            }
            Self::Observer { message } => f.write_str(message),
            Self::SilentNeurons { layer, silent, neurons, samples, unscaled } => {
                write!(
                    f,
                    "{silent} of {neurons} neurons of layer {layer} are silent (the same output for each of {samples} \
                     training samples, derivative 0): "
                )?;
                f.write_str(match unscaled {
                    true => SCALE_INPUTS,
                    false => "lower the learning rate, or use LeakyRelu or the initialization ByActivation",
                })
            }
        }
    }
}

fn endless(limit: f64) -> String {
    if limit.is_finite() { plain(limit) } else { format!("{}∞", if limit < 0.0 { "−" } else { "" }) }
}
