//! Epochs are judged by what fits the task, and rules read what they name.

use std::ops::ControlFlow;

use gradus::prelude::*;
use gradus::{Error, Result};
use proptest::prelude::*;

/// y = 3 + x² on 200 points: every target is above ½, so that "accuracy" would be 1 from the first epoch on.
fn parabola() -> Result<Dataset<f64>> {
    let x = DMatrix::from_fn(1, 200, |_, j| j as f64 / 100.0 - 1.0);
    Dataset::new(x.clone(), x.map(|x| 3.0 + x * x))
}

fn regression(stop: impl StoppingRule + 'static, schedule: impl LrSchedule + 'static) -> Result<Report<f64>> {
    let data = parabola()?;
    let mut network = Network::new(&[1, 8, 1], Tanh, Linear, &ScaledGaussian, 0)?;
    let trainer = Trainer::new(Quadratic).schedule(schedule).stop(stop);
    trainer.fit(&mut network, &data, Some(&data))
}

fn validation_costs(report: &Report<f64>) -> Vec<f64> {
    report.history.values(&Metric::validation_cost()).map(|(_, cost)| cost).collect()
}

/// Issue: a network of epoch 1 was kept, and rules stopped at once.
#[test]
fn a_regression_is_judged_by_its_cost() -> Result<()> {
    let eta = || Constant::new(0.1);
    let report = regression(MaxEpochs::new(30)?, eta()?)?;
    let costs = validation_costs(&report);
    let best = (1..=30).min_by(|&a, &b| costs[a - 1].total_cmp(&costs[b - 1]));
    assert_eq!(Some(report.kept_epoch), best);
    assert!(costs[report.kept_epoch - 1] < 0.01 && report.kept_epoch > 20, "{costs:?}");
    let text = report.to_string();
    assert!(text.contains("best validation cost") && text.contains("R² 0.9"), "{text}");
    assert!(!text.contains("accuracy") && !text.contains('%'), "{text}");
    let scores = report.kept().and_then(|record| record.validation.as_ref()).unwrap();
    assert_eq!(scores.task(), Task::Regression);
    let names: Vec<&str> = scores.iter().map(|score| &*score.name).collect();
    assert_eq!(names, ["cost", "R²"]);

    // A target for a metric that is not named is one for the cost.
    let report = regression(Target::new(Metric::default(), 0.02)?.or(MaxEpochs::new(30)?), eta()?)?;
    assert!(matches!(&report.stop_reason, StopReason::Target { metric, reached, .. }
        if metric == "validation cost" && *reached <= 0.02));
    // Each rule acts where the same rule by name does, and not as on an accuracy that is always 1.
    let cost = Metric::validation_cost;
    let all = || MaxEpochs::new(60);
    let epochs = |rule: Box<dyn StoppingRule>| Result::Ok(regression(rule.or(all()?), eta()?)?.history.len());
    let rates = |schedule: HalveOnPlateau| {
        let history = regression(MaxEpochs::new(20)?, schedule)?.history;
        Result::Ok(history.epochs().iter().map(|record| record.learning_rate).collect::<Vec<_>>())
    };
    for n in [1, 2, 5] {
        let none = epochs(Box::new(NoImprovement::new(n)?))?;
        assert_eq!(none, epochs(Box::new(NoImprovement::new(n)?.monitor(cost())))?);
        let average = epochs(Box::new(RollingAverage::new(n)?))?;
        assert_eq!(average, epochs(Box::new(RollingAverage::new(n)?.monitor(cost())))?);
        let halved = rates(HalveOnPlateau::new(0.1, n)?)?;
        assert_eq!(halved, rates(HalveOnPlateau::new(0.1, n)?.monitor(cost()))?);
        assert!(n < 5 || (none > 6 && average > 10 && halved[6] == 0.1), "{none} {average} {halved:?}");
    }
    Ok(())
}

/// Issue: with one Tanh output every sign may be right while the threshold ½ counts half of them wrong.
#[test]
fn two_classes_of_plus_and_minus_one() -> Result<()> {
    let x = DMatrix::from_row_slice(1, 4, &[-2.0, -1.0, 0.3, 0.2]);
    let y = x.map(|x| if x > 0.0 { 1.0 } else { -1.0 });
    let data = Dataset::new(x, y)?;
    let mut network = Network::new(&[1, 1], Tanh, Tanh, &ScaledGaussian, 1)?;
    network.parameters_mut().for_each(|parameters| parameters.fill(0.0));
    network.output_mut().weights.fill(1.0);
    let evaluation = evaluate(&network, &Quadratic, &data)?;
    assert_eq!(evaluation.scores.task(), Task::Binary { threshold: 0.0 });
    assert_eq!(evaluation.scores.accuracy(), 1.0);
    let confusion = evaluation.confusion.unwrap();
    assert_eq!((confusion.get(0, 0), confusion.get(1, 1)), (2, 2));
    assert_eq!((0..4).map(|i| data.label(i)).collect::<Vec<_>>(), [Some(0), Some(0), Some(1), Some(1)]);
    // A validation set of one class is of the same task as the training set.
    let ones = Dataset::new(DMatrix::from_element(1, 1, 0.1), DMatrix::from_element(1, 1, 1.0))?;
    let trainer = Trainer::new(Quadratic).schedule(Constant::new(1e-6)?).stop(MaxEpochs::new(1)?);
    let report = trainer.fit(&mut network, &data, Some(&ones))?;
    let validation = report.history.last().and_then(|record| record.validation.as_ref()).unwrap();
    assert_eq!((validation.task(), validation.accuracy()), (Task::Binary { threshold: 0.0 }, 1.0));
    Ok(())
}

