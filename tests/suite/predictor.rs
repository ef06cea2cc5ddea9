//! A predictor gives what the network gives, in the units of the data, and so does the one from its file.

use gradus::Error;
use gradus::prelude::*;
use proptest::prelude::*;

/// Inputs and targets of very different sizes, `n` samples.
fn data<T: Real>(n: usize, n_inputs: usize, n_outputs: usize) -> Dataset<T> {
    let x = DMatrix::from_fn(n_inputs, n, |i, j| {
        T::cast(((i * 31 + j * 17) % 23) as f64 * 10f64.powi(i as i32 - 1))
    });
    let y = DMatrix::from_fn(n_outputs, n, |i, j| T::cast(((i * 13 + j * 29) % 19) as f64 * 100.0 - 7.0));
    Dataset::new(x, y).unwrap()
}

fn inputs<T: Real>(data: &Dataset<T>) -> DMatrix<T> {
    let (mut x, mut y) =
        (DMatrix::zeros(data.n_inputs(), data.len()), DMatrix::zeros(data.n_outputs(), data.len()));
    data.gather(1, &(0..data.len()).collect::<Vec<_>>(), &mut x, &mut y).unwrap();
    x
}

/// The values of all predictions, from `predict_each`.
fn values<T: Real, H: Activation<T>, O: Activation<T>>(
    predictor: &mut Predictor<T, H, O>,
    x: &DMatrix<T>,
) -> Vec<T> {
    let (mut all, mut next) = (Vec::new(), 0);
    let visit = |j, prediction: Prediction<'_, T>| {
        assert_eq!(j, next, "in order");
        next += 1;
        all.extend_from_slice(prediction.values());
    };
    predictor.predict_each(x, visit).unwrap();
    all
}

fn agrees_with_the_network<T: Real>(n: usize, hidden: usize, seed: u64) {
    let data = data::<T>(n, 3, 2);
    let (scaler, targets) = (Robust.fit(&data).unwrap(), Standardize.fit_targets(&data).unwrap());
    let network = Network::<T, AnyActivation, AnyActivation>::new(
        &[3, hidden, 2],
        Tanh.into(),
        Linear.into(),
        &ScaledGaussian,
        seed,
    )
    .unwrap();
    let x = inputs(&data);
    let mut wanted = network.predict(&inputs(&scaler.transform(data.clone()).unwrap())).unwrap();
    targets.unscale(wanted.as_mut_slice());

    let meaning = Meaning::of(&data).with_input_scaler(scaler).with_target_scaler(targets);
    let mut predictor = Predictor::new(network, meaning).unwrap();
    let mut loaded = Predictor::<T>::from_bytes(&predictor.to_bytes().unwrap()).unwrap();
    assert_eq!(values(&mut predictor, &x), wanted.as_slice(), "many at a time");
    assert_eq!(values(&mut loaded, &x), wanted.as_slice(), "loaded");
    for (x, wanted) in x.as_slice().chunks(3).zip(wanted.as_slice().chunks(2)) {
        assert_eq!(predictor.predict(x).unwrap().values(), wanted, "one by one");
        assert_eq!(loaded.predict(x).unwrap().values(), wanted, "one by one, loaded");
    }
}

