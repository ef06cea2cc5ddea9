//! The leaky rectified linear unit.

use std::borrow::Cow;

use nalgebra::DMatrix;

use super::{Activation, Fan};
use crate::error::{Result, check_setting};
use crate::real::{Real, map, zip_map};

/// The leaky rectified linear unit: z for z > 0 and s z for z ≤ 0, with derivative 1 and s.
///
/// The slope s keeps inactive neurons learning. It is `slope`, in [0, 1); by default 0.01. The derivative at
/// z = 0 is set to s.
///
/// Source: Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", 2013.
///
/// # Examples
///
/// ```
/// use gradus::prelude::*;
///
/// let z = DMatrix::from_column_slice(3, 1, &[-2.0, 0.0, 3.0]);
/// let mut a = DMatrix::zeros(3, 1);
/// LeakyRelu::new(0.25)?.activate(&z, &mut a);
/// assert_eq!(a.as_slice(), [-0.5, 0.0, 3.0]);
/// assert!(LeakyRelu::new(1.0).is_err());
/// gradus::check::activation(&LeakyRelu::default()).unwrap();
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeakyRelu {
    slope: f64,
}

impl LeakyRelu {
    /// Creates a leaky rectified linear unit with the slope `slope` for z ≤ 0.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`](crate::Error::Setting) if `slope` is outside [0, 1).
    pub fn new(slope: f64) -> Result<Self> {
        check_setting(
            "slope of a leaky ReLU",
            slope,
            (0.0..1.0).contains(&slope),
            "[0, 1)",
            "at 1 the neuron is linear, below 0 it is not monotonic",
        )?;
        Ok(Self { slope })
    }

    /// Returns the slope s for z ≤ 0.
    pub fn slope(&self) -> f64 {
        self.slope
    }
}

impl Default for LeakyRelu {
    fn default() -> Self {
        Self { slope: 0.01 }
    }
}

impl<T: Real> Activation<T> for LeakyRelu {
    fn activate(&self, z: &DMatrix<T>, a: &mut DMatrix<T>) {
        let slope = T::cast(self.slope);
        map(
            z,
            a,
            #[inline(always)]
            move |z| if z < T::zero() { slope * z } else { z },
        );
    }

    fn pull_back(&self, z: &DMatrix<T>, _a: &DMatrix<T>, grad: &mut DMatrix<T>) {
        let slope = T::cast(self.slope);
        zip_map(
            z,
            grad,
            #[inline(always)]
            move |z, grad| if z > T::zero() { grad } else { slope * grad },
        );
    }

    fn name(&self) -> Cow<'static, str> {
        self.to_string().into()
    }

    /// √(2 / (1 + s²)): He's equation (14).
    fn gain(&self) -> f64 {
        (2.0 / (1.0 + self.slope * self.slope)).sqrt()
    }

    fn fan(&self) -> Fan {
        Fan::In
    }
}
