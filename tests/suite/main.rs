//! The integration tests, one binary: each module checks one promise of the crate.

mod activations;
mod architecture;
mod augment;
mod averages;
mod backpropagation;
mod chapter3;
mod checkpoints;
mod child;
mod compile_fail;
mod confusion;
mod costs;
mod cross_validation;
mod dataset;
mod determinism;
mod digits;
mod divergence;
mod doubles;
#[cfg(feature = "download")]
mod download;
mod elementary_functions;
mod faulty_disk;
mod find_rate;
mod firmware;
mod full_batch;
mod gradients;
mod history;
mod hostile_files;
mod hostile_runs;
mod idx;
mod images;
mod importance;
mod initializers;
mod labels;
mod laws;
mod learner;
mod leaves;
mod liars;
mod limits;
mod measures;
#[cfg(feature = "onnx")]
mod message;
#[cfg(feature = "csv")]
mod mistakes;
mod mnist;
mod models;
#[cfg(feature = "mpi")]
mod mpi;
mod names;
#[cfg(feature = "onnx")]
mod onnx;
#[cfg(feature = "onnx")]
mod onnx_hostile;
mod optimizers;
mod other_readers;
#[cfg(feature = "onnx")]
mod pages;
mod penalties;
#[cfg(feature = "plot")]
mod plots;
mod plug_ins;
#[cfg(feature = "png")]
mod png;
mod precision;
mod predictor;
mod ranks;
mod read_ahead;
mod reference;
mod refusals;
mod roc;
mod rules;
mod same_bits;
mod scale;
mod schedules;
mod search;
mod split;
mod streaming;
#[cfg(feature = "csv")]
mod tables;
mod tasks;
mod threads;
mod training;
mod warnings;
mod watching;
mod weighted;
mod widths;
