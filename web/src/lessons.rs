//! The computations of the page's lessons: one neuron, and one softmax layer.

use gradus::prelude::*;
use serde::{Deserialize, Serialize};

/// The neuron with which chapter 3 begins: its input is 1, its target 0.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Neuron {
    pub weight: f32,
    pub bias: f32,
    pub eta: f64,
    pub epochs: usize,
}

/// The output of the neuron before each epoch, for both costs.
#[derive(Debug, Serialize)]
pub struct Outputs {
    pub quadratic: Vec<f32>,
    pub cross_entropy: Vec<f32>,
}

impl Neuron {
    pub fn learn(&self) -> gradus::Result<Outputs> {
        Ok(Outputs { quadratic: self.with(Quadratic)?, cross_entropy: self.with(CrossEntropy)? })
    }

    fn with<C: Cost<f32, Sigmoid>>(&self, cost: C) -> gradus::Result<Vec<f32>> {
        let mut network = Network::<f32, Sigmoid, _>::new(&[1, 1], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
        network.output_mut().weights.fill(self.weight);
        network.output_mut().biases.fill(self.bias);
        let one = DMatrix::from_element(1, 1, 1.0);
        let batch = Batch::new(one.clone(), DMatrix::zeros(1, 1))?;
        let trainer = Trainer::new(cost);
        let mut learner = trainer.learner(&network)?;
        (0..self.epochs.min(10_000))
            .map(|_| {
                let output = network.predict(&one)?.iter().sum();
                learner.step(&mut network, &batch, self.eta)?;
                Ok(output)
            })
            .collect()
    }
}

/// Returns the activations of a softmax layer with weighted inputs `z`.
pub fn softmax(z: &[f32]) -> Vec<f32> {
    let z = DMatrix::from_column_slice(z.len(), 1, z);
    let mut a = DMatrix::zeros(z.nrows(), 1);
    Softmax::default().activate(&z, &mut a);
    a.iter().copied().collect()
}
