//! An initializer that is chosen at run time.

use super::*;
use crate::named::named;

named! {
    #[derive(Copy)]
    /// Any initializer of the crate, for a choice that a user makes at run time.
    ///
    /// It parses from a name with parameters and prints it back. Parameters that are not given have their
    /// defaults.
    ///
    /// # Errors
    ///
    /// Parsing returns [`Error::UnknownName`](crate::Error::UnknownName) if there is no initializer of that
    /// name, [`Error::MalformedName`](crate::Error::MalformedName) if the parameters cannot be read, and
    /// [`Error::Setting`](crate::Error::Setting) if a parameter is outside its range.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let initializer: AnyInitializer = "orthogonal(gain=1.5)".parse()?;
    /// assert_eq!(initializer, Orthogonal::new(1.5)?.into());
    /// let error = "xavier".parse::<AnyInitializer>().unwrap_err().to_string();
    /// assert!(error.contains("glorot_normal, glorot_uniform"));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    AnyInitializer: Initializer<T>, "initializer";
    ByActivation = "by_activation"() => ByActivation;
    HeNormal = "he_normal"() => HeNormal;
    HeUniform = "he_uniform"() => HeUniform;
    GlorotNormal = "glorot_normal"() => GlorotNormal;
    GlorotUniform = "glorot_uniform"() => GlorotUniform;
    LeCunNormal = "lecun_normal"() => LeCunNormal;
    LeCunUniform = "lecun_uniform"() => LeCunUniform;
    Orthogonal = "orthogonal"(gain = 1.0) => Orthogonal::new(gain)?;
    Constant = "constant"(value = 0.0) => Constant::new(value)?;
    ScaledGaussian = "scaled_gaussian"() => ScaledGaussian;
    LargeGaussian = "large_gaussian"() => LargeGaussian;
}

impl<T: Real> Initializer<T> for AnyInitializer {
    fn initialize(
        &self,
        rng: &mut dyn Rng,
        activation: &dyn Activation<T>,
        weights: &mut DMatrix<T>,
        biases: &mut DVector<T>,
    ) {
        self.get().initialize(rng, activation, weights, biases);
    }

    fn deviation(&self, activation: &dyn Activation<T>, n_in: usize, n_out: usize) -> Option<f64> {
        self.get().deviation(activation, n_in, n_out)
    }

    fn name(&self) -> Cow<'static, str> {
        self.get::<T>().name()
    }
}
