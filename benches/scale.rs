//! The figures of docs/scale.md: samples from a file against samples in memory, leaves, and read-ahead.
//!
//! ```sh
//! cargo bench --bench scale -- streamed 100000 1          # µs a sample and peak memory: samples, threads
//! cargo bench --bench scale -- memory 100000 1
//! cargo bench --bench scale -- leaves 784-1024-1024-10 128 4 1   # sizes, mini-batch, leaves, threads
//! cargo bench --bench scale -- elastic                    # steps, distortion, and both on two threads
//! ```
//!
//! Each command is a process of its own, since the peak of the memory is that of the process. For the file of samples see
//! `GRADUS_SAMPLES`: a path at which it is kept for the next command; without it, a temporary one.

use std::path::{Path, PathBuf};
use std::time::Instant;

use gradus::data::Streamed;
use gradus::data::augment::Elastic;
use gradus::prelude::*;

const INPUTS: usize = 784;
const CLASSES: usize = 10;

fn main() -> gradus::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let text = |index: usize, default: &str| arguments.get(index).map_or(default.to_owned(), String::clone);
    let number = |index: usize, default: usize| {
        arguments.get(index).and_then(|argument| argument.parse().ok()).unwrap_or(default)
    };
    match arguments.first().map(String::as_str) {
        Some("streamed") => streamed(number(1, 100_000), number(2, 1)),
        Some("memory") => in_memory(number(1, 100_000), number(2, 1)),
        Some("leaves") => leaves(&text(1, "784-1024-1024-10"), number(2, 128), number(3, 4), number(4, 1)),
        Some("elastic") => elastic(number(1, 6_000)),
        _ => {
            in_memory(20_000, 1)?;
            streamed(20_000, 1)?;
            leaves("784-100-10", 128, 1, 1)?;
            leaves("784-100-10", 128, 4, 1)?;
            elastic(1_000)
        }
    }
}

/// Samples that are made when they are asked for: the pixels are a hash of the sample and the place.
#[derive(Debug)]
struct Generated(usize);

impl Generated {
    fn pixel(sample: usize, place: usize) -> u8 {
        let mixed = (sample as u64 * INPUTS as u64 + place as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // Most pixels of an image are black.
        if mixed >> 62 == 0 { (mixed >> 40) as u8 } else { 0 }
    }
}

impl Samples<f32> for Generated {
    fn len(&self) -> usize {
        self.0
    }

    fn n_inputs(&self) -> usize {
        INPUTS
    }

    fn n_outputs(&self) -> usize {
        CLASSES
    }

