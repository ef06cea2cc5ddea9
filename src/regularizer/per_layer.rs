//! A penalty for each layer.

use std::sync::Arc;

use super::{LayerInfo, Regularizer};
use crate::real::Real;

/// A separate penalty for each layer: Ω = Σ_l Ω_l(w_l), with w_l the weights of layer l.
///
/// The first regularizer is for the first layer after the inputs, and each [`then`](Self::then) adds one for the next
/// layer. Further layers take the last regularizer, so that `PerLayer::new(a).then(b)` is `a` for the first layer and
/// `b` for all others. [`NoRegularizer`](super::NoRegularizer) leaves a layer without a penalty.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// // The weights of the inputs become few, those of the other layers small.
/// let penalty = PerLayer::new(L1::new(0.5)?).then(L2::new(2.0)?);
/// let of_layer = |layer| penalty.penalty(&LayerInfo { layer, rows: 1 }, &[3.0]);
/// assert_eq!([0, 1, 2].map(of_layer), [1.5, 9.0, 9.0]);
/// gradus::check::regularizer(&penalty).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct PerLayer<T: Real> {
    first: Arc<dyn Regularizer<T>>,
    others: Vec<Arc<dyn Regularizer<T>>>,
}

impl<T: Real> PerLayer<T> {
    /// Creates a penalty with `rule` for the first layer, and for all further layers until [`then`](Self::then) adds
    /// another.
    pub fn new(rule: impl Regularizer<T> + 'static) -> Self {
        Self { first: Arc::new(rule), others: Vec::new() }
    }

    /// Sets `rule` for the next layer and for all further layers.
    ///
    /// # Examples
    ///
    /// ```
    /// use gradus::prelude::*;
    ///
    /// // No penalty on the weights of the inputs.
    /// let penalty = PerLayer::new(NoRegularizer).then(L2::new(2.0)?);
    /// let of_layer = |layer| penalty.penalty(&LayerInfo { layer, rows: 1 }, &[3.0]);
    /// assert_eq!([0, 1, 2].map(of_layer), [0.0, 9.0, 9.0]);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn then(mut self, rule: impl Regularizer<T> + 'static) -> Self {
        self.others.push(Arc::new(rule));
        self
    }

    fn of(&self, at: &LayerInfo) -> &dyn Regularizer<T> {
        let other = at.layer.min(self.others.len()).checked_sub(1).and_then(|index| self.others.get(index));
        &**other.unwrap_or(&self.first)
    }
}

impl<T: Real> Regularizer<T> for PerLayer<T> {
    fn penalty(&self, at: &LayerInfo, w: &[T]) -> f64 {
        self.of(at).penalty(at, w)
    }

    fn add_gradient(&self, at: &LayerInfo, w: &[T], scale: T, grad: &mut [T]) {
        self.of(at).add_gradient(at, w, scale, grad);
    }

    fn elementwise(&self) -> bool {
        self.first.elementwise() && self.others.iter().all(|rule| rule.elementwise())
    }
}
