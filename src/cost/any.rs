//! A cost that is chosen at run time, for an output activation that is known at compile time.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::*;
use crate::named::Call;

/// Any cost of the crate that can be paired with the output activation `A`, for a choice at run time.
///
/// It parses from a name with parameters and prints it back. Only costs that can be paired with `A` parse. A program
/// that lets its user choose the cost and the output activation tries one `A` after the other, as the `mnist` example
/// does.
///
/// | name | parameters and defaults | outputs |
/// |---|---|---|
/// | `quadratic` | | all of these four |
/// | `cross_entropy` | | [`Sigmoid`] |
/// | `log_likelihood` | | [`Softmax`] |
/// | `focal` | gamma=2 | [`Sigmoid`], [`Softmax`] |
/// | `label_smoothing` | epsilon=0.1 | [`Sigmoid`], [`Softmax`] |
/// | `huber` | threshold=1 | [`Linear`] |
/// | `log_cosh` | | [`Linear`] |
/// | `quantile` | q=0.5 | [`Linear`] |
/// | `gaussian_nll` | floor=1e-6 | [`Linear`] |
/// | `poisson` | | [`Exponential`] |
///
/// # Errors
///
/// Parsing returns [`Error::UnknownName`] if no cost of that name can be paired with `A`, [`Error::MalformedName`] if
/// the parameters cannot be read, and [`Error::Setting`] if a parameter is outside its range.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let cost: AnyCost<f32, Softmax> = "focal".parse()?;
/// assert_eq!(cost.to_string(), "focal(gamma=2)");
/// let error = "log_likelihood".parse::<AnyCost<f32, Sigmoid>>().unwrap_err().to_string();
/// assert!(error.contains("choose one of: quadratic, cross_entropy, focal, label_smoothing"));
/// # Ok::<(), gradus::Error>(())
/// ```
pub struct AnyCost<T: Real, A> {
    /// The name with all parameters.
    text: String,
    cost: Arc<dyn Cost<T, A>>,
}

impl<T: Real, A> Clone for AnyCost<T, A> {
    fn clone(&self) -> Self {
        Self { text: self.text.clone(), cost: self.cost.clone() }
    }
}

/// Output activations whose costs can be chosen at run time.
///
/// # Examples
///
/// ```
/// use gradus::cost::HasCosts;
/// use gradus::prelude::*;
///
/// /// The costs that a program can offer for the output activation `A`.
/// fn offer<A: HasCosts<f32>>() -> String {
///     A::COSTS.join(", ")
/// }
/// assert_eq!(offer::<Softmax>(), "quadratic, log_likelihood, focal, label_smoothing");
/// assert_eq!(offer::<Exponential>(), "quadratic, poisson");
/// let cost = <Sigmoid as HasCosts<f32>>::cost("label_smoothing(epsilon=0.2)")?;
/// assert_eq!(cost.to_string(), "label_smoothing(epsilon=0.2)");
/// # Ok::<(), gradus::Error>(())
/// ```
pub trait HasCosts<T: Real>: Activation<T> + Sized {
    /// The names of the costs, without their parameters.
    const COSTS: &[&str];

    /// Parses the name of a cost, as [`AnyCost`] does.
    ///
    /// # Errors
    ///
    /// Returns the errors of parsing an [`AnyCost`].
    fn cost(text: &str) -> Result<AnyCost<T, Self>>;
}

/// Declares the costs of one type of output.
macro_rules! costs {
    ($($output:ident: $($name:literal($($parameter:ident = $default:expr),*) => $make:expr;)*)*) => { $(
        impl<T: Real> HasCosts<T> for $output {
            const COSTS: &[&str] = &[$($name),*];

            fn cost(text: &str) -> Result<AnyCost<T, Self>> {
                #[allow(unused_mut, reason = "no cost of some outputs has a parameter")]
                let mut call = Call::parse("cost", text)?;
                let cost: Arc<dyn Cost<T, Self>> = match call.name {
                    $($name => {
                        $(let $parameter = call.get(stringify!($parameter), $default)?;)*
                        Arc::new($make)
                    })*
                    _ => return Err(call.unknown(<Self as HasCosts<T>>::COSTS)),
                };
                call.check(false)?;
                Ok(AnyCost { text: call.text(), cost })
            }
        }
    )* };
}
costs! {
    Sigmoid:
        "quadratic"() => Quadratic;
        "cross_entropy"() => CrossEntropy;
        "focal"(gamma = 2.0) => Focal::new(gamma)?;
        "label_smoothing"(epsilon = 0.1) => LabelSmoothing::new(epsilon)?;
    Softmax:
        "quadratic"() => Quadratic;
        "log_likelihood"() => LogLikelihood;
        "focal"(gamma = 2.0) => Focal::new(gamma)?;
        "label_smoothing"(epsilon = 0.1) => LabelSmoothing::new(epsilon)?;
    Linear:
        "quadratic"() => Quadratic;
        "huber"(threshold = 1.0) => Huber::new(threshold)?;
        "log_cosh"() => LogCosh;
        "quantile"(q = 0.5) => Quantile::new(q)?;
        "gaussian_nll"(floor = 1e-6) => GaussianNll::new(floor)?;
    Exponential:
        "quadratic"() => Quadratic;
        "poisson"() => Poisson;
}

impl<T: Real, A: HasCosts<T>> FromStr for AnyCost<T, A> {
    type Err = Error;

    /// Parses a name; omitted parameters have their defaults.
    fn from_str(text: &str) -> Result<Self> {
        A::cost(text)
    }
}

impl<T: Real, A: Activation<T>> Cost<T, A> for AnyCost<T, A> {
    fn values(&self, output: &A, z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, costs: &mut [f64]) {
        self.cost.values(output, z, a, y, costs);
    }

    fn value(&self, output: &A, z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>) -> f64 {
        self.cost.value(output, z, a, y)
    }

    fn delta(&self, output: &A, z: &DMatrix<T>, a: &DMatrix<T>, y: &DMatrix<T>, delta: &mut DMatrix<T>) {
        self.cost.delta(output, z, a, y, delta);
    }

    fn check_targets(&self, y: &DMatrix<T>, first: usize) -> Result<()> {
        self.cost.check_targets(y, first)
    }
}

impl<T: Real, A> fmt::Display for AnyCost<T, A> {
    /// Writes the name with its parameters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Writes the same text as the wrapped cost, so that a run that was begun with either can be resumed with the other.
impl<T: Real, A> fmt::Debug for AnyCost<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cost.fmt(f)
    }
}
