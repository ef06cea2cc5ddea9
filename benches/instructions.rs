//! Ten training steps of one network on one thread, for `tools/instructions/run`, which counts their instructions.
//!
//! `instructions JOB`, or without a job the names of all.

use std::hint::black_box;

use gradus::prelude::*;
use gradus::trainer::Learner;

const STEPS: usize = 10;

/// A job's name, sizes and mini-batch.
type Job = (&'static str, &'static [usize], usize);

const JOBS: [Job; 6] = [
    ("784-30-10 f32", &[784, 30, 10], 10),
    ("784-30-10 f64", &[784, 30, 10], 10),
    ("784-100-10 f32", &[784, 100, 10], 10),
    ("784-256-256-10 f32", &[784, 256, 256, 10], 128),
    ("10-64-64-1 f32", &[10, 64, 64, 1], 32),
    ("10-64-64-1 f32 adam", &[10, 64, 64, 1], 32),
];

fn main() -> gradus::Result<()> {
    let Some(name) = std::env::args().nth(1).filter(|argument| argument != "--bench") else {
        JOBS.iter().for_each(|(name, ..)| println!("{name}"));
        return Ok(());
    };
    match JOBS.iter().find(|job| job.0 == name) {
        Some(&job) if name.contains("f64") => run::<f64>(job),
        Some(&job) => run::<f32>(job),
        None => panic!("no job is called {name}"),
    }
}

fn run<T: Real>((name, sizes, examples): Job) -> gradus::Result<()> {
    let n_classes = sizes[sizes.len() - 1];
    let batches = batches::<T>(sizes[0], n_classes, examples)?;
    if n_classes == 1 {
        let mut network = Network::new(sizes, Tanh, Linear, &ScaledGaussian, 1)?;
        let mut trainer = Trainer::new(Quadratic).threads(1);
        if name.contains("adam") {
            trainer = trainer.optimizer(Adam::default());
        }
        let mut learner = trainer.learner(&network)?;
        steps(&mut |batch| learner.step(&mut network, batch, 0.001), &batches)
    } else {
        let mut network = Network::new(sizes, Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
        let trainer = Trainer::new(CrossEntropy).threads(1);
        let mut learner: Learner<'_, T, _> = trainer.learner(&network)?;
        steps(&mut |batch| learner.step(&mut network, batch, 0.1), &batches)
    }
}

/// Batches of bytes that were gathered: what a step reads, whose numbers do not matter here.
fn batches<T: Real>(n_inputs: usize, n_classes: usize, examples: usize) -> gradus::Result<Vec<Batch<T>>> {
    let n = STEPS * examples;
    let pixels = (0..n * n_inputs).map(|index| (index * 7919 % 251) as u8).collect();
    let labels = (0..n).map(|index| (index % n_classes.max(2)) as u8).collect();
    let data = Dataset::<T>::from_pixels(pixels, n_inputs, labels, n_classes.max(2))?;
    let batch = |step: usize| {
        let indices: Vec<usize> = (step * examples..(step + 1) * examples).collect();
        let mut batch = Batch::zeros(n_inputs, n_classes.max(2), examples)?;
        batch.gather(&data, 1, &indices)?;
        if n_classes == 1 {
            let y = batch.y.row(0).clone_owned();
            batch = Batch::new(batch.x, DMatrix::from_row_slice(1, examples, y.as_slice()))?;
        }
        Ok(batch)
    };
    (0..STEPS).map(batch).collect()
}

/// One step that makes all buffers, and the ten that are counted.
fn steps<T: Real>(
    step: &mut dyn FnMut(&Batch<T>) -> gradus::Result<f64>,
    batches: &[Batch<T>],
) -> gradus::Result<()> {
    step(&batches[0])?;
    let cost = counted_steps(&mut || batches.iter().map(&mut *step).sum())?;
    println!("{cost}");
    Ok(())
}

/// What callgrind counts: it knows the function by its name.
#[inline(never)]
fn counted_steps(steps: &mut dyn FnMut() -> gradus::Result<f64>) -> gradus::Result<f64> {
    black_box(steps())
}
