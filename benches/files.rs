//! Saving and loading a network: `cargo bench --bench files`. `peers/safetensors_numpy.py` does the same in Python.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use gradus::prelude::*;

fn main() {
    divan::main();
}

type Large = Network<f32, Relu, Softmax>;

fn network() -> Large {
    Network::new(&[784, 1024, 1024, 10], Relu, Softmax::default(), &ScaledGaussian, 1).unwrap()
}

fn count() -> BytesCount {
    BytesCount::new(4 * network().n_parameters())
}

#[divan::bench]
fn to_bytes(bencher: Bencher<'_, '_>) {
    let network = network();
    bencher.counter(count()).bench_local(|| black_box(&network).to_bytes());
}

#[divan::bench]
fn from_bytes(bencher: Bencher<'_, '_>) {
    let bytes = network().to_bytes().unwrap();
    bencher.counter(count()).bench_local(|| Large::from_bytes(black_box(&bytes)));
}

/// Until the file is on the disk.
#[divan::bench]
fn save(bencher: Bencher<'_, '_>) {
    let (network, folder) = (network(), tempfile::tempdir().unwrap());
    let path = folder.path().join("model.safetensors");
    bencher.counter(count()).bench_local(|| network.save(&path));
}

#[divan::bench]
fn load(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    network().save(&path).unwrap();
    bencher.counter(count()).bench_local(|| Large::load(&path));
}

/// Into memory that was not in use before, as the first time in a program.
#[divan::bench(sample_count = 20)]
fn load_kept(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    network().save(&path).unwrap();
    let mut kept = Vec::new();
    bencher.counter(count()).bench_local(|| kept.push(Large::load(&path)));
}
