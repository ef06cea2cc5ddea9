//! Seconds an epoch of whole networks, of the training steps alone.
//!
//! `cargo bench --bench networks` prints the table of docs/performance.md. For one network, as the scripts beside the
//! peers ask for it: `cargo bench --bench networks -- 784-30-10 10 f32 EPOCHS THREADS [numbers] [adam]`. And
//! `cargo bench --bench networks -- shares` tells what a whole run of the example `mnist` does beside its steps.
//!
//! 784 inputs are the bytes of images (or numbers), learned by sigmoid layers with the cross-entropy. Other networks have
//! tanh layers and random numbers: 28 inputs one class or the other, by the cross-entropy of one sigmoid output; 10 or 4
//! inputs functions of them, by the quadratic cost of linear outputs. benches/peers/jobs.py has the same jobs.

use std::hint::black_box;
use std::time::Instant;

use gradus::prelude::*;
use gradus::random::{Purpose, generator};
use rand::RngExt;
use rand::seq::SliceRandom;

/// The networks of the table: sizes, mini-batch, type, threads.
const TABLE: [(&str, usize, &str, usize); 13] = [
    ("784-30-10", 10, "f32", 1),
    ("784-30-10", 10, "f64", 1),
    ("784-100-10", 10, "f32", 1),
    ("784-800-10", 100, "f32", 2),
    ("784-1024-1024-10", 128, "f32", 1),
    ("784-1024-1024-10", 128, "f32", 2),
    ("784-1024-1024-10", 128, "f64", 1),
    ("784-1024-1024-10", 128, "f64", 2),
    ("28-300-300-300-300-300-1", 100, "f32", 2),
    ("10-64-64-1", 32, "f32", 1),
    ("10-64-64-1", 256, "f32", 2),
    ("4-32-16-4", 10_000, "f32", 1),
    ("4-32-16-4", 10_000, "f32", 2),
];

const SAMPLES: usize = 50_000;

fn main() -> gradus::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let number = |index: usize, default: usize| {
        arguments.get(index).and_then(|argument| argument.parse().ok()).unwrap_or(default)
    };
    if arguments.first().is_some_and(|argument| argument == "shares") {
        return shares();
    }
    if let Some(sizes) = arguments.first() {
        let dtype = arguments.get(2).map_or("f32", String::as_str);
        let has = |word: &str| arguments.iter().any(|argument| argument == word);
        let job = Job {
            sizes,
            batch: number(1, 10),
            epochs: number(3, 5),
            threads: number(4, 2),
            numbers: has("numbers"),
            adam: has("adam"),
        };
        println!("gradus {sizes} b{} {dtype}: median epoch {:.6}s", job.batch, job.seconds(dtype)?);
        return Ok(());
    }

    println!("network                    batch  type  threads   s/epoch   GFLOP/s   of the product's peak");
    for (sizes, batch, dtype, threads) in TABLE {
        let job = Job { sizes, batch, epochs: 5, threads, numbers: false, adam: false };
        let seconds = job.seconds(dtype)?;
        let rate = flop(sizes) / seconds / 1e9;
        let peak = match dtype {
            "f32" => peak::<f32>(threads),
            _ => peak::<f64>(threads),
        };
        let share = 100.0 * rate / peak;
        println!(
            "{sizes:<25} {batch:>6}   {dtype} {threads:>8} {seconds:>9.5} {rate:>9.1}   {share:.0} % of {peak:.0}"
        );
    }
    Ok(())
}