/// Issue: 24 bits, all right, were 0.875 by an argmax.
#[test]
fn independent_labels_count_one_by_one() -> Result<()> {
    let bits = DMatrix::from_fn(3, 8, |i, j| ((j >> i) & 1) as f64);
    let data = Dataset::new(bits.clone(), bits)?;
    let mut network = Network::new(&[3, 3], Sigmoid, Sigmoid, &ScaledGaussian, 1)?;
    network.output_mut().weights.copy_from(&(DMatrix::identity(3, 3) * 20.0));
    network.output_mut().biases.fill(-10.0);
    let evaluation = evaluate(&network, &CrossEntropy, &data)?;
    assert_eq!(evaluation.scores.task(), Task::Labels { threshold: 0.5 });
    assert_eq!((evaluation.scores.accuracy(), evaluation.confusion), (1.0, None));
    assert_eq!(data.label(3), None);
    // One wrong bit in each of the eight samples.
    network.output_mut().weights[(1, 1)] = -20.0;
    network.output_mut().biases[1] = 10.0;
    let accuracy = evaluate(&network, &CrossEntropy, &data)?.scores.accuracy();
    assert_eq!(accuracy, 16.0 / 24.0);
    Ok(())
}

/// Issue: an evaluation of n outputs took n² of memory. Here it would be 80 GB.
#[test]
fn an_evaluation_of_many_outputs_is_small() -> Result<()> {
    let n = 100_000;
    let data = Dataset::new(DMatrix::from_element(1, 3, 0.5), DMatrix::from_fn(n, 3, |i, j| (i + j) as f64))?;
    let network = Network::<f64, Linear, _>::new(&[1, n], Linear, Linear, &ScaledGaussian, 1)?;
    let evaluation = evaluate(&network, &Quadratic, &data)?;
    assert_eq!(evaluation.confusion, None);
    let one_hot =
        Dataset::new(DMatrix::zeros(1, 1), DMatrix::from_fn(n, 1, |i, _| f64::from(u8::from(i == 7))))?;
    let evaluation = evaluate(&network, &Quadratic, &one_hot)?;
    assert_eq!((evaluation.scores.task(), evaluation.confusion), (Task::Classes, None));
    for n in [0, 1, 1 << 16, usize::MAX] {
        let name = "number of classes";
        assert!(matches!(ConfusionMatrix::new(n), Err(Error::Setting { name: found, .. }) if found == name));
    }
    Ok(())
}

/// Issue: `keep_best` by the training cost kept epoch 4 by its running cost, and reported 0.0019 for 0.0476.
#[test]
fn the_best_training_cost_is_that_of_the_kept_parameters() -> Result<()> {
    let data = Dataset::new(DMatrix::from_element(1, 1, 1.0), DMatrix::from_element(1, 1, 1.0))?;
    let mut network = Network::new(&[1, 1], Linear, Linear, &ScaledGaussian, 1)?;
    network.parameters_mut().for_each(|parameters| parameters.fill(0.0));
    let trainer = Trainer::new(Quadratic)
        .optimizer(Momentum::new(0.9)?)
        .schedule(Constant::new(0.1)?)
        .keep_best(Metric::training_cost())
        .stop(MaxEpochs::new(6)?);
    let report = trainer.fit(&mut network, &data, None)?;
    let kept = report.kept().unwrap();
    let measured = evaluate(&network, &Quadratic, &data)?.scores;
    assert_eq!(kept.training.as_ref(), Some(&measured));
    for record in report.history.epochs() {
        assert!(record.training_cost() >= kept.training_cost());
    }
    assert_ne!(kept.training_cost(), kept.running_cost);
    Ok(())
}

