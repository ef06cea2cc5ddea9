//! An optimizer that is chosen at run time.

use super::*;
use crate::named::named;

named! {
    /// Any optimizer of the crate, for a choice that a user makes at run time.
    ///
    /// It parses from a name with parameters and prints it back. Parameters that are not given have their
    /// defaults. A wrapper has the wrapped optimizer as its first argument:
    /// `"clip_by_global_norm(adam(beta1=0.8), limit=1)"`.
    ///
    /// # Errors
    ///
    /// Parsing returns [`Error::UnknownName`](crate::Error::UnknownName) if there is no optimizer of that
    /// name, [`Error::MalformedName`](crate::Error::MalformedName) if the parameters cannot be read, and
    /// [`Error::Setting`](crate::Error::Setting) if a parameter is outside its range.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let optimizer: AnyOptimizer = "clip_by_norm(momentum(mu=0.5), limit=2)".parse()?;
    /// assert_eq!(optimizer.to_string(), "clip_by_norm(momentum(mu=0.5), limit=2)");
    /// assert_eq!("momentum(mu=0.5)".parse::<AnyOptimizer>()?, Momentum::new(0.5)?.into());
    /// assert_eq!(ClipByNorm::new(Momentum::new(0.5)?, 2.0)?.to_string(), optimizer.to_string());
    ///
    /// let error = "adam(beta=0.9)".parse::<AnyOptimizer>().unwrap_err().to_string();
    /// assert!(error.contains("parameters: beta1 (default 0.9), beta2 (default 0.999)"));
    /// let trainer = Trainer::<f32, _>::new(CrossEntropy).optimizer(optimizer);
    /// # let _ = trainer;
    /// # Ok::<(), gradus::Error>(())
    /// ```
    AnyOptimizer: Optimizer<T>, "optimizer";
    Sgd = "sgd"() => Sgd;
    Momentum = "momentum"(mu = 0.9) => Momentum::new(mu)?;
    Nesterov = "nesterov"(mu = 0.9) => Nesterov::new(mu)?;
    AdaGrad = "ada_grad"(epsilon = 1e-10) => AdaGrad::new(epsilon)?;
    AdaDelta = "ada_delta"(rho = 0.9, epsilon = 1e-6) => AdaDelta::new(rho, epsilon)?;
    RmsProp = "rms_prop"(rho = 0.99, epsilon = 1e-8, centred[is_centred] = false, mu = 0.0) => {
        let rms_prop = RmsProp::new(rho, epsilon)?.momentum(mu)?;
        if centred { rms_prop.centred() } else { rms_prop }
    };
    Adam = "adam"(beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8) => Adam::new(beta1, beta2, epsilon)?;
    AdamW = "adamw"(beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, lambda = 0.01) =>
        AdamW::new(Adam::new(beta1, beta2, epsilon)?, lambda)?;
    Lion = "lion"(beta1 = 0.9, beta2 = 0.99, lambda = 0.0) => Lion::new(beta1, beta2)?.weight_decay(lambda)?;
    Lbfgs = "lbfgs"(memory = 10usize, tolerance[largest_slope] = 1e-5) => Lbfgs::new(memory)?.tolerance(tolerance)?;
    [wrappers]
    ClipByValue = "clip_by_value"(limit = 1.0) => |optimizer| ClipByValue::new(optimizer, limit)?;
    ClipByNorm = "clip_by_norm"(limit = 1.0) => |optimizer| ClipByNorm::new(optimizer, limit)?;
    ClipByGlobalNorm = "clip_by_global_norm"(limit = 1.0) => |optimizer| ClipByGlobalNorm::new(optimizer, limit)?;
    MaxNorm = "max_norm"(limit = 3.0) => |optimizer| MaxNorm::new(optimizer, limit)?;
    PolyakAverage = "polyak_average"(skip[skipped] = 0u64) => |optimizer| PolyakAverage::new(optimizer).skip(skip);
    ExponentialAverage = "exponential_average"(beta = 0.999) =>
        |optimizer| ExponentialAverage::new(optimizer, beta)?;
}

impl<T: Real> Optimizer<T> for AnyOptimizer {
    fn slots(&self) -> usize {
        self.get::<T>().slots()
    }

    fn average_slot(&self) -> Option<usize> {
        self.get::<T>().average_slot()
    }

    fn scope(&self) -> Scope {
        self.get::<T>().scope()
    }

    fn default_rate(&self) -> f64 {
        self.get::<T>().default_rate()
    }

    fn default_rate_for(&self, steps: usize) -> f64 {
        self.get::<T>().default_rate_for(steps)
    }

    fn prepare(&self, gradient: &mut ParameterArrays<T>) {
        self.get().prepare(gradient);
    }

    fn search(
        &self,
        at: &SearchInfo,
        slots: &mut [ParameterArrays<T>],
        objective: &mut dyn Objective<T>,
    ) -> Result<Searched> {
        self.get().search(at, slots, objective)
    }

    fn step(&self, at: &StepInfo, slots: &mut [&mut [T]], parameters: &mut [T], gradient: &mut [T], eta: T) {
        self.get().step(at, slots, parameters, gradient, eta);
    }
}