    fn gather(
        &self,
        _: u64,
        indices: &[usize],
        x: &mut DMatrix<f32>,
        y: &mut DMatrix<f32>,
    ) -> gradus::Result<()> {
        y.fill(0.0);
        for (column, &sample) in indices.iter().enumerate() {
            for (place, value) in x.column_mut(column).iter_mut().enumerate() {
                *value = f32::from(Self::pixel(sample, place)) * (1.0 / 255.0); // as bytes become numbers in the crate
            }
            y[(sample % CLASSES, column)] = 1.0;
        }
        Ok(())
    }
}

fn streamed(n: usize, threads: usize) -> gradus::Result<()> {
    let folder = std::env::temp_dir();
    let (path, kept) = match std::env::var_os("GRADUS_SAMPLES") {
        Some(path) => (PathBuf::from(path), true),
        None => (folder.join(format!("gradus-{}.samples", std::process::id())), false),
    };
    let result = learn_from(&path, n, threads);
    if !kept {
        let _ = std::fs::remove_file(path);
    }
    result
}

fn learn_from(path: &Path, n: usize, threads: usize) -> gradus::Result<()> {
    if !path.exists() {
        let start = Instant::now();
        Streamed::write(&Generated(n), path)?;
        println!("written: {:.2} µs a sample", start.elapsed().as_secs_f64() / n as f64 * 1e6);
    }
    let samples = Streamed::open([path])?;
    train("streamed", &samples, threads)
}

fn in_memory(n: usize, threads: usize) -> gradus::Result<()> {
    let pixels =
        (0..n).flat_map(|sample| (0..INPUTS).map(move |place| Generated::pixel(sample, place))).collect();
    let labels = (0..n).map(|sample| (sample % CLASSES) as u8).collect();
    train("memory", &Dataset::<f32>::from_pixels(pixels, INPUTS, labels, CLASSES)?, threads)
}

/// Two epochs of 784-30-10: the first of them checks the samples.
fn train(name: &str, samples: &dyn Samples<f32>, threads: usize) -> gradus::Result<()> {
    let mut network = Network::new(&[INPUTS, 30, CLASSES], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
    let report = Trainer::new(CrossEntropy)
        .schedule(Constant::new(0.1)?)
        .stop(MaxEpochs::new(2)?)
        .mini_batch(128)
        .threads(threads)
        .fit(&mut network, samples, None)?;
    let n = samples.len();
    let times: Vec<String> = (report.history.epochs().iter())
        .map(|record| format!("{:.2}", record.seconds / n as f64 * 1e6))
        .collect();
    println!("{name} {n} samples, {threads} threads: {} µs a sample, peak {}", times.join(" then "), peak());
    Ok(())
}

/// The most memory that this process ever had resident.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.map_or("unknown".to_owned(), |peak| peak.trim().to_owned())
}

fn leaves(sizes: &str, batch: usize, leaves: usize, threads: usize) -> gradus::Result<()> {
    let layers: Vec<usize> = sizes.split('-').filter_map(|size| size.parse().ok()).collect();
    let data = Dataset::<f32>::synthetic_digits(8 * batch.max(256), 1)?;
    let mut network = Network::new(&layers, Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
    let report = Trainer::new(CrossEntropy)
        .schedule(Constant::new(0.1)?)
        .stop(MaxEpochs::new(6)?)
        .mini_batch(batch)
        .leaves(leaves)
        .threads(threads)
        .fit(&mut network, &data, None)?;
    println!(
        "{sizes} b{batch} leaves {leaves} threads {threads}: median epoch {:.4} s",
        median(report.history.epochs().iter().skip(1).map(|record| record.seconds))
    );
    Ok(())
}

/// 784-800-10 with mini-batches of 100 elastic digits: steps alone and distortion alone on one thread, both on two.
fn elastic(n: usize) -> gradus::Result<()> {
    let digits = Dataset::<f32>::synthetic_digits(n, 1)?;
    let distorted = Augmented::new(&digits, (28, 28), Elastic::new(6.0, 40.0)?, 1)?;
    let epoch = |samples: &dyn Samples<f32>, threads: usize| {
        let mut network = Network::new(&[INPUTS, 800, CLASSES], Relu, Softmax::default(), &ByActivation, 1)?;
        let report = Trainer::new(LogLikelihood)
            .schedule(Constant::new(0.1)?)
            .stop(MaxEpochs::new(4)?)
            .mini_batch(100)
            .threads(threads)
            .fit(&mut network, samples, None)?;
        gradus::Result::Ok(median(report.history.epochs().iter().skip(1).map(|record| record.seconds)))
    };
    let (mut x, mut y) = (DMatrix::zeros(INPUTS, 100), DMatrix::zeros(CLASSES, 100));
    let mut gathered = Vec::new();
    for epoch in 1..=3 {
        let start = Instant::now();
        for first in (0..n / 100 * 100).step_by(100) {
            let indices: Vec<usize> = (first..first + 100).collect();
            distorted.gather(epoch, &indices, &mut x, &mut y)?;
        }
        gathered.push(start.elapsed().as_secs_f64());
    }
    let (steps, distortion) = (epoch(&digits, 1)?, median(gathered));
    let (one, two) = (epoch(&distorted, 1)?, epoch(&distorted, 2)?);
    println!(
        "{n} elastic digits: steps {steps:.3} s, distortion {distortion:.3} s, both on one thread {one:.3} s, on two {two:.3} s: \
         {:.2} of the longer",
        two / steps.max(distortion)
    );
    Ok(())
}

fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