/// What a rule, a schedule or the trainer names is measured, on the data that it names, and nothing else is.
#[test]
fn what_is_named_is_measured() -> Result<()> {
    let data = Dataset::<f64>::synthetic_digits(60, 1)?;
    let names = |trainer: Trainer<f64, LogLikelihood>, validation: Option<&dyn Samples<f64>>| {
        let mut network = Network::new(&[784, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1)?;
        let report = trainer.fit(&mut network, &data, validation)?;
        let record = report.history.last().unwrap().clone();
        let names = |scores: Option<Scores>| -> Option<Vec<String>> {
            scores.map(|scores| scores.iter().map(|score| score.name.to_string()).collect())
        };
        Result::Ok((names(record.training), names(record.validation)))
    };
    let new = || Result::Ok(Trainer::new(LogLikelihood).stop(MaxEpochs::new(2)?));
    let list = |names: &[&str]| Some(names.iter().map(|name| name.to_string()).collect::<Vec<_>>());
    let usual = list(&["cost", "accuracy"]);
    assert_eq!(names(new()?, None)?, (None, None));
    assert_eq!(names(new()?, Some(&data))?, (None, usual.clone()));
    assert_eq!(names(new()?.monitor_training(true), None)?, (usual.clone(), None));
    let f1 = list(&["cost", "accuracy", "macro F1"]);
    assert_eq!(names(new()?.measure(F1::macro_average()), Some(&data))?, (None, f1.clone()));
    let rule = NoImprovement::new(5)?.monitor(Metric::training(F1::macro_average()));
    assert_eq!(names(new()?.stop(rule.or(MaxEpochs::new(2)?)), None)?, (f1.clone(), None));
    let schedule = HalveOnPlateau::new(0.5, 5)?.monitor(Metric::validation(F1::macro_average()));
    assert_eq!(names(new()?.schedule(schedule), Some(&data))?, (None, f1.clone()));
    assert_eq!(names(new()?.keep_best(Metric::training(F1::macro_average())), None)?, (f1, None));
    // Named twice, measured once.
    assert_eq!(names(new()?.measure(Accuracy).measure(MeanCost), Some(&data))?, (None, usual));
    Ok(())
}

/// A measure that the task has no meaning for is an error before the first step.
#[test]
fn measures_that_are_not_defined() -> Result<()> {
    let data = parabola()?;
    let initial = Network::new(&[1, 2, 1], Tanh, Linear, &ScaledGaussian, 0)?;
    let mut network = initial.clone();
    let trainer = Trainer::new(Quadratic).measure(Accuracy);
    let error = trainer.fit(&mut network, &data, None).unwrap_err();
    assert!(matches!(&error, Error::Measure { task: Task::Regression, .. }), "{error:?}");
    assert!(error.to_string().starts_with("accuracy is not defined for regression: "), "{error}");
    assert_eq!(network, initial);

    #[derive(Debug)]
    struct Impostor;
    impl Measure for Impostor {
        fn name(&self) -> std::borrow::Cow<'static, str> {
            "cost".into()
        }
        fn direction(&self) -> Direction {
            Direction::LowerIsBetter
        }
        fn meter(&self, _: Task, _: usize) -> Result<Box<dyn Meter>> {
            Ok(Box::new(Mean::new(|_, _| 0.0)))
        }
    }
    let trainer = Trainer::new(Quadratic).measure(Impostor);
    assert!(
        matches!(trainer.fit(&mut network, &data, None), Err(Error::SameName { name }) if name == "cost")
    );
    Ok(())
}

/// Issue: `usize::MAX` epochs of patience overflowed, and stopped after epoch 1.
#[test]
fn endless_patience() -> Result<()> {
    let history = History::from_validation_accuracies(&[0.5; 40]);
    for n in [usize::MAX, usize::MAX - 1, 1 << 63, 40] {
        assert_eq!(NoImprovement::new(n)?.replay(&history), None);
        assert_eq!(RollingAverage::new(n)?.replay(&history), None);
        let progress = Progress { epoch: 41, history: &history };
        assert_eq!(HalveOnPlateau::new(0.5, n)?.rate(&progress), Some(0.5));
    }
    Ok(())
}

/// Every value of a history comes back from JSON to the bit, with what follows from it.
#[test]
fn a_history_survives_json() {
    let values = [
        0.1,
        -0.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        -f64::NAN,
        f64::from_bits(0x7ff8_0000_0000_0abc),
        f64::MIN_POSITIVE / 8.0,
        1e300 / 3.0,
    ];
    let mut history = History::new();
    for (epoch, &value) in (1..).zip(&values) {
        let scores =
            Scores::new(Task::Regression, vec![Score::new(&MeanCost, value), Score::new(&R2, -value)]);
        history.push(EpochRecord {
            epoch,
            learning_rate: value,
            seconds: value,
            running_cost: value,
            penalty: value,
            training: Some(scores.clone()),
            validation: (epoch % 2 == 0).then_some(scores),
        });
    }
    let text = serde_json::to_string(&history).unwrap();
    let back: History = serde_json::from_str(&text).unwrap();
    let bits = |history: &History| -> Vec<u64> {
        let of = |record: &EpochRecord| {
            let EpochRecord { learning_rate, seconds, running_cost, penalty, training, validation, .. } =
                record;
            let scores = training.iter().chain(validation).flatten().map(|score| score.value);
            let all = [*learning_rate, *seconds, *running_cost, *penalty].into_iter().chain(scores);
            all.map(f64::to_bits).collect::<Vec<_>>()
        };
        history.epochs().iter().flat_map(of).collect()
    };
    assert_eq!(bits(&back), bits(&history));
    for metric in
        [Metric::training_cost(), Metric::validation_cost(), Metric::validation(R2), Metric::default()]
    {
        assert_eq!(
            back.best(&metric).map(|(e, v)| (e, v.to_bits())),
            history.best(&metric).map(|(e, v)| (e, v.to_bits()))
        );
        assert_eq!(back.plateaus(&metric, 2), history.plateaus(&metric, 2));
    }
    let again = serde_json::to_string(&back).unwrap();
    assert_eq!(again, text);
    let reason =
        StopReason::Target { metric: "validation cost".to_owned(), target: 0.0, reached: f64::NEG_INFINITY };
    let text = serde_json::to_string(&reason).unwrap();
    assert_eq!(serde_json::from_str::<StopReason>(&text).unwrap(), reason);
    for wrong in ["\"nan\"", "\"7ff0000000000000\"", "\"\"", "null", "[]"] {
        let text = serde_json::to_string(&Score::new(&R2, 0.5)).unwrap().replace("0.5", wrong);
        assert!(serde_json::from_str::<Score>(&text).is_err(), "{wrong}");
    }
}