/// Where the time of the example `mnist` goes with its defaults: 784-30-10, m = 10, 30 epochs, 10,000 validation images.
fn shares() -> gradus::Result<()> {
    let start = Instant::now();
    let (training, validation) = match std::env::var_os("GRADUS_MNIST") {
        Some(dir) => Mnist::<f32>::load(dir)?.training.split_at(SAMPLES)?,
        None => Dataset::synthetic_digits(SAMPLES + 10_000, 1)?.split_at(SAMPLES)?,
    };
    let loading = start.elapsed().as_secs_f64();

    let mut network = Network::new(&[784, 30, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
    let trainer = Trainer::new(CrossEntropy)
        .regularizer(L2::new(5.0)?)
        .schedule(Constant::new(0.5)?)
        .stop(MaxEpochs::new(30)?)
        .mini_batch(10);
    let start = Instant::now();
    let report = trainer.fit(&mut network, &training, Some(&validation))?;
    let run = start.elapsed().as_secs_f64();
    let steps: f64 = report.history.epochs().iter().map(|record| record.seconds).sum();

    let start = Instant::now();
    let mut batch = Batch::zeros(784, 10, 10)?;
    let mut order: Vec<usize> = (0..training.len()).collect();
    order.shuffle(&mut generator(1, Purpose::Shuffle, 1, 0));
    let shuffling = 30.0 * start.elapsed().as_secs_f64();
    for samples in order.chunks(10) {
        batch.gather(&training, 1, samples)?;
        black_box(&batch);
    }
    let gathering = 30.0 * start.elapsed().as_secs_f64() - shuffling;

    let whole = loading + run;
    let line = |what: &str, seconds: f64| {
        println!("{what:<44} {seconds:>8.3} s  {:>5.1} %", 100.0 * seconds / whole)
    };
    line("the whole", whole);
    line("loading", loading);
    line("training steps of 30 epochs", steps);
    line("  of them, alone on one thread: shuffling", shuffling);
    line("  of them, alone on one thread: gathering", gathering);
    line("evaluation after each epoch, and snapshots", run - steps);
    Ok(())
}

/// A network to train, and how.
struct Job<'a> {
    sizes: &'a str,
    batch: usize,
    epochs: usize,
    threads: usize,
    numbers: bool,
    adam: bool,
}

impl Job<'_> {
    /// The median seconds of the training steps of an epoch.
    fn seconds(&self, dtype: &str) -> gradus::Result<f64> {
        match dtype {
            "f64" => self.run::<f64>(),
            _ => self.run::<f32>(),
        }
    }

    fn run<T: Real>(&self) -> gradus::Result<f64> {
        let sizes: Vec<usize> = self.sizes.split('-').filter_map(|size| size.parse().ok()).collect();
        match sizes[0] {
            784 if self.numbers => {
                let data = images::<T>()?.to_floats().unwrap();
                self.fit(Network::new(&sizes, Sigmoid, Sigmoid, &ScaledGaussian, 1)?, CrossEntropy, &data)
            }
            784 => self.fit(
                Network::new(&sizes, Sigmoid, Sigmoid, &ScaledGaussian, 1)?,
                CrossEntropy,
                &images::<T>()?,
            ),
            28 => {
                let network = Network::new(&sizes, Tanh, Sigmoid, &ScaledGaussian, 1)?;
                self.fit(network, CrossEntropy, &numbers::<T>(&sizes)?)
            }
            _ => {
                let network = Network::new(&sizes, Tanh, Linear, &ScaledGaussian, 1)?;
                self.fit(network, Quadratic, &numbers::<T>(&sizes)?)
            }
        }
    }

    fn fit<T: Real, H: Activation<T>, O: Activation<T>>(
        &self,
        mut network: Network<T, H, O>,
        cost: impl Cost<T, O>,
        data: &Dataset<T>,
    ) -> gradus::Result<f64> {
        // One epoch more than asked for: the first warms up.
        let trainer = Trainer::new(cost)
            .stop(MaxEpochs::new(self.epochs + 1)?)
            .mini_batch(self.batch)
            .threads(self.threads);
        let trainer = match self.adam {
            true => trainer.optimizer(Adam::default()),
            false => trainer.schedule(Constant::new(if self.sizes.starts_with("784") { 0.1 } else { 0.01 })?),
        };
        let report = trainer.fit(&mut network, data, None)?;
        let mut seconds: Vec<f64> =
            report.history.epochs().iter().skip(1).map(|record| record.seconds).collect();
        seconds.sort_by(f64::total_cmp);
        Ok(seconds[seconds.len() / 2])
    }
}

/// The first 50,000 images of MNIST where GRADUS_MNIST names its directory, else drawn digits, several times over.
fn images<T: Real>() -> gradus::Result<Dataset<T>> {
    if let Some(dir) = std::env::var_os("GRADUS_MNIST") {
        return Mnist::load(dir)?.training.slice(0..SAMPLES);
    }
    let (pixels, labels) = gradus::data::digits::generate(SAMPLES / 10, 1).unwrap();
    Dataset::from_pixels(pixels.repeat(10), 784, labels.repeat(10), 10)
}

/// Random numbers between -1 and 1, and classes or functions of them.
fn numbers<T: Real>(sizes: &[usize]) -> gradus::Result<Dataset<T>> {
    let (n_inputs, n_outputs) = (sizes[0], sizes[sizes.len() - 1]);
    let n = samples(n_inputs);
    let mut random = generator(1, Purpose::Shuffle, 1, 1);
    let x = DMatrix::from_fn(n_inputs, n, |_, _| T::cast(random.random_range(-1.0..1.0)));
    let y = DMatrix::from_fn(n_outputs, n, |output, sample| match n_inputs {
        28 => T::cast(f64::from(random.random_bool(0.5))),
        _ => T::cast((x.column(sample).iter().map(|&x| x.to_f64()).sum::<f64>() + output as f64).sin()),
    });
    Dataset::new(x, y)
}

/// Samples of an epoch.
fn samples(n_inputs: usize) -> usize {
    match n_inputs {
        784 => SAMPLES,
        28 => 100_000,
        10 => 20_000,
        _ => 10_000,
    }
}

/// Floating-point operations of the products of an epoch: forward, ∂C/∂w, and back to all layers but the first.
fn flop(sizes: &str) -> f64 {
    let sizes: Vec<f64> = sizes.split('-').filter_map(|size| size.parse().ok()).collect();
    let products = |from: usize| sizes.windows(2).skip(from).map(|size| size[0] * size[1]).sum::<f64>();
    2.0 * samples(sizes[0] as usize) as f64 * (2.0 * products(0) + products(1))
}

/// GFLOP/s of 1024³ products on each of `threads` threads at once: the best of several, nalgebra's or the crate's own.
fn peak<T: Real>(threads: usize) -> f64 {
    let n = 1024;
    let (a, b) = (DMatrix::<T>::from_element(n, n, T::cast(0.5)), DVector::zeros(n));
    let run = || {
        let mut c = DMatrix::<T>::zeros(n, n);
        let mut seconds = f64::INFINITY;
        for _ in 0..5 {
            let start = Instant::now();
            c.gemm(T::one(), &a, black_box(&a), T::zero());
            let between = Instant::now();
            gradus::linalg::weighted_inputs(&a, &b, black_box(&a), &mut c);
            black_box(&c);
            let each = [between - start, between.elapsed()];
            seconds = each.iter().map(|time| time.as_secs_f64()).fold(seconds, f64::min);
        }
        2.0 * (n * n * n) as f64 / seconds / 1e9
    };
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..threads).map(|_| scope.spawn(|| alone(run))).collect();
        runs.into_iter().filter_map(|run| run.join().ok()).sum()
    })
}

/// Runs `work` where there is no other thread to share with.
fn alone<V: Send>(work: impl FnOnce() -> V + Send) -> V {
    rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread").install(work)
}
