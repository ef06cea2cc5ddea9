//! Dense feed-forward networks with pluggable components, after chapter 3 of Michael Nielsen's book *Neural Networks
//! and Deep Learning*.
//!
//! Everything that the chapter varies is a trait with implementations; a custom component is one `impl`:
//!
//! | trait | implementations |
//! |---|---|
//! | [`Activation`] | [`Sigmoid`], [`Tanh`], [`Relu`], [`LeakyRelu`], [`Elu`], [`Selu`], [`Gelu`], [`Silu`], [`Softplus`], [`Exponential`], [`Linear`], [`Softmax`] |
//! | [`Cost`] | [`Quadratic`], [`CrossEntropy`], [`LogLikelihood`], [`Focal`], [`LabelSmoothing`], [`Huber`], [`LogCosh`], [`Quantile`], [`GaussianNll`], [`Poisson`] |
//! | [`Regularizer`] | [`NoRegularizer`], [`L1`], [`L2`], [`HuberPenalty`], [`GroupLasso`], [`Plus`], [`PerLayer`] |
//! | [`Optimizer`] | [`Sgd`], [`Momentum`], [`Nesterov`], [`AdaGrad`], [`AdaDelta`], [`RmsProp`], [`Adam`], [`AdamW`], [`Lion`], [`Lbfgs`]; around them [`ClipByValue`], [`ClipByNorm`], [`ClipByGlobalNorm`], [`MaxNorm`], [`PolyakAverage`], [`ExponentialAverage`] |
//! | [`LrSchedule`] | [`Constant`], [`StepDecay`], [`MultiStepDecay`], [`ExponentialDecay`], [`PolynomialDecay`], [`InverseTimeDecay`], [`Cosine`], [`CosineRestarts`], [`Cyclic`], [`OneCycle`], [`HalveOnPlateau`], [`ReduceOnPlateau`]; before them [`WarmUp`] |
//! | [`Measure`] | [`MeanCost`], [`Accuracy`], [`BalancedAccuracy`], [`Precision`], [`Recall`], [`F1`], [`TopK`], [`RocAuc`], [`AveragePrecision`], [`LogLoss`], [`BrierScore`], [`Matthews`], [`CohenKappa`], [`CalibrationError`], [`R2`], [`ExplainedVariance`], [`MeanAbsoluteError`], [`MedianAbsoluteError`] |
//! | [`StoppingRule`] | [`MaxEpochs`], [`NoImprovement`], [`RollingAverage`], [`Target`], [`CostExplosion`], [`GeneralizationLoss`], [`ProgressQuotient`], [`SuccessiveStrips`], [`Or`], [`And`] |
//! | [`Initializer`] | [`ByActivation`], [`HeNormal`], [`HeUniform`], [`GlorotNormal`], [`GlorotUniform`], [`LeCunNormal`], [`LeCunUniform`], [`Orthogonal`], [`Constant`](init::Constant), [`ScaledGaussian`], [`LargeGaussian`], [`WithBiases`] |
//! | [`Scale`] | [`Standardize`], [`MinMax`], [`Robust`] |
//! | [`Distortion`] | [`Rotation`], [`Translation`], [`Scaling`], [`Shear`], [`Elastic`], [`Contrast`], [`Noise`], [`Erasing`], [`Then`](data::augment::Then) |
//! | [`Samples`] | [`Dataset`], [`Streamed`], [`Weighted`], [`Augmented`], [`Mixup`] |
//! | [`Observer`] | `ProgressBar` (feature `progress`), [`CsvLog`](watch::CsvLog), [`JsonLines`](watch::JsonLines), [`TensorBoard`](watch::TensorBoard), [`EachEpoch`](watch::EachEpoch) |
//!
//! A [`Trainer`] combines them, and [`check`] verifies the laws of each trait, for the crate's components and for
//! custom ones. A batch is a matrix whose columns are examples. Symbols are the book's: w weights, b biases, z weighted
//! inputs, a activations, δ errors, η learning rate, λ regularization, μ momentum, n the size of the training set, m
//! that of a mini-batch.
//!
//! # Where to begin
//!
//! | for | see |
//! |---|---|
//! | training a network | [`Trainer`], [`Network`] and the examples below |
//! | your own data | [`Dataset::new`](data::Dataset::new), and [`Samples`] for a custom source |
//! | tables | `Table::open` and `Csv` (feature `csv`), [`Columns`] |
//! | splitting and scaling | [`Split`], [`Standardize`] and the other rules of [`Scale`] |
//! | images | [`Mnist`], [`ImageSet`](data::ImageSet), [`IdxTensor`](data::IdxTensor), [`digits`](data::digits), [`augment`](data::augment) |
//! | evaluating a network | [`Report`], [`evaluate`], [`ConfusionMatrix`], [`PermutationImportance`] |
//! | estimating how good it is on new data | [`CrossValidation`] |
//! | searching hyper-parameters | [`Search`] |
//! | monitoring a run | [`Observer`], [`History`], [`watch`] |
//! | learning curves and other pictures | `Report::plot`, `ConfusionMatrix::plot` (feature `plot`) |
//! | training on several machines | [`Trainer::ranks`](trainer::Trainer::ranks), [`ranks`] |
//! | data larger than memory | [`Streamed`] |
//! | finding a learning rate | [`Trainer::find_rate`](trainer::Trainer::find_rate) |
//! | components by name, at run time | [`AnyActivation`], [`AnyOptimizer`] and the other `Any…` types |
//! | a custom training loop | [`Learner`] |
//! | interrupting and resuming a run | [`Trainer::checkpoint`](trainer::Trainer::checkpoint) |
//! | writing a component | the page of its trait, which shows one, and [`check`] |
//! | predictions in the units of the data | [`Predictor`] |
//! | saving and loading a network | [`Network::save`](network::Network::save), [`persist`] |
//! | a network in firmware | [`Network::to_rust`](network::Network::to_rust), [`export`] |
//! | a network in another program | [`export`], `Network::to_onnx` (feature `onnx`) |
//! | what can go wrong | [`Error`] |
//!
//! # Promises
//!
//! - Every derivative agrees with central differences of its own function within a relative error of 10⁻⁷ in double
//!   precision.
//! - Finite weighted inputs of any magnitude give no NaN. A NaN in data or parameters is reported as an error.
//! - The same seed gives bitwise identical results on every machine (x86-64 with any vector instructions, AArch64,
//!   WebAssembly), for any number of threads. A custom component keeps that promise if it uses [`real::portable`]
//!   instead of the platform's `exp`, `ln` and the like.
//! - Bad input gives an [`Error`] with the value, the allowed range and the reason, not a panic. Functions on the
//!   caller's matrices, such as [`Network::forward`](network::Network::forward), panic if a shape is not the documented
//!   one.
//! - There is no unsafe code in the crate.
//!
//! # Features
//!
//! `parallel` and `progress` are on by default.
//!
//! - `parallel`: runs large matrix products on several threads; results are bitwise the same.
//! - `progress`: the `ProgressBar` observer.
//! - `csv`: tables in text files, `data::Csv`.
//! - `png`: images from PNG files and folders of them, `data::png`.
//! - `onnx`: networks to and from ONNX files, [`export`].
//! - `plot`: learning curves and other pictures as SVG and PNG, `Report::plot`.
//! - `download`: `Mnist::download`, over TLS.
//! - `mpi`: several processes that train one network, `ranks::Mpi`. Needs an MPI library and libclang.
//!
//! # Examples
//!
//! ```
//! use gradus::prelude::*;
//!
//! let (training, validation) = Dataset::<f32>::synthetic_digits(600, 1)?.split_at(500)?;
//! let mut network = Network::new(&[784, 15, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
//! let report = Trainer::new(CrossEntropy)
//!     .schedule(Constant::new(0.5)?)
//!     .stop(MaxEpochs::new(5)?)
//!     .fit(&mut network, &training, Some(&validation))?;
//! println!("{report}");
//! assert_eq!(report.history.len(), 5);
//! # Ok::<(), gradus::Error>(())
//! ```

