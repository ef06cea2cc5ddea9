//! A learning-rate schedule that is chosen at run time.

use super::*;
use crate::named::named;

named! {
    /// Any learning-rate schedule of the crate, chosen at run time.
    ///
    /// It parses from a name with parameters and prints it back. Parameters that are not given have their defaults: η
    /// is 0.5 and a schedule that ends has 30 epochs. The first argument of a warm-up is the schedule that it leads to:
    /// `"warm_up(cosine(eta=0.1, epochs=30), epochs=2)"`.
    ///
    /// A metric is `main`, or `training` or `validation` followed by an [`AnyMeasure`](crate::metrics::AnyMeasure):
    /// `monitor=validation cost`.
    ///
    /// # Errors
    ///
    /// Parsing returns [`Error::UnknownName`](crate::Error::UnknownName) if there is no schedule of that
    /// name, [`Error::MalformedName`](crate::Error::MalformedName) if the parameters cannot be read, and
    /// [`Error::Setting`](crate::Error::Setting) if a parameter is outside its range.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// let text = "multi_step_decay(eta=0.1, after=[30, 60], factor=0.1)";
    /// let schedule: AnySchedule = text.parse()?;
    /// assert_eq!(schedule, MultiStepDecay::new(0.1, &[30, 60], 0.1)?.into());
    /// assert_eq!(WarmUp::new(2.0, Cosine::new(0.1, 30)?)?.to_string(),
    ///     "warm_up(cosine(eta=0.1, epochs=30, last=0), epochs=2, from=0.1)");
    ///
    /// let error = "step_decay(epochs=10)".parse::<AnySchedule>().unwrap_err().to_string();
    /// assert!(error.contains("parameters: eta (default 0.5), every (default 10)"));
    /// # Ok::<(), gradus::Error>(())
    /// ```
    AnySchedule: LrSchedule, "schedule";
    Constant = "constant"(eta = 0.5) => Constant::new(eta)?;
    StepDecay = "step_decay"(eta = 0.5, every = 10usize, factor = 0.5, last = eta / LOWEST) =>
        StepDecay::new(eta, every, factor)?.down_to(last)?;
    MultiStepDecay = "multi_step_decay"(
        eta = 0.5, after = vec![15usize, 25], factor = 0.1, last = eta / LOWEST
    ) => MultiStepDecay::new(eta, &after, factor)?.down_to(last)?;
    ExponentialDecay = "exponential_decay"(eta = 0.5, factor = 0.9, last = eta / LOWEST) =>
        ExponentialDecay::new(eta, factor)?.down_to(last)?;
    PolynomialDecay = "polynomial_decay"(eta = 0.5, epochs = 30usize, power[exponent] = 1.0, last = 0.0) =>
        PolynomialDecay::new(eta, epochs)?.power(power)?.down_to(last)?;
    InverseTimeDecay = "inverse_time_decay"(eta = 0.5, decay = 0.1) => InverseTimeDecay::new(eta, decay)?;
    Cosine = "cosine"(eta = 0.5, epochs = 30usize, last = 0.0) => Cosine::new(eta, epochs)?.down_to(last)?;
    CosineRestarts = "cosine_restarts"(eta = 0.5, epochs = 10usize, lengthen[longer] = 1usize, last = 0.0) =>
        CosineRestarts::new(eta, epochs)?.lengthen(lengthen)?.down_to(last)?;
    Cyclic = "cyclic"(low = 0.05, high = 0.5, epochs = 4.0, shrink[factor] = 1.0) =>
        Cyclic::new(low, high, epochs)?.shrink(shrink)?;
    OneCycle = "one_cycle"(
        eta = 0.5, epochs = 30usize, rise[rising] = 0.3, initial_divisor = 25.0, last_divisor = 1e4
    ) => OneCycle::new(eta, epochs)?.rise(rise)?.divisors(initial_divisor, last_divisor)?;
    HalveOnPlateau = "halve_on_plateau"(
        eta = 0.5, patience = 10usize, floor[lowest] = 1.0 / 128.0, monitor[monitored] = Metric::default()
    ) => HalveOnPlateau::new(eta, patience)?.floor(floor)?.monitor(monitor);
    ReduceOnPlateau = "reduce_on_plateau"(
        eta = 0.5, factor = 0.1, patience = 10usize, cooldown[cooling] = 0usize, min_delta[smallest] = 0.0,
        last = eta / LOWEST, monitor[monitored] = Metric::default()
    ) => ReduceOnPlateau::new(eta, factor, patience)?
        .cooldown(cooldown)
        .min_delta(min_delta)?
        .down_to(last)?
        .monitor(monitor);
    [wrappers]
    WarmUp = "warm_up"(epochs = 1.0, from[fraction] = 0.1) => |schedule| WarmUp::new(epochs, schedule)?.from(from)?;
}

impl LrSchedule for AnySchedule {
    fn rate(&self, progress: &Progress<'_>) -> Option<f64> {
        self.get().rate(progress)
    }

    fn rate_within(&self, rate: f64, progress: &Progress<'_>, done: f64) -> f64 {
        self.get().rate_within(rate, progress, done)
    }

    fn metric(&self) -> Option<Metric> {
        self.get().metric()
    }
}
