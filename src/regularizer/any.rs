//! A regularizer that is chosen at run time.

use std::fmt;
use std::str::FromStr;

use super::*;
use crate::error::{Error, Result};
use crate::named::{Call, Named, Value, serde_by_name, split};

/// Any regularizer of the crate, a sum of several, or one for each layer, chosen at run time.
///
/// It parses from names with parameters and prints them back. `+` adds penalties, and `then` separates the penalties of
/// the layers: further layers have the last penalty, as in [`PerLayer`].
///
/// ```text
/// l1(lambda=0.1) + l2(lambda=5) then none
/// ```
///
/// | name | parameters and defaults | regularizer |
/// |---|---|---|
/// | `none` | | [`NoRegularizer`] |
/// | `l1` | lambda=1 | [`L1`] |
/// | `l2` | lambda=5 | [`L2`] |
/// | `huber` | lambda=1, width=0.1 | [`HuberPenalty`] |
/// | `group_lasso_by_neuron`, `group_lasso_by_input` | lambda=1 | [`GroupLasso`] |
///
/// # Errors
///
/// Parsing returns [`Error::UnknownName`] if there is no regularizer of that name, [`Error::MalformedName`] if the
/// parameters cannot be read, and [`Error::Setting`] if a parameter is outside its range.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let regularizer: AnyRegularizer = "l1(lambda=0.1) + l2 then none".parse()?;
/// assert_eq!(regularizer.to_string(), "l1(lambda=0.1) + l2(lambda=5) then none");
/// let penalty = |layer| regularizer.penalty(&LayerInfo { layer, rows: 1 }, &[2.0]);
/// assert_eq!([0, 1, 2].map(penalty), [0.2 + 10.0, 0.0, 0.0]);
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct AnyRegularizer {
    /// The penalties of each layer.
    layers: Vec<Vec<Single>>,
}

/// One penalty.
#[derive(Clone, Copy, PartialEq)]
enum Single {
    None,
    L1(L1),
    L2(L2),
    Huber(HuberPenalty),
    Group(GroupLasso),
}

impl Single {
    fn get<T: Real>(&self) -> &dyn Regularizer<T> {
        match self {
            Self::None => &NoRegularizer,
            Self::L1(l1) => l1,
            Self::L2(l2) => l2,
            Self::Huber(huber) => huber,
            Self::Group(group) => group,
        }
    }
}

impl AnyRegularizer {
    /// The names of all regularizers, without their parameters.
    pub const NAMES: &[&str] =
        &["none", "l1", "l2", "huber", "group_lasso_by_neuron", "group_lasso_by_input"];

    /// The penalties of the layer `at`.
    fn of(&self, at: &LayerInfo) -> &[Single] {
        let last = self.layers.len().saturating_sub(1);
        self.layers.get(at.layer.min(last)).map_or(&[], Vec::as_slice)
    }
}

impl FromStr for AnyRegularizer {
    type Err = Error;

    /// Parses names; parameters that are not given have their defaults.
    fn from_str(text: &str) -> Result<Self> {
        let of_layer = |text| split(text, " + ").into_iter().map(Single::from_str).collect();
        let layers = split(text.trim(), " then ").into_iter().map(of_layer).collect::<Result<_>>()?;
        Ok(Self { layers })
    }
}

impl FromStr for Single {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut call = Call::parse("regularizer", text)?;
        let penalty = match call.name {
            "none" => Self::None,
            "l1" => Self::L1(L1::new(call.get("lambda", 1.0)?)?),
            "l2" => Self::L2(L2::new(call.get("lambda", 5.0)?)?),
            "huber" => Self::Huber(HuberPenalty::new(call.get("lambda", 1.0)?, call.get("width", 0.1)?)?),
            "group_lasso_by_neuron" => Self::Group(GroupLasso::by_neuron(call.get("lambda", 1.0)?)?),
            "group_lasso_by_input" => Self::Group(GroupLasso::by_input(call.get("lambda", 1.0)?)?),
            _ => return Err(call.unknown(AnyRegularizer::NAMES)),
        };
        call.check(false)?;
        Ok(penalty)
    }
}

impl fmt::Display for Single {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Named("none", &[]).fmt(f),
            Self::L1(l1) => Named("l1", &[("lambda", l1.lambda().text())]).fmt(f),
            Self::L2(l2) => Named("l2", &[("lambda", l2.lambda().text())]).fmt(f),
            Self::Huber(huber) => {
                let parameters = [("lambda", huber.lambda().text()), ("width", huber.width().text())];
                Named("huber", &parameters).fmt(f)
            }
            Self::Group(group) => {
                let by = if group.is_by_neuron() { "group_lasso_by_neuron" } else { "group_lasso_by_input" };
                Named(by, &[("lambda", group.lambda().text())]).fmt(f)
            }
        }
    }
}

impl fmt::Display for AnyRegularizer {
    /// Writes the names with their parameters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (layer, penalties) in self.layers.iter().enumerate() {
            f.write_str(if layer > 0 { " then " } else { "" })?;
            for (index, penalty) in penalties.iter().enumerate() {
                write!(f, "{}{penalty}", if index > 0 { " + " } else { "" })?;
            }
        }
        Ok(())
    }
}

/// Writes what the same regularizer made of [`Plus`] and [`PerLayer`] writes: a run that was begun with either can be
/// resumed with the other.
impl fmt::Debug for AnyRegularizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layers: Vec<Sum<'_>> = self.layers.iter().map(|penalties| Sum(penalties)).collect();
        match &layers[..] {
            [only] => only.fmt(f),
            [first, others @ ..] => {
                f.debug_struct("PerLayer").field("first", first).field("others", &others).finish()
            }
            [] => NoRegularizer.fmt(f),
        }
    }
}

/// Penalties that are added, from the left.
struct Sum<'a>(&'a [Single]);

impl fmt::Debug for Sum<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [before @ .., last] if !before.is_empty() => {
                f.debug_tuple("Plus").field(&Sum(before)).field(last).finish()
            }
            [only] => only.fmt(f),
            _ => NoRegularizer.fmt(f),
        }
    }
}

impl fmt::Debug for Single {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get::<f64>().fmt(f)
    }
}

impl<T: Real> Regularizer<T> for AnyRegularizer {
    fn penalty(&self, at: &LayerInfo, w: &[T]) -> f64 {
        self.of(at).iter().map(|penalty| penalty.get::<T>().penalty(at, w)).sum()
    }

    fn add_gradient(&self, at: &LayerInfo, w: &[T], scale: T, grad: &mut [T]) {
        self.of(at).iter().for_each(|penalty| penalty.get::<T>().add_gradient(at, w, scale, grad));
    }

    fn elementwise(&self) -> bool {
        self.layers.iter().flatten().all(|penalty| penalty.get::<T>().elementwise())
    }
}

serde_by_name!(AnyRegularizer);