fn finder(parts: &[DMatrix<f64>]) -> Task {
    let mut finder = gradus::data::TaskFinder::new();
    parts.iter().for_each(|part| finder.add(part));
    finder.finish()
}

/// The rules of the table on the page of `Task`, read one by one.
fn task_by_hand(y: &DMatrix<f64>) -> Task {
    let all = |allowed: [f64; 2]| y.iter().all(|y| allowed.contains(y));
    let columns = |f: &dyn Fn(Vec<f64>) -> bool| y.column_iter().all(|c| f(c.iter().copied().collect()));
    let one = &|c: Vec<f64>| c.iter().filter(|&&v| v == 1.0).count() == 1;
    let distribution =
        &|c: Vec<f64>| c.iter().all(|&v| v >= 0.0) && (c.iter().sum::<f64>() - 1.0).abs() < 1e-5;
    match y.nrows() {
        1 if all([0.0, 1.0]) => Task::Binary { threshold: 0.5 },
        1 if all([-1.0, 1.0]) => Task::Binary { threshold: 0.0 },
        1 => Task::Regression,
        _ if columns(distribution) || (all([-1.0, 1.0]) && columns(one)) => Task::Classes,
        _ if all([0.0, 1.0]) => Task::Labels { threshold: 0.5 },
        _ if all([-1.0, 1.0]) => Task::Labels { threshold: 0.0 },
        _ => Task::Regression,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tasks_are_found_as_the_table_says(
        rows in 1usize..4, values in prop::collection::vec(0usize..3, 1..24), kind in 0usize..5, cut in 0usize..8,
    ) {
        let n = (values.len() / rows).max(1);
        let of = |i: usize| values[i % values.len()];
        let y = DMatrix::from_fn(rows, n, |i, j| match kind {
            0 => (of(i + rows * j) % 2) as f64,
            1 => (of(i + rows * j) % 2) as f64 * 2.0 - 1.0,
            2 => f64::from(u8::from(of(j) % rows == i)),
            3 => f64::from(u8::from(of(j) % rows == i)) * 2.0 - 1.0,
            _ => of(i + rows * j) as f64 / 2.0,
        });
        let wanted = task_by_hand(&y);
        prop_assert_eq!(Task::of(&y), wanted);
        // In blocks, and as single precision.
        let cut = cut.min(n);
        let parts = [y.columns(0, cut).into_owned(), y.columns(cut, n - cut).into_owned()];
        prop_assert_eq!(finder(&parts), wanted);
        prop_assert_eq!(Task::of(&y.map(|y| y as f32)), wanted);
        // A data set, its parts, and an evaluation agree on every sample.
        let data = Dataset::new(DMatrix::zeros(1, n), y.clone()).unwrap();
        prop_assert_eq!(data.task(), wanted);
        let part = data.slice(n / 2..n).unwrap();
        for j in 0..part.len() {
            prop_assert_eq!(part.label(j), wanted.class(y.column(n / 2 + j).as_slice()));
        }
        let network = Network::<f64, Linear, _>::new(&[1, rows], Linear, Linear, &ScaledGaussian, 1).unwrap();
        if let Some(confusion) = evaluate(&network, &Quadratic, &data).unwrap().confusion {
            for class in 0..confusion.n_classes() {
                let row: u64 = (0..confusion.n_classes()).map(|other| confusion.get(class, other)).sum();
                let labels = (0..n).filter(|&j| data.label(j) == Some(class)).count();
                prop_assert_eq!(row, labels as u64);
            }
        }
    }
}

/// A user's source that knows its task, and one that does not: found from its targets.
#[test]
fn sources_with_and_without_a_task() -> Result<()> {
    #[derive(Debug)]
    struct Source(Option<Task>);
    impl Samples<f64> for Source {
        fn len(&self) -> usize {
            600
        }
        fn n_inputs(&self) -> usize {
            1
        }
        fn n_outputs(&self) -> usize {
            1
        }
        fn gather(
            &self,
            _: u64,
            indices: &[usize],
            x: &mut DMatrix<f64>,
            y: &mut DMatrix<f64>,
        ) -> Result<()> {
            for (column, &index) in indices.iter().enumerate() {
                (x[column], y[column]) = (0.5, (index % 2) as f64);
            }
            Ok(())
        }
        fn task(&self) -> Option<Task> {
            self.0
        }
    }
    let network = Network::<f64, Linear, _>::new(&[1, 1], Linear, Linear, &ScaledGaussian, 1)?;
    let task = |source: Source| -> Result<Task> {
        let evaluated = evaluate(&network, &Quadratic, &source)?.scores.task();
        let trainer = Trainer::new(Quadratic).stop(MaxEpochs::new(1)?).monitor_training(true);
        let report = trainer.fit(&mut network.clone(), &source, Some(&source))?;
        let trained = report.history.last().and_then(|record| record.training.as_ref()).unwrap().task();
        assert_eq!(trained, evaluated);
        Ok(trained)
    };
    assert_eq!(task(Source(None))?, Task::Binary { threshold: 0.5 });
    assert_eq!(task(Source(Some(Task::Regression)))?, Task::Regression);
    // What one output cannot serve is not believed.
    assert_eq!(task(Source(Some(Task::Classes)))?, Task::Binary { threshold: 0.5 });
    Ok(())
}

#[derive(serde::Deserialize)]
struct Fixture {
    cases: Vec<Case>,
}

/// Outputs and targets, sample by sample, and the values of scikit-learn by name.
#[derive(serde::Deserialize)]
struct Case {
    task: String,
    outputs: Vec<Vec<f64>>,
    targets: Vec<Vec<f64>>,
    weights: Vec<f64>,
    values: std::collections::BTreeMap<String, f64>,
}

/// Every measure that the fixture may name.
fn measures() -> Vec<Box<dyn Measure>> {
    let mut all: Vec<Box<dyn Measure>> =
        vec![Box::new(Accuracy), Box::new(BalancedAccuracy), Box::new(R2), Box::new(MeanAbsoluteError)];
    for class in 0..6 {
        all.push(Box::new(Precision::of_class(class)));
        all.push(Box::new(Recall::of_class(class)));
        all.push(Box::new(F1::of_class(class)));
        all.push(Box::new(TopK::new(class + 1).unwrap()));
    }
    all.extend(
        [Precision::macro_average(), Precision::micro_average(), Precision::weighted_average()].map(boxed),
    );
    all.extend([Recall::macro_average(), Recall::micro_average(), Recall::weighted_average()].map(boxed));
    all.extend([F1::macro_average(), F1::micro_average(), F1::weighted_average()].map(boxed));
    all
}

fn boxed(measure: impl Measure + 'static) -> Box<dyn Measure> {
    Box::new(measure)
}

/// Every value of scikit-learn, on data of every task, to 1e-12.
#[test]
fn measures_agree_with_scikit_learn() {
    let fixture: Fixture = serde_json::from_str(include_str!("../fixtures/measures.json")).unwrap();
    let (measures, mut compared) = (measures(), 0);
    for (number, case) in fixture.cases.iter().enumerate() {
        let matrix =
            |samples: &[Vec<f64>]| DMatrix::from_fn(samples[0].len(), samples.len(), |i, j| samples[j][i]);
        let (outputs, targets) = (matrix(&case.outputs), matrix(&case.targets));
        let task = Task::of(&targets);
        let named = match task {
            Task::Classes => "classes",
            Task::Binary { .. } => "binary",
            Task::Labels { .. } => "labels",
            Task::Regression => "regression",
        };
        assert_eq!(case.task, named, "case {number}");
        for (name, &wanted) in &case.values {
            let measure = measures.iter().find(|measure| measure.name() == *name).unwrap();
            let mut meter = measure.meter(task, outputs.nrows()).unwrap();
            let costs = vec![0.0; case.weights.len()];
            meter
                .add(&Scored { outputs: &outputs, targets: &targets, weights: &case.weights, costs: &costs })
                .unwrap();
            let found = meter.value();
            assert!(
                (found - wanted).abs() <= 1e-12 * wanted.abs().max(1.0),
                "case {number}: {name} {found}, not {wanted}"
            );
            compared += 1;
        }
    }
    assert!(compared > 500, "{compared} values compared");
}

#[test]
fn measures_are_lawful() {
    for measure in measures().into_iter().chain([boxed(MeanCost)]) {
        if !measure.name().ends_with(" of class 5")
            && !["top-4", "top-5", "top-6"].iter().any(|k| measure.name().starts_with(k))
            && !measure.name().ends_with(" of class 4")
        {
            gradus::check::measure(&measure).unwrap();
        }
    }
}

#[derive(serde::Deserialize)]
struct Rates {
    cases: Vec<RateCase>,
}

/// The settings of a schedule, and PyTorch's rate before each step.
#[derive(serde::Deserialize)]
struct RateCase {
    schedule: String,
    eta: f64,
    rates: Vec<f64>,
    #[serde(default)]
    last: f64,
    #[serde(default)]
    rise: f64,
    #[serde(default)]
    initial: f64,
    #[serde(default)]
    start: f64,
    #[serde(default)]
    steps: usize,
}

impl RateCase {
    /// The schedule for a run in which each epoch has `per_epoch` of the steps.
    fn schedule(&self, per_epoch: usize) -> Result<Box<dyn LrSchedule>> {
        let epochs = self.rates.len() / per_epoch;
        Ok(match &*self.schedule {
            "cosine" => Box::new(Cosine::new(self.eta, epochs)?.down_to(self.last)?),
            "one cycle" => {
                Box::new(OneCycle::new(self.eta, epochs)?.rise(self.rise)?.divisors(self.initial, self.last)?)
            }
            _ => {
                let epochs = self.steps as f64 / per_epoch as f64;
                Box::new(WarmUp::new(epochs, Constant::new(self.eta)?)?.from(self.start)?)
            }
        })
    }
}

/// Every rate of PyTorch's schedulers to 1e-12 of the highest, whether the steps are epochs or parts of epochs.
#[test]
fn schedules_agree_with_pytorch() -> Result<()> {
    let fixture: Rates = serde_json::from_str(include_str!("../fixtures/schedules.json")).unwrap();
    let history = History::new();
    let mut compared = 0;
    for case in &fixture.cases {
        for per_epoch in [1, 2, 3, 4, 12].into_iter().filter(|m| case.rates.len() % m == 0) {
            let schedule = case.schedule(per_epoch)?;
            for (step, &wanted) in case.rates.iter().enumerate() {
                let progress = Progress { epoch: step / per_epoch + 1, history: &history };
                let done = (step % per_epoch) as f64 / per_epoch as f64;
                let rate = schedule.rate(&progress).unwrap();
                let found = schedule.rate_within(rate, &progress, done);
                assert!(
                    (found - wanted).abs() <= 1e-12 * case.eta,
                    "{schedule:?}, step {step}: {found}, not {wanted}"
                );
                assert!(done > 0.0 || (rate - wanted).abs() <= 1e-12 * case.eta);
                compared += 1;
            }
            gradus::check::schedule(&schedule)?;
        }
    }
    assert!(compared > 500, "{compared} rates compared");
    Ok(())
}

/// A warm-up is the product of a rising factor and whatever it wraps, also a schedule that reads a metric.
#[test]
fn a_warm_up_multiplies_any_schedule() -> Result<()> {
    let halving = HalveOnPlateau::new(0.8, 1)?.monitor(Metric::validation(Accuracy));
    let warm = WarmUp::new(4.0, halving.clone())?.from(0.2)?;
    assert_eq!(warm.metric(), halving.metric());
    let history = History::from_validation_accuracies(&[0.5; 2]);
    let progress = Progress { epoch: 3, history: &history };
    assert_eq!(halving.rate(&progress), Some(0.4));
    assert!((warm.rate(&progress).unwrap() - 0.6 * 0.4).abs() < 1e-15);
    assert!((warm.rate_within(0.24, &progress, 0.5) - 0.7 * 0.4).abs() < 1e-15);
    gradus::check::schedule(&warm)?;
    gradus::check::schedule(&WarmUp::new(0.5, OneCycle::new(0.3, 7)?)?)?;
    let long = Cosine::new(1e-3, 100_000)?;
    gradus::check::schedule(&long)
}

#[test]
fn settings_of_schedules_and_measures() {
    let refused = [
        (Cosine::new(0.0, 5).map(drop), "learning rate"),
        (Cosine::new(0.5, 0).map(drop), "epochs of the schedule"),
        (Cosine::new(0.5, 5).and_then(|c| c.down_to(0.6)).map(drop), "final learning rate"),
        (Cosine::new(0.5, 5).and_then(|c| c.down_to(f64::NAN)).map(drop), "final learning rate"),
        (OneCycle::new(f64::NAN, 5).map(drop), "learning rate"),
        (OneCycle::new(0.5, 5).and_then(|c| c.rise(1.0)).map(drop), "fraction of the rise"),
        (OneCycle::new(0.5, 5).and_then(|c| c.divisors(0.5, 2.0)).map(drop), "initial divisor"),
        (OneCycle::new(0.5, 5).and_then(|c| c.divisors(2.0, f64::INFINITY)).map(drop), "last divisor"),
        (Constant::new(0.5).and_then(|c| WarmUp::new(0.0, c)).map(drop), "warm-up epochs"),
        (Constant::new(0.5).and_then(|c| WarmUp::new(1.0, c)?.from(0.0)).map(drop), "initial fraction"),
        (TopK::new(0).map(drop), "k"),
    ];
    for (result, wanted) in refused {
        match result {
            Err(Error::Setting { name, .. }) => assert!(name.contains(wanted), "{name}"),
            other => panic!("{wanted}: {other:?}"),
        }
    }
}

/// Notes the learning rate of every step.
#[derive(Debug, Clone, Default)]
struct Watch(std::sync::Arc<std::sync::Mutex<Vec<f64>>>);

impl Observer<f64> for Watch {
    fn on_step(&self, running: &Running<'_, f64>) -> ControlFlow<()> {
        self.0.lock().unwrap().push(running.learning_rate);
        ControlFlow::Continue(())
    }
}

/// A live run takes every step with the rate that the schedule gives for it, and records that of the first.
#[test]
fn a_run_takes_each_step_with_its_own_rate() -> Result<()> {
    let data = parabola()?;
    let schedule = WarmUp::new(1.5, Cosine::new(0.1, 3)?)?;
    let seen = Watch::default();
    let trainer = Trainer::new(Quadratic).schedule(schedule).mini_batch(64).observe(seen.clone());
    let mut network = Network::new(&[1, 3, 1], Tanh, Linear, &ScaledGaussian, 0)?;
    let report = trainer.fit(&mut network, &data, None)?;
    assert_eq!((report.history.len(), report.stop_reason), (3, StopReason::ScheduleEnded));
    let history = History::new();
    let rate = |epoch, step: usize| {
        let progress = Progress { epoch, history: &history };
        let rate = schedule.rate(&progress).unwrap();
        (rate, schedule.rate_within(rate, &progress, step as f64 / 4.0))
    };
    let wanted: Vec<f64> =
        (1..=3).flat_map(|epoch| (0..4).map(move |step| (epoch, step))).map(|(e, s)| rate(e, s).1).collect();
    assert_eq!(*seen.0.lock().unwrap(), wanted);
    for record in report.history.epochs() {
        assert_eq!(record.learning_rate, rate(record.epoch, 0).0);
    }
    Ok(())
}

/// A history of a value per epoch, of which some are not measured.
fn with_gaps(values: &[Option<f64>], direction: Direction) -> History {
    let task = Task::Regression;
    let scores = |&value: &Option<f64>| {
        Some(Scores::new(task, vec![Score { direction, ..Score::new(&MeanCost, value?) }]))
    };
    let record = |(epoch, value)| EpochRecord {
        epoch,
        learning_rate: 0.1,
        seconds: 0.0,
        running_cost: 0.0,
        penalty: 0.0,
        training: scores(value),
        validation: None,
    };
    (1..).zip(values).map(record).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    /// The best epoch and the plateaus that a history keeps, against a search.
    #[test]
    fn a_history_knows_its_best_epoch_and_its_plateaus(
        values in prop::collection::vec(prop_oneof![
            8 => (0u8..6).prop_map(|i| Some(f64::from(i))), 1 => Just(None), 1 => Just(Some(f64::NAN))
        ], 0..40),
        patience in 0usize..5,
        higher in any::<bool>(),
    ) {
        let direction = if higher { Direction::HigherIsBetter } else { Direction::LowerIsBetter };
        let history = with_gaps(&values, direction);
        let metric = Metric::training_cost();
        let measured: Vec<(usize, f64)> =
            (1..).zip(&values).filter_map(|(epoch, &value)| Some((epoch, value?))).collect();
        let better = |a: f64, b: f64| if higher { a > b } else { a < b } || (b.is_nan() && !a.is_nan());
        let best = measured.iter().find(|(epoch, value)| {
            measured.iter().all(|&(other, v)| !better(v, *value) && (other >= *epoch || better(*value, v)))
        });
        prop_assert_eq!(history.best(&metric).map(|(epoch, _)| epoch), best.map(|best| best.0));

        let (mut top, mut since, mut plateaus) = (None, 0, 0);
        for (_, value) in measured {
            (top, since) = if top.is_none_or(|top| better(value, top)) { (Some(value), 0) } else { (top, since + 1) };
            if since == patience && patience > 0 {
                (since, plateaus) = (0, plateaus + 1);
            }
        }
        prop_assert_eq!(history.plateaus(&metric, patience), plateaus);
        let back: Vec<_> = history.values(&metric).rev().map(|(epoch, _)| epoch).collect();
        prop_assert!(back.is_sorted_by(|a, b| a > b));
    }
}

/// Asserts that a check finds the law broken whose text contains `law`.
fn assert_breaks(result: Result<()>, wanted: &str) {
    match result {
        Err(Error::Law { law, .. }) => assert!(law.contains(wanted), "{law}, not {wanted}"),
        other => panic!("{wanted}: {other:?}"),
    }
}

struct Rule<F>(F);

impl<F> std::fmt::Debug for Rule<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rule")
    }
}

