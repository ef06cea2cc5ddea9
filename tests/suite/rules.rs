//! Stopping rules and the halving schedule act at the epoch that their pages say: each against its definition, written
//! out, on random histories with many ties and for every metric.

use gradus::prelude::*;
use proptest::prelude::*;

/// The metrics that the laws are tried with.
fn metrics() -> [Metric; 5] {
    [
        Metric::default(),
        Metric::validation(Accuracy),
        Metric::validation_cost(),
        Metric::training(Accuracy),
        Metric::training_cost(),
    ]
}

/// Whether a is strictly better than b.
fn better(metric: &Metric, a: f64, b: f64) -> bool {
    // The main metric is the accuracy in these runs.
    match metric.measure().map_or(Direction::HigherIsBetter, |measure| measure.direction()) {
        Direction::HigherIsBetter => a > b,
        Direction::LowerIsBetter => a < b,
    }
}

/// Eighths, whose sums are exact.
fn histories() -> impl Strategy<Value = History> {
    let eighths = || (0..8u8).prop_map(|i| f64::from(i) / 8.0);
    let score = move || {
        (eighths(), eighths()).prop_map(|(cost, accuracy)| {
            Scores::new(Task::Classes, vec![Score::new(&MeanCost, cost), Score::new(&Accuracy, accuracy)])
        })
    };
    prop::collection::vec((score(), score()), 1..40).prop_map(|scores| {
        let mut history = History::new();
        for (epoch, (training, validation)) in (1..).zip(scores) {
            history.push(EpochRecord {
                epoch,
                learning_rate: 0.5,
                seconds: 0.0,
                running_cost: 99.0,
                penalty: 0.0,
                training: Some(training),
                validation: Some(validation),
            });
        }
        history
    })
}

/// The values of a metric, epoch by epoch: `values[e − 1]` is that of epoch e.
fn values(history: &History, metric: &Metric) -> Vec<f64> {
    history.epochs().iter().map(|record| metric.value_in(record).unwrap()).collect()
}

/// The epochs e, counted from 1, after which a definition wants to stop.
type Wants = Box<dyn Fn(usize) -> bool>;

fn no_improvement(v: Vec<f64>, metric: &Metric, n: usize) -> Wants {
    // The best epoch so far, the first of equal ones, is n epochs ago or more.
    let metric = metric.clone();
    Box::new(move |e| {
        let best = (1..=e).find(|&b| (1..=e).all(|other| !better(&metric, v[other - 1], v[b - 1])));
        best.is_some_and(|best| e >= best + n)
    })
}

fn rolling_average(v: Vec<f64>, metric: &Metric, n: usize) -> Wants {
    let metric = metric.clone();
    Box::new(move |e| {
        e >= 2 * n && {
            let last: f64 = v[e - n..e].iter().sum();
            let before: f64 = v[e - 2 * n..e - n].iter().sum();
            !better(&metric, last, before)
        }
    })
}

fn target(v: Vec<f64>, metric: &Metric, target: f64) -> Wants {
    let metric = metric.clone();
    Box::new(move |e| v[e - 1] == target || better(&metric, v[e - 1], target))
}

fn max_epochs(epochs: usize) -> Wants {
    Box::new(move |e| e >= epochs)
}

fn at(rule: &dyn StoppingRule, history: &History) -> Option<usize> {
    rule.replay(history).map(|(epoch, _)| epoch)
}

/// The learning rate of each epoch in units of the first, until the schedule ends.
fn halvings(v: &[f64], metric: &Metric, n: usize, floor: f64) -> Vec<f64> {
    let (mut rates, mut rate, mut since) = (Vec::new(), 1.0, 0);
    for e in 1..=v.len() {
        rates.push(rate);
        let improves = (1..e).all(|before| better(metric, v[e - 1], v[before - 1]));
        since = if improves { 0 } else { since + 1 };
        if since == n {
            (rate, since) = (rate / 2.0, 0);
        }
        if rate <= floor {
            break;
        }
    }
    rates
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn stopping_rules_act_where_their_pages_say(
        history in histories(),
        metric in prop::sample::select(metrics().to_vec()),
        n in 1usize..8,
        epochs in 1usize..40,
        wanted in (0..=8u8).prop_map(|i| f64::from(i) / 8.0),
    ) {
        let none = NoImprovement::new(n).unwrap().monitor(metric.clone());
        let average = RollingAverage::new(n).unwrap().monitor(metric.clone());
        let reached = Target::new(metric.clone(), wanted).unwrap();
        let limit = MaxEpochs::new(epochs).unwrap();
        let v = || values(&history, &metric);
        let rules: [(Box<dyn StoppingRule>, Wants); 4] = [
            (Box::new(none), no_improvement(v(), &metric, n)),
            (Box::new(average), rolling_average(v(), &metric, n)),
            (Box::new(reached), target(v(), &metric, wanted)),
            (Box::new(limit), max_epochs(epochs)),
        ];
        let first = |wants: &dyn Fn(usize) -> bool| (1..=history.len()).find(|&e| wants(e));
        for (rule, wants) in &rules {
            prop_assert_eq!(at(rule, &history), first(wants), "{:?}", rule);
            for (other, also) in &rules {
                prop_assert_eq!(at(&rule.or(other), &history), first(&|e| wants(e) || also(e)));
                prop_assert_eq!(at(&rule.and(other), &history), first(&|e| wants(e) && also(e)));
            }
        }
    }

    #[test]
    fn the_schedule_halves_where_its_page_says(
        history in histories(),
        metric in prop::sample::select(metrics().to_vec()),
        n in 1usize..6,
        floor in prop::sample::select(&[0.5, 0.3, 0.25, 1.0 / 128.0]),
    ) {
        let schedule = HalveOnPlateau::new(0.8, n).unwrap().floor(floor).unwrap().monitor(metric.clone());
        let mut so_far = History::new();
        let mut rates = Vec::new();
        for record in history.epochs() {
            let progress = Progress { epoch: so_far.len() + 1, history: &so_far };
            let Some(eta) = schedule.rate(&progress) else { break };
            rates.push(eta / 0.8);
            so_far.push(record.clone());
        }
        prop_assert_eq!(rates, halvings(&values(&history, &metric), &metric, n, floor));
    }
}

/// Means that are equal but for rounding are equal, and those that differ by more are not.
#[test]
fn a_rolling_average_tells_a_rise_from_rounding() {
    let acts = |accuracies: &[f64], n| {
        at(&RollingAverage::new(n).unwrap(), &History::from_validation_accuracies(accuracies))
    };
    assert_eq!(acts(&[0.9, 0.9 * (1.0 + f64::EPSILON)], 1), Some(2));
    assert_eq!(acts(&[0.9, 0.9 + 1e-14], 1), None);
    assert_eq!(acts(&[0.1, 0.2, 0.3, 0.3, 0.2, 0.1], 3), Some(6));
}