#![forbid(unsafe_code)]
// See clippy.toml.
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]
#![warn(missing_docs, missing_debug_implementations)]

/// The programs of the README compile and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The programs of the page on firmware compile and run.
#[cfg(doctest)]
#[doc = include_str!("../docs/firmware.md")]
struct Firmware;

/// The programs of the tutorials compile and run.
#[cfg(doctest)]
#[doc = include_str!("../docs/images.md")]
#[doc = include_str!("../docs/own_loops.md")]
#[doc = include_str!("../docs/plug_ins.md")]
#[doc = include_str!("../docs/tables.md")]
struct Tutorials;

/// The programs of the page on deployment compile and run.
#[cfg(all(doctest, feature = "onnx"))]
#[doc = include_str!("../docs/deploy.md")]
struct Deploy;

pub mod activation;
pub mod check;
mod clock;
mod copy;
pub mod cost;
pub mod data;
mod error;
pub mod export;
mod forward;
pub mod history;
pub mod init;
pub mod linalg;
mod memory;
pub mod metrics;
mod named;
pub mod network;
pub mod optimizer;
pub mod persist;
#[cfg(feature = "plot")]
pub mod plot;
pub mod predict;
pub mod random;
pub mod ranks;
pub mod real;
pub mod regularizer;
pub mod schedule;
pub mod selection;
pub mod stopping;
mod threads;
pub mod trainer;
pub mod watch;
mod wire;
mod wrap;

