//! He's initialization, for rectified linear units.

use super::draw::drawn;

/// Weights N(0, 2/n_in), biases 0: for rectified linear units.
///
/// Half of such neurons are inactive, which halves the second moment of the activations. The factor 2 makes up
/// for it, so that weighted inputs keep their variance from layer to layer, whatever the number of layers.
///
/// Source: He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015, equation (10).
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let network = Network::<f32, _, _>::new(&[784, 30, 10], Relu, Softmax::default(), &HeNormal, 1)?;
/// assert_eq!(network.layers().next().unwrap().biases.norm(), 0.0);
/// gradus::check::initializer(&HeNormal).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HeNormal;

/// Weights uniform in ±√(6/n_in), which has the variance of [`HeNormal`], biases 0.
///
/// Source: the same as for [`HeNormal`].
///
/// # Examples
///
/// ```
/// gradus::check::initializer(&gradus::init::HeUniform).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HeUniform;

drawn!(HeNormal by normal, HeUniform by uniform; |_activation, n_in, _n_out| (2.0 / n_in).sqrt());
