//! LeCun's initialization, for self-normalizing networks.

use super::draw::drawn;

/// Weights N(0, 1/n_in), biases 0: for SELU, and for inputs of mean 0 and variance 1.
///
/// Weighted inputs then have the second moment of the layer's inputs.
/// [`ScaledGaussian`](super::ScaledGaussian), the book's initialization, has the same weights, but biases N(0, 1).
///
/// Source: LeCun, Bottou, Orr and Müller, "Efficient backprop", 1998, equation (16); Klambauer and others,
/// "Self-normalizing neural networks", 2017, for SELU.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let network = Network::<f32, _, _>::new(&[784, 30, 10], Selu, Softmax::default(), &LeCunNormal, 1)?;
/// assert_eq!(network.layers().next().unwrap().biases.norm(), 0.0);
/// gradus::check::initializer(&LeCunNormal).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeCunNormal;

/// Weights uniform in ±√(3/n_in), which has the variance of [`LeCunNormal`], biases 0.
///
/// Source: the same as for [`LeCunNormal`].
///
/// # Examples
///
/// ```
/// gradus::check::initializer(&gradus::init::LeCunUniform).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeCunUniform;

drawn!(LeCunNormal by normal, LeCunUniform by uniform; |_activation, n_in, _n_out| (1.0 / n_in).sqrt());
