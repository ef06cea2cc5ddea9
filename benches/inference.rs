//! Microseconds a call of inference: sigmoid layers and a softmax, batches of 1 to 10,000 samples.
//!
//! `cargo bench --bench inference` prints the table of docs/performance.md, in `f32`; `-- f64` in `f64`, and
//! `-- f32 784-30-10 1` one row. It runs on all cores that it may use: `taskset -c 0` gives it one.

use std::hint::black_box;
use std::time::Instant;

use gradus::prelude::*;

const NETWORKS: [&str; 3] = ["784-30-10", "784-1024-1024-10", "4-64-64-2"];
const BATCHES: [usize; 4] = [1, 32, 1_000, 10_000];

fn main() -> gradus::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let is_f64 = arguments.first().is_some_and(|argument| argument == "f64");
    let only = |index: usize, value: &str| arguments.get(index).is_none_or(|argument| argument == value);
    println!("network             batch      predict      forward    Predictor   µs");
    for sizes in NETWORKS.into_iter().filter(|sizes| only(1, sizes)) {
        for batch in BATCHES.into_iter().filter(|batch| only(2, &batch.to_string())) {
            let [predict, forward, predictor] =
                if is_f64 { calls::<f64>(sizes, batch)? } else { calls::<f32>(sizes, batch)? };
            println!("{sizes:<18} {batch:>6} {predict:>12.2} {forward:>12.2} {predictor:>12.2}");
        }
    }
    Ok(())
}

/// The median microseconds of `Network::predict`, of `Network::forward` into a workspace, and of a `Predictor`.
fn calls<T: Real>(sizes: &str, batch: usize) -> gradus::Result<[f64; 3]> {
    let sizes: Vec<usize> = sizes.split('-').filter_map(|size| size.parse().ok()).collect();
    let network = Network::new(&sizes, Sigmoid, Softmax::default(), &ScaledGaussian, 1)?;
    let x = DMatrix::from_fn(sizes[0], batch, |i, j| T::cast(((i * 31 + j * 17) % 101) as f64 / 101.0));
    let mut workspace = Workspace::new(&sizes, batch)?;
    let mut predictor = Predictor::new(network.clone(), Meaning::new(Task::Classes))?;
    Ok([
        median(|| drop(black_box(network.predict(black_box(&x))))),
        median(|| network.forward(black_box(&x), &mut workspace)),
        median(|| {
            let seen =
                |_, prediction: Prediction<'_, T>| assert!(!black_box(prediction).outputs().is_empty());
            predictor.predict_each(black_box(&x), seen).expect("finite numbers");
        }),
    ])
}

/// The median of the microseconds of half a second's calls, and of at least 5, after two.
fn median(mut call: impl FnMut()) -> f64 {
    (0..2).for_each(|_| call());
    let (start, mut times) = (Instant::now(), Vec::new());
    while times.len() < 5 || start.elapsed().as_secs_f64() < 0.5 {
        let before = Instant::now();
        call();
        times.push(before.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
