//! Writes networks of all activations as ONNX files, and compares what tract and rten compute with them.

use gradus::prelude::*;
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;
use tract_onnx::prelude::{Framework, InferenceModelExt, IntoRunnable, Tensor, tract_ndarray, tvec};

type Failure = Box<dyn std::error::Error>;
type AnyNetwork<T> = Network<T, AnyActivation, AnyActivation>;

/// Samples of each comparison.
const SAMPLES: usize = 5;

/// The largest difference that is allowed in single precision, relative to the larger of 1 and the output.
const TOLERANCE: f64 = 1e-6;

fn main() -> Result<(), Failure> {
    let (mut tract_worst, mut rten_worst, mut failures) = (0.0_f64, 0.0_f64, 0);
    for seed in 0..50 {
        let network = network(seed)?;
        let (bytes, x) = (network.to_onnx_bytes()?, inputs(network.n_inputs(), seed));
        let wanted = network.predict(&x)?;
        let mut compare = |name: &str, worst: &mut f64, found: Result<Vec<f32>, Failure>| {
            let deviation = found.map(|found| deviation(&found, &wanted));
            match deviation {
                Ok(deviation) if deviation <= TOLERANCE => *worst = worst.max(deviation),
                other => {
                    failures += 1;
                    println!("FAILS: {name}, network {seed} ({network}, {:?}): {other:?}", network.output().activation);
                }
            }
        };
        compare("tract", &mut tract_worst, with_tract(&bytes, &x));
        compare("rten", &mut rten_worst, with_rten(bytes, &x));
    }
    println!("largest deviation of 50 networks: tract {tract_worst:.1e}, rten {rten_worst:.1e}");
    for (index, name) in AnyActivation::NAMES.iter().enumerate() {
        let network = AnyNetwork::<f64>::new(&[3, 2], Linear.into(), name.parse()?, &ScaledGaussian, index as u64)?;
        let x = inputs(3, index as u64);
        match with_tract_double(&network.to_onnx_bytes()?, &x) {
            Ok(found) => {
                let wanted = network.predict(&x.map(f64::from))?;
                let worst = found.iter().zip(&wanted).map(|(found, y)| (found - y).abs()).fold(0.0, f64::max);
                println!("tract, double precision, {name}: {worst:.1e}");
            }
            Err(error) => println!("tract, double precision, {name}: not computed ({})", first_line(&error)),
        }
    }
    if failures == 0 { Ok(()) } else { Err(format!("{failures} comparisons failed").into()) }
}

fn first_line(error: &Failure) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

/// A network with each activation in turn in its hidden and in its output layer.
fn network(seed: usize) -> gradus::Result<AnyNetwork<f32>> {
    let activation = |index: usize| -> gradus::Result<AnyActivation> {
        match AnyActivation::NAMES[index % AnyActivation::NAMES.len()] {
            // They overflow one after the other.
            "exponential" if index != seed => Ok(Relu.into()),
            "softmax" if seed % 24 > 11 => Ok(Softmax::with_sharpness(2.5)?.into()),
            "leaky_relu" => Ok(LeakyRelu::new(0.1)?.into()),
            "elu" => Ok(Elu::new(0.7)?.into()),
            name => name.parse(),
        }
    };
    let sizes = [1 + seed % 9, 1 + seed % 7, 2 + seed % 5, 1 + seed % 4];
    let mut network = AnyNetwork::new(&sizes, Tanh.into(), activation(seed)?, &ScaledGaussian, seed as u64)?;
    for (layer, hidden) in network.hidden_mut().iter_mut().enumerate() {
        hidden.activation = activation(seed + 5 + 3 * layer)?;
    }
    Ok(network)
}

fn inputs(n_inputs: usize, seed: impl TryInto<usize>) -> DMatrix<f32> {
    let seed = seed.try_into().unwrap_or(0);
    DMatrix::from_fn(n_inputs, SAMPLES, |i, j| ((i * 37 + j * 101 + seed * 13) % 61) as f32 / 10.0 - 3.0)
}

/// The largest difference of outputs, sample by sample.
fn deviation(found: &[f32], wanted: &DMatrix<f32>) -> f64 {
    assert_eq!(found.len(), wanted.len());
    let difference = |(&found, &wanted): (&f32, &f32)| {
        f64::from((found - wanted).abs()) / f64::from(wanted.abs()).max(1.0)
    };
    found.iter().zip(wanted.iter()).map(difference).fold(0.0, f64::max)
}

// A batch is columns here and rows there: the numbers are in the same order.

fn with_tract(bytes: &[u8], x: &DMatrix<f32>) -> Result<Vec<f32>, Failure> {
    let model = tract_onnx::onnx().model_for_read(&mut &bytes[..])?.into_optimized()?.into_runnable()?;
    let rows = tract_ndarray::Array2::from_shape_vec((x.ncols(), x.nrows()), x.as_slice().to_vec())?;
    let outputs = model.run(tvec!(Tensor::from(rows).into()))?;
    Ok(outputs[0].to_plain_array_view::<f32>()?.iter().copied().collect())
}

fn with_tract_double(bytes: &[u8], x: &DMatrix<f32>) -> Result<Vec<f64>, Failure> {
    let model = tract_onnx::onnx().model_for_read(&mut &bytes[..])?.into_optimized()?.into_runnable()?;
    let values = x.iter().copied().map(f64::from).collect();
    let rows = tract_ndarray::Array2::from_shape_vec((x.ncols(), x.nrows()), values)?;
    let outputs = model.run(tvec!(Tensor::from(rows).into()))?;
    Ok(outputs[0].to_plain_array_view::<f64>()?.iter().copied().collect())
}

fn with_rten(bytes: Vec<u8>, x: &DMatrix<f32>) -> Result<Vec<f32>, Failure> {
    let model = rten::Model::load(bytes)?;
    let rows = NdTensor::from_data([x.ncols(), x.nrows()], x.as_slice().to_vec());
    let output: NdTensor<f32, 2> = model.run_one(rows.view().into(), None)?.try_into()?;
    Ok(output.iter().copied().collect())
}
