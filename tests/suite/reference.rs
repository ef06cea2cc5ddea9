//! Activations and costs against PyTorch and mpmath; see ../fixtures/parts.py.

use gradus::prelude::*;

const FIXTURE: &str = include_str!("../fixtures/parts.txt");

/// The fields of each line that begins with `kind`, with its number.
fn lines(kind: &str) -> impl Iterator<Item = (usize, &'static str, Vec<DMatrix<f64>>)> {
    (1..).zip(FIXTURE.lines()).filter(move |(_, line)| line.split(' ').next() == Some(kind)).map(
        |(number, line)| {
            let mut fields = line.split(" | ");
            let name = fields.next().unwrap();
            let column = |text: &str| {
                let values: Vec<f64> = text.split(' ').map(|value| value.parse().unwrap()).collect();
                DMatrix::from_column_slice(values.len(), 1, &values)
            };
            (number, name, fields.map(column).collect())
        },
    )
}

/// Says which line is wrong if `found` is further than 10⁻¹² from `wanted`, relatively where it is above 1.
fn differences(found: &DMatrix<f64>, wanted: &DMatrix<f64>, number: usize, what: &str) -> Vec<String> {
    let pairs = found.iter().zip(wanted).filter(|(f, w)| {
        let agree = (**f - **w).abs() <= 1e-12 * w.abs().max(1.0);
        !agree
    });
    let line = FIXTURE.lines().nth(number - 1).unwrap();
    pairs.map(|(f, w)| format!("parts.txt, line {number}: {what} is {f:e}, not {w:e}: {line}")).collect()
}

#[test]
fn activations_agree_with_pytorch() {
    let (mut names, mut wrong) = (std::collections::BTreeSet::new(), Vec::new());
    for (number, name, fields) in lines("activation") {
        let [z, a, g, pulled] = &fields[..] else { panic!("line {number} has {} fields", fields.len()) };
        let f: AnyActivation = name.split_once(' ').unwrap().1.parse().unwrap();
        let (mut found, mut grad) = (z.clone(), g.clone());
        f.activate(z, &mut found);
        f.pull_back(z, &found, &mut grad);
        wrong.extend(differences(&found, a, number, "the value"));
        wrong.extend(differences(&grad, pulled, number, "the derivative"));
        names.insert(f.to_string().split('(').next().unwrap().to_owned());
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(names.len(), AnyActivation::NAMES.len(), "every activation is in the fixture: {names:?}");
}

/// Compares C and δ with the line.
fn compare<C, A>(cost: C, output: A, (number, _, fields): &(usize, &str, Vec<DMatrix<f64>>)) -> Vec<String>
where
    C: Cost<f64, A>,
    A: Activation<f64>,
{
    let [z, y, value, gradient] = &fields[..] else { panic!("line {number} has {} fields", fields.len()) };
    cost.check_targets(y, 0).unwrap_or_else(|error| panic!("line {number}: {error}"));
    let (mut a, mut delta) = (z.clone(), z.clone());
    output.activate(z, &mut a);
    cost.delta(&output, z, &a, y, &mut delta);
    let found = DMatrix::from_element(1, 1, cost.value(&output, z, &a, y));
    let mut wrong = differences(&found, value, *number, "the value");
    wrong.extend(differences(&delta, gradient, *number, "the derivative"));
    wrong
}

#[test]
fn costs_agree_with_pytorch() {
    let (mut count, mut wrong) = (0, Vec::new());
    for line in lines("cost") {
        count += 1;
        let words: Vec<&str> = line.1.split([' ', '(', ')']).filter(|word| !word.is_empty()).collect();
        let setting = words[2..words.len() - 1].first().map_or(f64::NAN, |word| word.parse().unwrap());
        wrong.extend(match (words[1], words[words.len() - 1]) {
            ("quadratic", "linear") => compare(Quadratic, Linear, &line),
            ("quadratic", "tanh") => compare(Quadratic, Tanh, &line),
            ("cross_entropy", "sigmoid") => compare(CrossEntropy, Sigmoid, &line),
            ("log_likelihood", "softmax") => compare(LogLikelihood, Softmax::default(), &line),
            ("huber", "linear") => compare(Huber::new(setting).unwrap(), Linear, &line),
            ("log_cosh", "linear") => compare(LogCosh, Linear, &line),
            ("quantile", "linear") => compare(Quantile::new(setting).unwrap(), Linear, &line),
            ("poisson", "exponential") => compare(Poisson, Exponential, &line),
            ("focal", "sigmoid") => compare(Focal::new(setting).unwrap(), Sigmoid, &line),
            ("focal", "softmax") => compare(Focal::new(setting).unwrap(), Softmax::default(), &line),
            ("label_smoothing", "sigmoid") => compare(LabelSmoothing::new(setting).unwrap(), Sigmoid, &line),
            ("label_smoothing", "softmax") => {
                compare(LabelSmoothing::new(setting).unwrap(), Softmax::default(), &line)
            }
            ("gaussian_nll", "linear") => compare(GaussianNll::new(setting).unwrap(), Linear, &line),
            pair => panic!("line {}: no cost {pair:?}", line.0),
        });
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(count, 18 * 6);
}

/// Relative errors, also in the tail: below 4 ε for the Mills ratio, (8 + z²) ε for GELU.
#[test]
fn the_normal_distribution_agrees_with_40_digits() {
    for (number, _, fields) in lines("mills") {
        let (x, wanted) = (fields[0][0], fields[1][0]);
        let error = (x.fast_mills_ratio() / wanted - 1.0).abs() / f64::EPSILON;
        assert!(error < 4.0, "parts.txt, line {number}: off by {error} ε at {x}");
        let error = (f64::from((x as f32).fast_mills_ratio()) / wanted - 1.0).abs() / f64::from(f32::EPSILON);
        assert!(error < 4.0, "parts.txt, line {number}: off by {error} ε at {x} in f32");
    }
    for (number, _, fields) in lines("gelu") {
        let (z, value, derivative) = (fields[0][0], fields[1][0], fields[2][0]);
        let bound = (8.0 + z * z) * f64::EPSILON;
        let found = Gelu::eval(z);
        assert!(
            (found - value).abs() <= bound * value.abs(),
            "parts.txt, line {number}: {found:e} for {value:e}"
        );
        // Φ(z) and z φ(z) cancel near the root at −0.75.
        let (found, size) = (Gelu::derivative(z), if z.abs() < 2.0 { 1.0 } else { derivative.abs() });
        let error = (found - derivative).abs();
        assert!(error <= 2.0 * bound * size, "parts.txt, line {number}: {found:e} for {derivative:e}");
    }
}