proptest! {
    /// Scaled, taken through the network and scaled back: bit by bit, for one sample, a block and a partial block.
    #[test]
    fn a_predictor_scales_predicts_and_scales_back(n in 2usize..300, hidden in 1usize..40, seed: u64) {
        agrees_with_the_network::<f32>(n, hidden, seed);
        agrees_with_the_network::<f64>(n, hidden, seed);
    }

    /// Of every pair of task and output layer that has any: they follow the formulas, and their sum for classes is 1.
    #[test]
    fn probabilities_are_those_of_the_formulas(x in prop::collection::vec(-3.0f64..3.0, 4), seed: u64) {
        let (half, zero) = (Task::Binary { threshold: 0.5 }, Task::Binary { threshold: 0.0 });
        let labels = Task::Labels { threshold: 0.5 };
        type Formula = fn(&[f64]) -> Option<Vec<f64>>;
        let same: Formula = |a| Some(a.to_vec());
        let fraction: Formula = |a| Some(a.iter().map(|v| v / a.iter().sum::<f64>()).collect());
        let both: Formula = |a| Some(vec![1.0 - a[0], a[0]]);
        let none: Formula = |_| None;
        for (output, task, n, formula) in [
            ("softmax", Task::Classes, 3, same),
            ("softmax(sharpness=2)", Task::Classes, 3, same),
            ("sigmoid", Task::Classes, 3, fraction),
            ("sigmoid", half, 1, both),
            ("sigmoid", labels, 3, same),
            ("tanh", Task::Classes, 3, none),
            ("tanh", zero, 1, none),
            ("sigmoid", zero, 1, none),
            ("softmax", labels, 3, none),
            ("linear", Task::Regression, 3, none),
            ("sigmoid", Task::Regression, 1, none),
        ] {
            let output: AnyActivation = output.parse().unwrap();
            let network = Network::new(&[4, n], Sigmoid, output, &LargeGaussian, seed).unwrap();
            let a = network.predict(&DMatrix::from_column_slice(4, 1, &x)).unwrap();
            let mut predictor = Predictor::new(network, Meaning::new(task)).unwrap();
            let prediction = predictor.predict(&x).unwrap();
            prop_assert_eq!(prediction.outputs(), a.as_slice());
            prop_assert_eq!(prediction.probabilities().map(<[f64]>::to_vec), formula(a.as_slice()), "{} {}", output, task);
            prop_assert_eq!(prediction.class(), task.class(a.as_slice()));
            if let (Some(class), Some(p)) = (prediction.class(), prediction.probabilities()) {
                prop_assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12);
                prop_assert!(p.iter().all(|&other| other <= p[class]), "the class is the most probable one");
            }
            let found: Vec<bool> = prediction.labels().collect();
            let wanted: Vec<bool> = if task == labels { a.iter().map(|&a| a >= 0.5).collect() } else { Vec::new() };
            prop_assert_eq!(found, wanted);
        }
    }
}

/// A network whose output i is its input i.
fn identity(n: usize) -> Network<f64, Linear, Linear> {
    let output = Dense { weights: DMatrix::identity(n, n), biases: DVector::zeros(n), activation: Linear };
    Network::from_layers(Vec::new(), output).unwrap()
}

#[test]
fn predictions_print_their_class_labels_or_numbers() {
    let print = |task, names: &[&str], x: &[f64]| {
        let meaning = Meaning::new(task).with_class_names(names);
        let mut predictor = Predictor::new(identity(x.len()), meaning).unwrap();
        predictor.predict(x).unwrap().to_string()
    };
    let names = ["ant", "bee"];
    assert_eq!(print(Task::Classes, &names, &[0.3, 0.4]), "bee");
    assert_eq!(print(Task::Classes, &[], &[0.5, 0.4]), "class 0");
    assert_eq!(print(Task::Binary { threshold: 0.0 }, &names, &[-0.1]), "ant");
    assert_eq!(print(Task::Labels { threshold: 0.5 }, &names, &[0.5, 0.9]), "ant, bee");
    assert_eq!(print(Task::Labels { threshold: 0.5 }, &[], &[0.4, 0.9]), "label 1");
    assert_eq!(print(Task::Labels { threshold: 0.5 }, &names, &[0.4, 0.4]), "no label");
    assert_eq!(print(Task::Regression, &[], &[1.5, -2.0]), "1.5, -2");

    let equal = gradus::init::Constant::new(3.0).unwrap();
    let network = Network::<f64, _, _>::new(&[1, 2], Linear, Softmax::default(), &equal, 1).unwrap();
    let mut predictor =
        Predictor::new(network, Meaning::new(Task::Classes).with_class_names(&names)).unwrap();
    assert_eq!(predictor.predict(&[0.0]).unwrap().to_string(), "ant (50.0 %)");
}

