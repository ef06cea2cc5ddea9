//! Initialization by the activation of each layer.

use super::draw::drawn;

/// Weights N(0, g²/n) with the [`gain`](crate::activation::Activation::gain) g and the
/// [`fan`](crate::activation::Activation::fan) n of the layer's activation, biases 0.
///
/// | activation | variance | source |
/// |---|---|---|
/// | ReLU | 2/n_in | [`HeNormal`](super::HeNormal) |
/// | leaky ReLU of slope s | 2/((1 + s²) n_in) | He and others, equation (14) |
/// | SELU | 1/n_in | [`LeCunNormal`](super::LeCunNormal) |
/// | ELU, GELU, SiLU, softplus | 1/(E\[f(Z)²\] n_in), Z ~ N(0, 1) | He's derivation for that f |
/// | sigmoid, tanh, softmax, linear, exponential, and by default custom ones | 2/(n_in + n_out) | [`GlorotNormal`](super::GlorotNormal) |
///
/// Each layer has the variance of its own activation: in a network of ReLU and softmax, the output layer has another
/// variance than the hidden layers.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let by_activation = Network::<f64, _, _>::new(&[784, 30, 10], Relu, Linear, &ByActivation, 1)?;
/// let he = Network::<f64, _, _>::new(&[784, 30, 10], Relu, Linear, &HeNormal, 1)?;
/// let difference = &by_activation.hidden()[0].weights - &he.hidden()[0].weights;
/// assert!(difference.amax() < 1e-15);
/// assert_ne!(by_activation.output(), he.output());
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ByActivation;

drawn!(ByActivation by normal; |activation, n_in, n_out| activation.gain() / activation.fan().of(n_in, n_out).sqrt());
