//! An activation function that is chosen at run time.

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use super::{Activation, Linear, Relu, Sigmoid, Softmax, Tanh};
use crate::real::Real;

/// Any activation function of the crate: for layers that differ, and for a choice that a user makes at run time.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let hidden: AnyActivation = Tanh.into();
/// let network = Network::<f64, AnyActivation, Sigmoid>::new(&[2, 3, 1], hidden, Sigmoid, &ScaledGaussian, 1)?;
/// assert_eq!(network.sizes(), [2, 3, 1]);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum AnyActivation {
    /// [`Sigmoid`]
    Sigmoid(Sigmoid),
    /// [`Tanh`]
    Tanh(Tanh),
    /// [`Relu`]
    Relu(Relu),
    /// [`Linear`]
    Linear(Linear),
    /// [`Softmax`]
    Softmax(Softmax),
}

impl AnyActivation {
    fn get<T: Real>(&self) -> &dyn Activation<T> {
        match self {
            Self::Sigmoid(f) => f,
            Self::Tanh(f) => f,
            Self::Relu(f) => f,
            Self::Linear(f) => f,
            Self::Softmax(f) => f,
        }
    }
}

impl<T: Real> Activation<T> for AnyActivation {
    fn activate(&self, z: &DMatrix<T>, a: &mut DMatrix<T>) {
        self.get().activate(z, a);
    }

    fn pull_back(&self, z: &DMatrix<T>, a: &DMatrix<T>, grad: &mut DMatrix<T>) {
        self.get().pull_back(z, a, grad);
    }
}

impl From<Sigmoid> for AnyActivation {
    fn from(f: Sigmoid) -> Self {
        Self::Sigmoid(f)
    }
}

impl From<Tanh> for AnyActivation {
    fn from(f: Tanh) -> Self {
        Self::Tanh(f)
    }
}

impl From<Relu> for AnyActivation {
    fn from(f: Relu) -> Self {
        Self::Relu(f)
    }
}

impl From<Linear> for AnyActivation {
    fn from(f: Linear) -> Self {
        Self::Linear(f)
    }
}

impl From<Softmax> for AnyActivation {
    fn from(f: Softmax) -> Self {
        Self::Softmax(f)
    }
}
