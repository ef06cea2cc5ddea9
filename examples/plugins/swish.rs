//! An activation function.

use gradus::prelude::*;
use gradus::real::{map, zip_map};

/// a = z σ(z), with derivative σ(z) + z σ(z) σ(−z): nearly 0 below, nearly z above, smooth between.
///
/// Source: Ramachandran, Zoph and Le, *Searching for activation functions*, 2017.
#[derive(Debug, Clone, Copy)]
pub struct Swish;

impl<T: Real> Activation<T> for Swish {
    fn activate(&self, z: &DMatrix<T>, a: &mut DMatrix<T>) {
        map(z, a, |z| z * Sigmoid::eval(z));
    }

    fn pull_back(&self, z: &DMatrix<T>, _a: &DMatrix<T>, grad: &mut DMatrix<T>) {
        zip_map(z, grad, |z, g| g * (Sigmoid::eval(z) + z * Sigmoid::derivative(z)));
    }
}

#[cfg(test)]
#[test]
fn is_lawful() {
    gradus::check::activation(&Swish).unwrap();
}
