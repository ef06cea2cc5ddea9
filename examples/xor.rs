//! The exclusive or, which no network without a hidden layer can learn.
use gradus::prelude::*;

fn main() -> gradus::Result<()> {
    let x = DMatrix::from_column_slice(2, 4, &[0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0]);
    let data = Dataset::from_labels(x.clone(), &[0, 1, 1, 0], 2)?;

    let mut network = Network::<f64, _, _>::new(&[2, 4, 2], Tanh, Softmax::default(), &ByActivation, 1)?;
    let report = Trainer::new(LogLikelihood)
        .optimizer(Adam::default())
        .schedule(Constant::new(0.05)?)
        .stop(MaxEpochs::new(300)?)
        .fit(&mut network, &data, None)?;
    println!("{report}\n");

    let mut predictor = Predictor::new(network, Meaning::of(&data).with_class_names(&["false", "true"]))?;
    predictor.predict_each(&x, |j, prediction| println!("{} xor {} is {prediction}", x[(0, j)], x[(1, j)]))
}
