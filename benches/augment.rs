//! Distorted images of 28×28 pixels, as the trainer asks for them: `cargo bench --bench augment [FILTER]`.
//!
//! The items a second are images a second on one core, the unpacking of their bytes and the drawing of random numbers
//! included.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use gradus::prelude::*;

fn main() {
    divan::main();
}

/// Images of a mini-batch.
const BATCH: usize = 10;

fn images<T: Real>(bencher: Bencher<'_, '_>, distortion: impl Distortion) {
    let digits = Dataset::<T>::synthetic_digits(1_000, 1).expect("digits");
    let images = Augmented::new(digits, (28, 28), distortion, 1).expect("images of 28×28");
    let indices: Vec<usize> = (0..images.len()).collect();
    let (mut x, mut y) = (DMatrix::zeros(784, BATCH), DMatrix::zeros(10, BATCH));
    let mut batches = indices.chunks(BATCH).cycle().zip(1..);
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        let (batch, epoch) = batches.next().expect("they go round");
        images.gather(epoch, batch, black_box(&mut x), &mut y).expect("images");
    });
}

/// A shift by nothing: what every distortion costs.
#[divan::bench(types = [f32, f64])]
fn nothing<T: Real>(bencher: Bencher<'_, '_>) {
    images::<T>(bencher, Translation::by(0.0, 0.0).expect("a shift"));
}

#[divan::bench(types = [f32, f64])]
fn rotation<T: Real>(bencher: Bencher<'_, '_>) {
    images::<T>(bencher, Rotation::up_to_degrees(15.0).expect("an angle"));
}

#[divan::bench(types = [f32, f64])]
fn translation<T: Real>(bencher: Bencher<'_, '_>) {
    images::<T>(bencher, Translation::up_to(2.0).expect("a shift"));
}

#[divan::bench(types = [f32, f64])]
fn scaling<T: Real>(bencher: Bencher<'_, '_>) {
    images::<T>(bencher, Scaling::up_to(1.15).expect("a factor"));
}

/// Simard's σ = 4 and α = 34.
#[divan::bench(types = [f32, f64])]
fn elastic<T: Real>(bencher: Bencher<'_, '_>) {
    images::<T>(bencher, Elastic::new(4.0, 34.0).expect("σ and α"));
}

#[divan::bench(types = [f32, f64])]
fn all_four<T: Real>(bencher: Bencher<'_, '_>) {
    let all = Elastic::new(4.0, 34.0).expect("σ and α");
    let all = all.then(Rotation::up_to_degrees(15.0).expect("an angle"));
    let all = all.then(Scaling::up_to(1.15).expect("a factor"));
    images::<T>(bencher, all.then(Translation::up_to(2.0).expect("a shift")));
}
