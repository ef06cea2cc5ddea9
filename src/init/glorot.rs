//! Glorot's initialization, for neurons that are near the identity for small weighted inputs.

use super::draw::drawn;

/// Weights N(0, 2/(n_in + n_out)), biases 0: for tanh, softsign and the like.
///
/// The variance lies between 1/n_in, with which the weighted inputs of linear neurons keep their variance from
/// layer to layer, and 1/n_out, with which their errors δ do. Also called Xavier initialization.
///
/// Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks",
/// 2010, equations (12) and (16).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let network = Network::<f32, _, _>::new(&[784, 30, 10], Tanh, Softmax::default(), &GlorotNormal, 1)?;
/// assert_eq!(network.layers().next().unwrap().biases.norm(), 0.0);
/// gradus::check::initializer(&GlorotNormal).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GlorotNormal;

/// Weights uniform in ±√(6/(n_in + n_out)), which has the variance of [`GlorotNormal`], biases 0.
///
/// Source: the same as for [`GlorotNormal`].
///
/// # Examples
///
/// ```
/// gradus::check::initializer(&gradus::init::GlorotUniform).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GlorotUniform;

drawn!(GlorotNormal by normal, GlorotUniform by uniform; |_activation, n_in, n_out| (2.0 / (n_in + n_out)).sqrt());
