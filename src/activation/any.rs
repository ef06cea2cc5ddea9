//! An activation function that is chosen at run time.

use super::*;
use crate::named::named;

named! {
    #[derive(Copy)]
    /// Any activation function of the crate, for layers with different activations and for a choice at run
    /// time.
    ///
    /// It parses from a name with parameters, such as `elu(alpha=2)`, and prints it back. Omitted parameters
    /// have their defaults.
    ///
    /// # Errors
    ///
    /// Parsing returns [`Error::UnknownName`](crate::Error::UnknownName) if there is no activation of that
    /// name, [`Error::MalformedName`](crate::Error::MalformedName) if the parameters cannot be read, and
    /// [`Error::Setting`](crate::Error::Setting) if a parameter is outside its range.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let hidden: AnyActivation = "tanh".parse()?;
    /// let network = Network::<f64, _, _>::new(&[2, 3, 1], hidden, Sigmoid, &ScaledGaussian, 1)?;
    /// assert_eq!(network.sizes(), [2, 3, 1]);
    ///
    /// let sharp: AnyActivation = Softmax::with_sharpness(2.5)?.into();
    /// assert_eq!(sharp.to_string(), "softmax(sharpness=2.5)");
    /// assert_eq!(sharp.to_string().parse::<AnyActivation>()?, sharp);
    /// assert_eq!("softmax(sharpness=2.5)".parse::<Softmax>()?, Softmax::with_sharpness(2.5)?);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    AnyActivation: Activation<T>, "activation";
    Sigmoid = "sigmoid"() => Sigmoid;
    Tanh = "tanh"() => Tanh;
    Relu = "relu"() => Relu;
    LeakyRelu = "leaky_relu"(slope = 0.01) => LeakyRelu::new(slope)?;
    Elu = "elu"(alpha = 1.0) => Elu::new(alpha)?;
    Selu = "selu"() => Selu;
    Gelu = "gelu"() => Gelu;
    Silu = "silu"() => Silu;
    Softplus = "softplus"() => Softplus;
    Exponential = "exponential"() => Exponential;
    Linear = "linear"() => Linear;
    Softmax = "softmax"(sharpness = 1.0) => Softmax::with_sharpness(sharpness)?;
}

impl<T: Real> Activation<T> for AnyActivation {
    fn activate(&self, z: &DMatrix<T>, a: &mut DMatrix<T>) {
        self.get().activate(z, a);
    }

    fn pull_back(&self, z: &DMatrix<T>, a: &DMatrix<T>, grad: &mut DMatrix<T>) {
        self.get().pull_back(z, a, grad);
    }

    fn name(&self) -> Cow<'static, str> {
        self.get::<T>().name()
    }

    fn gain(&self) -> f64 {
        self.get::<T>().gain()
    }

    fn fan(&self) -> Fan {
        self.get::<T>().fan()
    }
}
