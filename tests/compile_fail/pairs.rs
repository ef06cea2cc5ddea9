//! Right pairs of cost and output activation, and, one at a time, wrong ones; see ../compile_fail.rs.

use gradus::prelude::*;

fn train<O, C>(output: O, cost: C) -> gradus::Result<Report<f64>>
where
    O: Activation<f64>,
    C: Cost<f64, O>,
{
    let mut network = Network::new(&[784, 10], Tanh, output, &ScaledGaussian, 1)?;
    Trainer::new(cost).fit(&mut network, &Dataset::synthetic_digits(10, 1)?, None)
}

fn main() -> gradus::Result<()> {
    train(Sigmoid, CrossEntropy)?;
    train(Softmax::default(), LogLikelihood)?;
    train(Sigmoid, Quadratic)?;
    train(Linear, Quadratic)?;
    train(Softmax::default(), Quadratic)?;
    train(&Sigmoid, CrossEntropy)?;
    train(&Softmax::default(), LogLikelihood)?;
    train(Sigmoid, Focal::default())?;
    train(Softmax::default(), Focal::default())?;
    train(Sigmoid, LabelSmoothing::default())?;
    train(&Softmax::default(), LabelSmoothing::default())?;
    train(Linear, Huber::default())?;
    train(&Linear, LogCosh)?;
    train(Linear, Quantile::default())?;
    train(&Linear, GaussianNll::default())?;
    train(Exponential, Poisson)?;

    #[allow(unused_mut, unused_variables)]
    let (mut linear, data) = (
        Network::<f64, Tanh, _>::new(&[784, 10], Tanh, Linear, &ScaledGaussian, 1)?,
        Dataset::<f64>::synthetic_digits(10, 1)?,
    );
    Trainer::new(Quadratic).fit(&mut linear, &data, None)?;
    #[cfg(wrong = "cross-entropy with linear, by fit")]
    Trainer::new(CrossEntropy).fit(&mut linear, &data, None)?;

    #[cfg(wrong = "cross-entropy with softmax")]
    train(Softmax::default(), CrossEntropy)?;
    #[cfg(wrong = "cross-entropy with an activation chosen at run time")]
    train(AnyActivation::from(Sigmoid), CrossEntropy)?;
    #[cfg(wrong = "log-likelihood with sigmoid")]
    train(Sigmoid, LogLikelihood)?;
    #[cfg(wrong = "evaluation of log-likelihood with linear")]
    evaluate(&linear, &LogLikelihood, &data)?;
    #[cfg(wrong = "focal with linear")]
    train(Linear, Focal::default())?;
    #[cfg(wrong = "label smoothing with tanh")]
    train(Tanh, LabelSmoothing::default())?;
    #[cfg(wrong = "Huber with sigmoid")]
    train(Sigmoid, Huber::default())?;
    #[cfg(wrong = "log-cosh with softmax")]
    train(Softmax::default(), LogCosh)?;
    #[cfg(wrong = "quantile with exponential")]
    train(Exponential, Quantile::default())?;
    #[cfg(wrong = "Gaussian with sigmoid")]
    train(Sigmoid, GaussianNll::default())?;
    #[cfg(wrong = "Poisson with softplus")]
    train(Softplus, Poisson)?;
    Ok(())
}
