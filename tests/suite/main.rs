//! The integration tests, one binary: each module checks one promise of the crate.

mod augment;
mod backpropagation;
mod chapter3;
mod checkpoints;
mod child;
mod compile_fail;
mod dataset;
mod determinism;
mod digits;
mod elementary_functions;
mod gradients;
mod idx;
mod laws;
mod learner;
mod liars;
mod limits;
mod metrics;
mod metrics_wall;
mod mnist;
mod optimizers;
mod plug_ins;
mod refusals;
mod rules;
mod threads;
mod training;