/// Finite inputs and parameters whose product is not: there is no class then, and nothing panics.
#[test]
fn outputs_that_are_nan_stand_for_no_class() {
    let infinite = DMatrix::from_row_slice(2, 1, &[f64::MAX, -f64::MAX]);
    let layer = |weights| Dense { weights, biases: DVector::zeros(2), activation: Linear };
    let sums = DMatrix::from_element(2, 2, 1.0);
    let network = Network::from_layers(vec![layer(infinite)], layer(sums)).unwrap();
    let mut predictor = Predictor::new(network, Meaning::new(Task::Classes)).unwrap();
    let prediction = predictor.predict(&[f64::MAX]).unwrap();
    assert_eq!((prediction.class(), prediction.class_name()), (None, None));
    assert_eq!(prediction.to_string(), "no class, as an output is NaN");
}

#[test]
fn a_meaning_that_does_not_fit_the_network_is_an_error() {
    let three = Standardize.fit(&data::<f64>(5, 3, 3)).unwrap();
    let regression = || Meaning::new(Task::Regression);
    for (meaning, says) in [
        (
            regression().with_input_scaler(three.clone()),
            "input scaler, one for each input of the network: 3 given, 2 needed",
        ),
        (
            regression().with_target_scaler(three.clone()),
            "target scaler, one for each output of the network: 3 given, 2 needed",
        ),
        (
            regression().with_class_names(&["a"]),
            "names of classes, one for each class of the network: 1 given, 0 needed",
        ),
        (
            Meaning::new(Task::Classes).with_class_names(&["a"]),
            "names of classes, one for each class of the network: 1 given, 2",
        ),
        (Meaning::new(Task::Labels { threshold: f64::NAN }), "threshold of the task = NaN"),
        (Meaning::new(Task::Labels { threshold: f64::INFINITY }), "threshold of the task = inf"),
        (Meaning::new(Task::Labels { threshold: 0.5 }).with_class_names(&["a"]), "1 given, 2 needed"),
        (
            Meaning::new(Task::Binary { threshold: 0.5 }),
            "outputs of the network for this task: 2 given, 1 needed",
        ),
    ] {
        let error = Predictor::new(identity(2), meaning).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
    let two = Standardize.fit(&data::<f64>(5, 2, 2)).unwrap();
    let scaled = Meaning::new(Task::Classes).with_target_scaler(two);
    assert!(matches!(Predictor::new(identity(2), scaled), Err(Error::ScaledClasses)));
    let single = Predictor::new(identity(1), Meaning::new(Task::Classes)).unwrap_err();
    assert!(single.to_string().contains("1 given, 2 needed"), "{single}");
}

#[test]
fn inputs_that_cannot_be_predicted_from_are_errors() {
    let mut predictor = Predictor::new(identity(2), Meaning::new(Task::Regression)).unwrap();
    for x in [&[1.0][..], &[1.0; 3]] {
        assert!(matches!(predictor.predict(x), Err(Error::SizeMismatch { expected: 2, .. })));
    }
    assert!(matches!(
        predictor.predict_each(&DMatrix::zeros(3, 2), |_, _| ()),
        Err(Error::SizeMismatch { .. })
    ));
    predictor.predict_each(&DMatrix::zeros(2, 0), |_, _| panic!("there is no sample")).unwrap();
    assert!(matches!(predictor.predict_row(&["1", "2"]), Err(Error::NoColumns)));

    let mut x = DMatrix::zeros(2, 400);
    x[(1, 399)] = f64::NAN;
    let mut visited = 0;
    let error = predictor.predict_each(&x, |_, _| visited += 1).unwrap_err();
    assert!(matches!(error, Error::NonFiniteSample { what: "input", sample: 399, index: 1, .. }), "{error}");
    assert!(visited < 399, "not the block of the NaN");
    // What was left of it in the buffers does no harm.
    assert_eq!(predictor.predict(&[1.0, 2.0]).unwrap().values(), [1.0, 2.0]);
    predictor.predict_each(&DMatrix::zeros(2, 2), |_, p| assert_eq!(p.values(), [0.0, 0.0])).unwrap();

    let narrow = DMatrix::from_row_slice(2, 2, &[0.0, 1e-30, 0.0, 1.0]);
    let scaler = Standardize.fit(&Dataset::new(narrow.clone(), narrow).unwrap()).unwrap();
    let network = Network::<f32, Linear, _>::new(&[2, 1], Linear, Linear, &ScaledGaussian, 1).unwrap();
    let meaning = Meaning::new(Task::Regression).with_input_scaler(scaler);
    let error = Predictor::new(network, meaning).unwrap().predict(&[1e20, 0.0]).map(|_| ()).unwrap_err();
    assert!(matches!(error, Error::NonFiniteSample { what: "scaled input", index: 0, .. }), "{error}");
}

#[test]
fn a_file_with_a_meaning_that_does_not_fit_is_an_error() {
    use gradus::persist::Model;

    let description = Meaning::new(Task::Classes).with_class_names(&["a", "b", "c"]);
    let bytes = Model { network: identity(2), description }.to_bytes().unwrap();
    let error = Predictor::<f64>::from_bytes(&bytes).unwrap_err();
    assert!(error.to_string().contains("names of classes"), "{error}");
    // What a predictor writes, a model reads.
    let predictor = Predictor::new(identity(2), Meaning::new(Task::Regression)).unwrap();
    let model =
        Model::<Network<f64, Linear, Linear>, Meaning>::from_bytes(&predictor.to_bytes().unwrap()).unwrap();
    assert_eq!((model.network, model.description), predictor.into_parts());
}

/// From the text of a table to names, by rows and by files, before and after saving.
#[cfg(feature = "csv")]
#[test]
fn rows_of_text_are_predicted_as_the_table_is() {
    let mut text = "size,colour,weight,fruit\n".to_owned();
    for i in 0..40 {
        text +=
            &format!("{},{},{},{}\n", i % 7, ["red", "green", "blue"][i % 3], i * i, ["fig", "date"][i % 2]);
    }
    let csv = Csv::new().target("fruit");
    let table: Table<f64> = csv.read(text.as_bytes(), "fruit.csv").unwrap();
    let scaler = Standardize.fit(&table.data).unwrap();
    let network = Network::<f64, _, _>::new(&[5, 4, 2], Tanh, Softmax::default(), &LargeGaussian, 3).unwrap();
    let meaning = table.meaning().with_input_scaler(scaler);
    let mut predictor = Predictor::new(network, meaning).unwrap();
    let mut loaded = Predictor::<f64>::from_bytes(&predictor.to_bytes().unwrap()).unwrap();

    let mut names = Vec::new();
    predictor
        .predict_each(&inputs(&table.data), |_, p| names.push(p.class_name().unwrap().to_owned()))
        .unwrap();
    assert!(names.contains(&"fig".to_owned()) && names.contains(&"date".to_owned()));
    for (line, name) in text.lines().skip(1).zip(&names) {
        let row: Vec<&str> = line.split(',').take(3).collect();
        assert_eq!(predictor.predict_row(&row).unwrap().class_name(), Some(&name[..]));
        assert_eq!(loaded.predict_row(&row).unwrap().class_name(), Some(&name[..]));
    }
    // Another order of the columns, and no target.
    let columns = loaded.meaning().columns().unwrap().clone();
    let x = csv.read_inputs(&columns, "colour,weight,size\nred,9,3\n".as_bytes(), "new.csv").unwrap();
    let row = predictor.predict_row(&["3", "red", "9"]).unwrap().outputs().to_vec();
    loaded.predict_each(&x, |_, p| assert_eq!(p.outputs(), row)).unwrap();
    for (row, says) in
        [(&["3", "pink", "9"][..], "`pink` did not occur"), (&["3", "red"], "2 values were given")]
    {
        let error = loaded.predict_row(row).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
}