impl<F: Fn(&History) -> bool + Send + Sync> StoppingRule for Rule<F> {
    fn check(&self, history: &History) -> ControlFlow<StopReason> {
        if (self.0)(history) { ControlFlow::Break(StopReason::Observer) } else { ControlFlow::Continue(()) }
    }
}

impl<F: Fn(&Progress<'_>, f64) -> f64 + Send + Sync> LrSchedule for Rule<F> {
    fn rate(&self, progress: &Progress<'_>) -> Option<f64> {
        Some((self.0)(progress, 0.0))
    }
    fn rate_within(&self, _rate: f64, progress: &Progress<'_>, done: f64) -> f64 {
        (self.0)(progress, done)
    }
}

fn nanoseconds() -> u32 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().subsec_nanos()
}

fn coin() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}

/// Issue: rules that read the clock or random numbers are caught.
#[test]
fn rules_that_depend_on_more_than_the_history() {
    let stop = |rule: &dyn StoppingRule| gradus::check::stopping_rule(rule);
    assert_breaks(stop(&Rule(|h: &History| !h.is_empty() && nanoseconds() / 100 % 2 == 0)), "same history");
    assert_breaks(stop(&Rule(|h: &History| !h.is_empty() && coin() % 2 == 0)), "same history");
    let slow = |h: &History| h.epochs().iter().map(|record| record.seconds).sum::<f64>() > 60.0;
    assert_breaks(stop(&Rule(slow)), "seconds");

    let schedule = |rule: &dyn LrSchedule| gradus::check::schedule(rule);
    let clock = |_: &Progress<'_>, _: f64| 0.1 + f64::from(nanoseconds()) * 1e-12;
    assert_breaks(schedule(&Rule(clock)), "same history");
    assert_breaks(schedule(&Rule(|_: &Progress<'_>, _: f64| 0.1 + (coin() % 2) as f64)), "same history");
    let within = |_: &Progress<'_>, done: f64| if done > 0.0 { 0.1 + (coin() % 2) as f64 } else { 0.1 };
    assert_breaks(schedule(&Rule(within)), "same history");
    let slow = |p: &Progress<'_>, _: f64| 0.1 + p.history.last().map_or(0.0, |record| record.seconds);
    assert_breaks(schedule(&Rule(slow)), "seconds");
}

/// Issue: a schedule that gives 0 somewhere is caught, however late.
#[test]
fn schedules_that_reach_zero() {
    let breaks = |rule: &dyn LrSchedule| assert_breaks(gradus::check::schedule(rule), "positive and finite");
    breaks(&Rule(|p: &Progress<'_>, _: f64| 0.5 * (1.0 - p.epoch as f64 / 777.0)));
    breaks(&Rule(|p: &Progress<'_>, _: f64| 0.5f64.powi(p.epoch as i32)));
    breaks(&Rule(|p: &Progress<'_>, _: f64| 0.95f64.powi(p.epoch as i32)));
    breaks(&Rule(|_: &Progress<'_>, done: f64| if done > 0.9 { 0.0 } else { 0.1 }));
    breaks(&Rule(|_: &Progress<'_>, done: f64| 0.1 / done.min(0.5)));
    breaks(&Rule(|_: &Progress<'_>, done: f64| 0.1 * (1.0 + (std::f64::consts::PI * done).cos())));
    gradus::check::schedule(&Rule(|p: &Progress<'_>, done: f64| 0.5 / (p.epoch as f64 + done))).unwrap();
}

/// A measure of a function over batches, with faults to choose.
#[derive(Debug, Clone, Copy)]
enum Faulty {
    /// The mean over batches, whatever their size.
    Batches,
    /// The first sample counts twice.
    Order,
    /// Blind for weights.
    Weights,
    /// A hit for what is not above the tolerance, such as NaN.
    Nan,
    /// Skips NaN.
    Skips,
    /// The wrong direction.
    Direction,
    /// Says that it is a fraction.
    Fraction,
    /// A new value each time.
    Coin,
    /// Defined for nothing.
    Nothing,
}

struct FaultyMeter(Faulty, Vec<(f64, f64)>);

impl Meter for FaultyMeter {
    fn add(&mut self, batch: &Scored<'_>) -> Result<()> {
        let mut pairs: Vec<(f64, f64)> = batch
            .samples()
            .map(|(a, y, w)| (a.iter().zip(y).map(|(a, y)| (a - y).abs()).sum::<f64>(), w))
            .collect();
        match self.0 {
            Faulty::Batches => {
                let weight: f64 = pairs.iter().map(|pair| pair.1).sum();
                let mean = pairs.iter().map(|(e, w)| e * w).sum::<f64>() / weight;
                pairs = vec![(mean, 1.0)];
            }
            Faulty::Order if self.1.is_empty() => pairs.insert(0, pairs[0]),
            Faulty::Weights => pairs.iter_mut().for_each(|pair| pair.1 = 1.0),
            Faulty::Nan => pairs.iter_mut().for_each(|pair| pair.0 = if pair.0 > 0.5 { 1.0 } else { 0.0 }),
            Faulty::Skips => pairs.retain(|pair| !pair.0.is_nan()),
            _ => {}
        }
        self.1.extend(pairs);
        Ok(())
    }

    fn value(&self) -> f64 {
        let weight: f64 = self.1.iter().map(|pair| pair.1).sum();
        let mean = self.1.iter().map(|(e, w)| e * w).sum::<f64>() / weight;
        if matches!(self.0, Faulty::Coin) { mean + (coin() % 2) as f64 } else { mean }
    }
}

impl Measure for Faulty {
    fn name(&self) -> std::borrow::Cow<'static, str> {
        "faulty".into()
    }
    fn direction(&self) -> Direction {
        match self {
            Self::Direction => Direction::HigherIsBetter,
            _ => Direction::LowerIsBetter,
        }
    }
    fn is_fraction(&self) -> bool {
        matches!(self, Self::Fraction)
    }
    fn meter(&self, task: Task, _: usize) -> Result<Box<dyn Meter>> {
        match self {
            Self::Nothing => Err(Error::Measure { measure: self.name().into(), task, why: String::new() }),
            _ => Ok(Box::new(FaultyMeter(*self, Vec::new()))),
        }
    }
}

#[test]
fn measures_that_break_their_laws() {
    for (faulty, law) in [
        (Faulty::Batches, "batches"),
        (Faulty::Order, "order"),
        (Faulty::Weights, "weight 2"),
        (Faulty::Nan, "NaN"),
        (Faulty::Skips, "NaN"),
        (Faulty::Direction, "perfect"),
        (Faulty::Fraction, "fraction"),
        (Faulty::Coin, "equal inputs"),
        (Faulty::Nothing, "defined for some task"),
    ] {
        assert_breaks(gradus::check::measure(&faulty), law);
    }
}
