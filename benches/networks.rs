//! Seconds an epoch of whole networks: sigmoid layers, cross-entropy, plain gradient descent, 50,000 samples of 784
//! bytes or numbers.
//!
//! `cargo bench --bench networks` prints the table of docs/performance.md. For one network, as the scripts beside the
//! peers ask for it: `cargo bench --bench networks -- 784-30-10 10 f32 EPOCHS THREADS [numbers]`.

use std::hint::black_box;
use std::time::Instant;

use gradus::prelude::*;

/// The networks of the table: sizes, mini-batch, type, threads.
const TABLE: [(&str, usize, &str, usize); 8] = [
    ("784-30-10", 10, "f32", 1),
    ("784-30-10", 10, "f64", 1),
    ("784-100-10", 10, "f32", 1),
    ("784-800-10", 100, "f32", 2),
    ("784-1024-1024-10", 128, "f32", 1),
    ("784-1024-1024-10", 128, "f32", 2),
    ("784-1024-1024-10", 128, "f64", 1),
    ("784-1024-1024-10", 128, "f64", 2),
];

const SAMPLES: usize = 50_000;

fn main() -> gradus::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let number = |index: usize, default: usize| {
        arguments.get(index).and_then(|argument| argument.parse().ok()).unwrap_or(default)
    };
    if let Some(sizes) = arguments.first() {
        let dtype = arguments.get(2).map_or("f32", String::as_str);
        let numbers = arguments.get(5).is_some_and(|argument| argument == "numbers");
        let seconds = epoch(sizes, number(1, 10), dtype, number(3, 5), number(4, 2), numbers)?;
        println!("gradus {sizes} b{} {dtype}: median epoch {seconds:.4}s", number(1, 10));
        return Ok(());
    }

    println!("network               batch  type  threads   s/epoch   GFLOP/s   of the product's peak");
    for (sizes, batch, dtype, threads) in TABLE {
        let seconds = epoch(sizes, batch, dtype, 5, threads, false)?;
        let rate = flop(sizes) / seconds / 1e9;
        let peak = match dtype {
            "f32" => peak::<f32>(threads),
            _ => peak::<f64>(threads),
        };
        let share = 100.0 * rate / peak;
        println!(
            "{sizes:<20} {batch:>6}   {dtype} {threads:>8} {seconds:>9.4} {rate:>9.1}   {share:.0} % of {peak:.0}"
        );
    }
    Ok(())
}

/// The median seconds of the training steps of an epoch.
fn epoch(
    sizes: &str,
    batch: usize,
    dtype: &str,
    epochs: usize,
    threads: usize,
    numbers: bool,
) -> gradus::Result<f64> {
    match dtype {
        "f64" => epoch_of::<f64>(sizes, batch, epochs, threads, numbers),
        _ => epoch_of::<f32>(sizes, batch, epochs, threads, numbers),
    }
}

fn epoch_of<T: Real>(
    sizes: &str,
    batch: usize,
    epochs: usize,
    threads: usize,
    numbers: bool,
) -> gradus::Result<f64> {
    let sizes: Vec<usize> = sizes.split('-').filter_map(|size| size.parse().ok()).collect();
    let mut data = samples::<T>()?;
    if numbers {
        data = data.to_floats().unwrap();
    }
    let mut network = Network::new(&sizes, Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
    // One epoch more than asked for: the first warms up.
    let report = Trainer::new(CrossEntropy)
        .schedule(Constant::new(0.1)?)
        .stop(MaxEpochs::new(epochs + 1)?)
        .mini_batch(batch)
        .threads(threads)
        .fit(&mut network, &data, None)?;
    let mut seconds: Vec<f64> = report.history.epochs().iter().skip(1).map(|record| record.seconds).collect();
    seconds.sort_by(f64::total_cmp);
    Ok(seconds[seconds.len() / 2])
}

/// The first 50,000 images of MNIST where GRADUS_MNIST names its directory, else drawn digits, several times over.
fn samples<T: Real>() -> gradus::Result<Dataset<T>> {
    if let Some(dir) = std::env::var_os("GRADUS_MNIST") {
        return Mnist::load(dir)?.training.slice(0..SAMPLES);
    }
    let (pixels, labels) = gradus::data::digits::generate(SAMPLES / 10, 1).unwrap();
    Dataset::from_pixels(pixels.repeat(10), 784, labels.repeat(10), 10)
}

/// Floating-point operations of the products of an epoch: forward, ∂C/∂w, and back to all layers but the first.
fn flop(sizes: &str) -> f64 {
    let sizes: Vec<f64> = sizes.split('-').filter_map(|size| size.parse().ok()).collect();
    let products = |from: usize| sizes.windows(2).skip(from).map(|size| size[0] * size[1]).sum::<f64>();
    2.0 * SAMPLES as f64 * (2.0 * products(0) + products(1))
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
