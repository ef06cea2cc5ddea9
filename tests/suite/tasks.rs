//! Epochs are judged by what fits the task, which is found from the targets.

use gradus::prelude::*;
use gradus::random::{Purpose, generator};
use gradus::{Error, Result};
use proptest::prelude::*;
use rand::RngExt;

/// y = 3 + x² on 200 points: every target is above ½, so that "accuracy" would be 1 from the first epoch on.
pub fn parabola() -> Result<Dataset<f64>> {
    let x = DMatrix::from_fn(1, 200, |_, j| j as f64 / 100.0 - 1.0);
    Dataset::new(x.clone(), x.map(|x| 3.0 + x * x))
}

fn regression(stop: impl StoppingRule + 'static, schedule: impl LrSchedule + 'static) -> Result<Report<f64>> {
    let data = parabola()?;
    let mut network = Network::new(&[1, 8, 1], Tanh, Linear, &ScaledGaussian, 1)?;
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
    let rounded = |cost: f64, places: i32| (cost * 10f64.powi(places)).round() / 10f64.powi(places);
    assert_eq!((rounded(costs[0], 4), report.kept_epoch, rounded(costs[29], 5)), (0.1489, 30, 0.00308));
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

/// The first function of Friedman, "Multivariate adaptive regression splines", 1991, without noise, of ten inputs of which
/// five take part.
fn friedman1(n: usize, seed: u64) -> Dataset<f64> {
    let mut rng = generator(seed, Purpose::User, 0, 0);
    let x = DMatrix::from_fn(10, n, |_, _| rng.random::<f64>());
    let y = DMatrix::from_fn(1, n, |_, j| {
        let x = x.column(j);
        let product = (std::f64::consts::PI * x[0] * x[1]).sin();
        10.0 * product + 20.0 * (x[2] - 0.5).powi(2) + 10.0 * x[3] + 5.0 * x[4]
    });
    Dataset::new(x, y).unwrap()
}

/// Issue: the regression of a newcomer, who chooses Adam and nothing else.
#[test]
fn a_regression_with_defaults() {
    for seed in 1..=3 {
        let [training, validation, test] =
            [(1000, seed), (250, seed + 10), (1000, seed + 20)].map(|(n, seed)| friedman1(n, seed));
        let mut network = Network::new(&[10, 50, 1], Relu, Linear, &ByActivation, seed).unwrap();
        let trainer = Trainer::new(Quadratic).optimizer(Adam::default());
        let report = trainer.fit(&mut network, &training, Some(&validation)).unwrap();
        let r2 = evaluate(&network, &Quadratic, &test).unwrap().scores.get("R²").unwrap();
        assert!(r2 >= 0.9, "seed {seed}: {r2}\n{report}");
        let text = report.to_string();
        assert!(text.contains("cost") && text.contains("R²") && !text.contains("accuracy"), "{text}");
    }
}
