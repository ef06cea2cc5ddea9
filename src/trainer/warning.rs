//! What a report warns of: no error, and still what spoils many a run.

use std::fmt;

use crate::data::{Batch, Samples};
use crate::error::Result;
use crate::network::{AnyNetwork, Silence};
use crate::real::Real;

/// Training samples that are looked at.
const SAMPLES: usize = 1000;

/// Samples that are looked at together.
const BLOCK: usize = 100;

/// What a run went on with, although it hardly was meant.
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
        /// The training samples for which they are.
        samples: usize,
    },
}

impl Warning {
    /// The layers of a network trained on `training` that have silent neurons.
    pub(super) fn silent_neurons<T: Real>(
        network: &dyn AnyNetwork<T>,
        training: &dyn Samples<T>,
    ) -> Result<Vec<Self>> {
        let training = training.unaugmented().unwrap_or(training);
        // From everywhere: data may be sorted by class.
        let (n, samples) = (training.len(), training.len().min(SAMPLES));
        let indices: Vec<usize> =
            (0..samples).map(|i| (i as u128 * n as u128 / samples as u128) as usize).collect();
        let mut silence = Silence::new(network);
        for indices in indices.chunks(BLOCK) {
            let mut batch = Batch::zeros(training.n_inputs(), training.n_outputs(), indices.len())?;
            batch.gather(training, 1, indices)?;
            silence.add(network, &batch.x)?;
        }
        let sizes = network.sizes();
        let layers = (1..).zip(silence.count()).zip(sizes.into_iter().skip(1));
        Ok(layers
            .filter(|((_, silent), _)| *silent > 0)
            .map(|((layer, silent), neurons)| Self::SilentNeurons { layer, silent, neurons, samples })
            .collect())
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnscaledInputs { widest, largest, narrowest, smallest } => write!(
                f,
                "input {widest} is {:.0} times as wide as input {narrowest} (standard deviations {largest:.3e} and \
                 {smallest:.3e}): scale the inputs by `Standardize.fit(&training)?`",
                largest / smallest
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
            Self::SilentNeurons { layer, silent, neurons, samples } => write!(
                f,
                "{silent} of {neurons} neurons of layer {layer} are silent (the same output for each of {samples} training \
                 samples, derivative 0): lower the learning rate, or initialize with ByActivation"
            ),
        }
    }
}
