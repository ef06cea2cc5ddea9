//! The group lasso: weights that vanish together.

use super::{LayerInfo, Regularizer, check_lambda, scaled};
use crate::error::Result;
use crate::real::Real;

/// Ω(w) = λ Σ_g √n_g ‖w_g‖, with ∂Ω/∂w_g = λ √n_g w_g/‖w_g‖, and 0 for a group of zeros.
///
/// The weights of a layer are divided into groups g of n_g weights, with ‖w_g‖ = √Σ w² over the group. L1 drives single
/// weights to 0, the group lasso all weights of a group together. A group [by neuron](Self::by_neuron) is a row of w:
/// the penalty removes neurons of the layer. A group [by input](Self::by_input) is a column of w: the penalty removes
/// inputs, or neurons of the layer before. The factor √n_g lets one λ mean the same for groups of any size; with groups
/// of one weight the penalty is L1's.
///
/// Gradient descent brings a group near 0 but not to it, because the penalty has a kink there. λ is `lambda`.
///
/// Source: Yuan and Lin, "Model selection and estimation in regression with grouped variables", 2006, equation (2.1);
/// for the neurons of a network Scardapane and others, "Group sparse regularization for deep neural networks", 2017.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// // Two neurons with weights (3, 4) and (0, 0).
/// let (at, w) = (LayerInfo::first(2), [3.0, 0.0, 4.0, 0.0]);
/// let groups = GroupLasso::by_neuron(1.0)?;
/// assert_eq!(groups.penalty(&at, &w), 2f64.sqrt() * 5.0);
/// let by_input = GroupLasso::by_input(1.0)?.penalty(&at, &w);
/// assert!((by_input - 2f64.sqrt() * (3.0 + 4.0)).abs() < 1e-14);
/// gradus::check::regularizer(&groups).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupLasso {
    lambda: f64,
    by: By,
}

/// What the weights of a group have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Neuron,
    Input,
}

impl GroupLasso {
    /// Creates a group lasso with parameter λ = `lambda` whose groups are the weights of one neuron.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if λ is negative, NaN or infinite.
    pub fn by_neuron(lambda: f64) -> Result<Self> {
        check_lambda(lambda)?;
        Ok(Self { lambda, by: By::Neuron })
    }

    /// Creates a group lasso with parameter λ = `lambda` whose groups are the weights of one input.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if λ is negative, NaN or infinite.
    pub fn by_input(lambda: f64) -> Result<Self> {
        check_lambda(lambda)?;
        Ok(Self { lambda, by: By::Input })
    }

    /// Returns the regularization parameter λ.
    pub fn lambda(&self) -> f64 {
        self.lambda
    }

    /// Returns `true` if a group is the weights of one neuron, `false` if it is those of one input.
    pub fn is_by_neuron(&self) -> bool {
        self.by == By::Neuron
    }

    fn groups(&self, at: &LayerInfo, weights: usize) -> impl Iterator<Item = Group> {
        let rows = at.rows.max(1);
        let columns = weights / rows;
        let group = match self.by {
            By::Neuron => Group { first: 1, step: rows, size: columns },
            By::Input => Group { first: rows, step: 1, size: rows },
        };
        let count = if self.by == By::Neuron { rows } else { columns };
        (0..count).map(move |index| Group { first: index * group.first, ..group })
    }
}

/// The positions of the weights of a group: `size` of them from `first` on, `step` apart.
#[derive(Clone, Copy)]
struct Group {
    first: usize,
    step: usize,
    size: usize,
}

impl Group {
    fn of<I: Iterator>(self, all: I) -> impl Iterator<Item = I::Item> {
        all.skip(self.first).step_by(self.step).take(self.size)
    }

    /// Returns √n_g, and ‖w_g‖ without the overflow of a square.
    fn norm<T: Real>(self, w: &[T]) -> (f64, f64) {
        let values = || self.of(w.iter()).map(|w| w.to_f64().abs());
        let largest = values().fold(0.0, f64::max);
        let squares: f64 = values().map(|w| (w / largest) * (w / largest)).sum();
        ((self.size as f64).sqrt(), if largest > 0.0 { largest * squares.sqrt() } else { 0.0 })
    }
}

impl<T: Real> Regularizer<T> for GroupLasso {
    fn penalty(&self, at: &LayerInfo, w: &[T]) -> f64 {
        if self.lambda == 0.0 {
            return 0.0; // and not 0 · ∞, where a norm overflows
        }
        let norms = self.groups(at, w.len()).map(|group| group.norm(w));
        self.lambda * norms.map(|(root, norm)| root * norm).sum::<f64>()
    }

    fn add_gradient(&self, at: &LayerInfo, w: &[T], scale: T, grad: &mut [T]) {
        for group in self.groups(at, w.len()) {
            let (root, norm) = group.norm(w);
            if norm == 0.0 || self.lambda == 0.0 {
                continue;
            }
            let length = scaled(self.lambda * root, scale);
            for (grad, w) in group.of(grad.iter_mut()).zip(group.of(w.iter())) {
                // The direction first: λ/‖w_g‖ alone is infinite for the smallest weights.
                *grad += length * T::cast(w.to_f64() / norm);
            }
        }
    }
}
