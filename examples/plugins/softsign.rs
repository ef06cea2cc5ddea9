//! An activation function.

use gradus::prelude::*;
use gradus::real::{map, zip_map};

/// a = z/(1 + |z|), with derivative 1/(1 + |z|)²: like tanh, but it approaches ±1 slowly, so that
/// the derivative stays larger.
///
/// Source: Bergstra, Desjardins, Lamblin and Bengio, *Quadratic polynomials learn better image features*, 2009.
#[derive(Debug, Clone, Copy)]
pub struct Softsign;

impl<T: Real> Activation<T> for Softsign {
    fn activate(&self, z: &DMatrix<T>, a: &mut DMatrix<T>) {
        map(z, a, |z| z / (T::one() + z.abs()));
    }

    fn pull_back(&self, z: &DMatrix<T>, _a: &DMatrix<T>, grad: &mut DMatrix<T>) {
        zip_map(z, grad, |z, g| g / (T::one() + z.abs()) / (T::one() + z.abs()));
    }
}

#[cfg(test)]
#[test]
fn is_lawful() {
    gradus::check::activation(&Softsign).unwrap();
}