use forward::forward;
#[cfg(doc)]
use prelude::*;

/// The matrices of the public interface are nalgebra's.
pub use nalgebra;
/// The random generators of the public interface, such as [`init::Initializer`]'s, are rand's.
pub use rand;

pub use error::{
    Deviation, DownloadProblem, Error, FileProblem, IdxField, IdxProblem, ImageProblem, Interruption,
    MemoryProblem, OnnxProblem, RankError, RankProblem, Result, SplitProblem, StreamError, StreamProblem,
    TableError, TableProblem,
};

/// The names that a program needs to train networks, including nalgebra's matrices.
pub mod prelude {
    pub use crate::activation::{
        Activation, AnyActivation, Elu, Exponential, Gelu, LeakyRelu, Linear, Relu, Selu, Sigmoid, Silu,
        Softmax, Softplus, Tanh,
    };
    pub use crate::cost::{
        AnyCost, Cost, CrossEntropy, Focal, GaussianNll, Huber, LabelSmoothing, LogCosh, LogLikelihood,
        Poisson, Quadratic, Quantile,
    };
    pub use crate::data::augment::{
        Augmented, Contrast, Distortion, Elastic, Erasing, Mixup, Noise, Rotation, Scaling, Shear,
        Translation,
    };
    pub use crate::data::{
        Batch, Columns, Dataset, Fold, MinMax, Mnist, Robust, Samples, Scale, Scaler, Split, Standardize,
        Streamed, Task, Weighted,
    };
    #[cfg(feature = "csv")]
    pub use crate::data::{Csv, Missing, Table, Unseen};
    pub use crate::history::{EpochRecord, History, Metric};
    pub use crate::init::{
        AnyInitializer, ByActivation, GlorotNormal, GlorotUniform, HeNormal, HeUniform, Initializer,
        LargeGaussian, LeCunNormal, LeCunUniform, Orthogonal, ScaledGaussian, WithBiases,
    };
    pub use crate::metrics::{
        Accuracy, AnyMeasure, AveragePrecision, BalancedAccuracy, BrierScore, CalibrationError, CohenKappa,
        ConfusionMatrix, Direction, Evaluation, ExplainedVariance, F1, LogLoss, Matthews, Mean,
        MeanAbsoluteError, MeanCost, Measure, MedianAbsoluteError, Meter, PermutationImportance, Precision,
        R2, Recall, ReliabilityBin, ReliabilityTable, RocAuc, RocCurve, Score, Scored, Scores, Spread, TopK,
        Whole, evaluate, evaluate_with,
    };
    pub use crate::network::{Dense, Network, ParameterArrays, Workspace};
    pub use crate::optimizer::{
        AdaDelta, AdaGrad, Adam, AdamW, AnyOptimizer, ClipByGlobalNorm, ClipByNorm, ClipByValue,
        ExponentialAverage, Lbfgs, Lion, MaxNorm, Momentum, Nesterov, Optimizer, ParameterKind,
        PolyakAverage, RmsProp, Scope, Sgd, StepInfo,
    };
    pub use crate::predict::{Meaning, Prediction, Predictor};
    pub use crate::real::Real;
    pub use crate::regularizer::{
        AnyRegularizer, GroupLasso, HuberPenalty, L1, L2, LayerInfo, NoRegularizer, PerLayer, Plus,
        Regularizer,
    };
    pub use crate::schedule::{
        AnySchedule, Constant, Cosine, CosineRestarts, Cyclic, ExponentialDecay, HalveOnPlateau,
        InverseTimeDecay, LrSchedule, MultiStepDecay, OneCycle, PolynomialDecay, Progress, ReduceOnPlateau,
        StepDecay, WarmUp,
    };
    pub use crate::selection::{CrossValidated, CrossValidation, Search};
    pub use crate::stopping::{
        And, AnyStoppingRule, CostExplosion, GeneralizationLoss, MaxEpochs, NoImprovement, Or,
        ProgressQuotient, RollingAverage, StopReason, StoppingRule, SuccessiveStrips, Target,
    };
    #[cfg(feature = "progress")]
    pub use crate::trainer::ProgressBar;
    pub use crate::trainer::{
        Dropout, Every, Learner, Observer, Outcome, RateRange, Report, Run, Running, Trainer, Warning,
    };
    pub use nalgebra::{DMatrix, DVector};
}
