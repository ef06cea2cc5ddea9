//! What a history knows of its records, and that it survives JSON.

use gradus::Result;
use gradus::prelude::*;
use proptest::prelude::*;

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
        for epoch in 0..=values.len() + 1 {
            let prefix = with_gaps(&values[..epoch.min(values.len())], direction);
            let (found, wanted) = (history.best_until(&metric, epoch), prefix.best(&metric));
            prop_assert_eq!(found.map(|(epoch, _)| epoch), wanted.map(|(epoch, _)| epoch));
        }

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

/// NaN is worse than any number, and no number is worse than it.
#[test]
fn the_best_epoch_is_never_one_of_nan_if_there_is_another() {
    let nan = f64::NAN;
    let best =
        |values: &[f64]| History::from_validation_accuracies(values).best(&Metric::validation(Accuracy));
    assert_eq!(best(&[nan, 0.1, nan, 0.1]), Some((2, 0.1)));
    assert_eq!(best(&[0.2, nan, 0.3]), Some((3, 0.3)));
    assert_eq!(best(&[nan, nan]).map(|(epoch, _)| epoch), Some(1));
    assert_eq!(best(&[]), None);
    let cost = History::from_validation_accuracies(&[0.2, nan, 0.3]).best(&Metric::validation_cost());
    assert_eq!(cost, Some((3, 0.7)));
}

/// Issue: numbers were written out with all of their 300 digits, line breaks in names tore the line, and East Asian names made tables wider
/// than 80 columns.
#[test]
fn huge_numbers_and_odd_names_stay_within_80_columns() {
    #[derive(Debug)]
    struct Odd(&'static str, bool);
    impl Measure for Odd {
        fn name(&self) -> std::borrow::Cow<'static, str> {
            self.0.into()
        }
        fn direction(&self) -> Direction {
            Direction::HigherIsBetter
        }
        fn is_fraction(&self) -> bool {
            self.1
        }
        fn meter(&self, task: Task, n_outputs: usize) -> Result<Box<dyn Meter>> {
            Accuracy.meter(task, n_outputs)
        }
    }
    let columns = |line: &str| line.chars().map(|c| if c == '漢' { 2 } else { 1 }).sum::<usize>();
    let name = "漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢";
    let odd = [Odd("a\nb \u{1b}[2J", true), Odd("", false), Odd(name, true), Odd("y", false)];
    for value in [1e300, -1e300, 1e-300, 0.5, f64::NAN, f64::INFINITY] {
        let record = |epoch| {
            let scores = odd.iter().map(|odd| gradus::metrics::Score::new(odd, value)).collect();
            let scores = Some(gradus::metrics::Scores::new(Task::Classes, scores));
            EpochRecord {
                epoch,
                learning_rate: value,
                seconds: value,
                running_cost: value,
                penalty: value,
                training: scores.clone(),
                validation: scores,
            }
        };
        let history: History = (1..4).map(record).collect();
        for text in [history.to_string(), record(1).to_string()] {
            assert!(text.lines().all(|line| columns(line) <= 80), "{text}");
            assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text}");
        }
    }
}
