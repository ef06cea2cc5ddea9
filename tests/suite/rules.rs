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
    prop::collection::vec((score(), score(), eighths()), 1..40).prop_map(|scores| {
        let mut history = History::new();
        for (epoch, (training, validation, running_cost)) in (1..).zip(scores) {
            history.push(EpochRecord {
                epoch,
                learning_rate: 0.5,
                seconds: 0.0,
                running_cost,
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

/// `values` on a scale where higher is better.
fn goodness(v: Vec<f64>, metric: &Metric) -> Vec<f64> {
    v.into_iter().map(|v| if better(metric, 1.0, 0.0) { v } else { -v }).collect()
}

fn most(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

fn no_improvement_by(v: Vec<f64>, metric: &Metric, n: usize, delta: f64) -> Wants {
    let g = goodness(v, metric);
    Box::new(move |e| e > n && most(&g[..e]) <= most(&g[..e - n]) + delta)
}

/// Keras's callback `EarlyStopping`: the epochs since a value that was better by more than δ than the last such one.
fn keras(v: Vec<f64>, metric: &Metric, n: usize, delta: f64) -> Wants {
    let g = goodness(v, metric);
    Box::new(move |e| {
        let (mut reference, mut wait) = (f64::NEG_INFINITY, 0);
        for &value in &g[..e] {
            (reference, wait) = if value > reference + delta { (value, 0) } else { (reference, wait + 1) };
        }
        wait >= n
    })
}

fn running_costs(history: &History) -> Vec<f64> {
    history.epochs().iter().map(|record| record.running_cost).collect()
}

fn cost_explosion(t: Vec<f64>, factor: f64) -> Wants {
    Box::new(move |e| t[e - 1] > factor * t[0])
}

/// GL in per cent, by the formula of the paper; for an accuracy the loss relative to the best.
fn gl(v: &[f64], metric: &Metric, e: usize) -> f64 {
    if better(metric, 1.0, 0.0) {
        100.0 * (1.0 - v[e - 1] / most(&v[..e]))
    } else {
        let optimum = v[..e].iter().copied().fold(f64::INFINITY, f64::min);
        100.0 * (v[e - 1] / optimum - 1.0)
    }
}

fn generalization_loss(v: Vec<f64>, metric: &Metric, alpha: f64) -> Wants {
    let metric = metric.clone();
    Box::new(move |e| gl(&v, &metric, e) > alpha)
}

fn progress_quotient(v: Vec<f64>, t: Vec<f64>, metric: &Metric, (k, alpha): (usize, f64)) -> Wants {
    let metric = metric.clone();
    Box::new(move |e| {
        e.is_multiple_of(k) && {
            let strip = &t[e - k..e];
            let least = strip.iter().copied().fold(f64::INFINITY, f64::min);
            let progress = 1000.0 * (strip.iter().sum::<f64>() / (k as f64 * least) - 1.0);
            gl(&v, &metric, e) / progress > alpha
        }
    })
}

/// UP_s by the recursion of the paper.
fn successive_strips(v: Vec<f64>, metric: &Metric, (k, s): (usize, usize)) -> Wants {
    fn up(v: &[f64], metric: &Metric, (k, s): (usize, usize), e: usize) -> bool {
        let worse = e.is_multiple_of(k) && e > k && better(metric, v[e - k - 1], v[e - 1]);
        worse && (s == 1 || up(v, metric, (k, s - 1), e - k))
    }
    let metric = metric.clone();
    Box::new(move |e| up(&v, &metric, (k, s), e))
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
    fn rules_of_costs_act_where_their_pages_say(
        history in histories(),
        metric in prop::sample::select(metrics().to_vec()),
        (n, k, s) in (1usize..6, 1usize..5, 1usize..4),
        delta in (0..=4u8).prop_map(|i| f64::from(i) / 8.0),
        factor in prop::sample::select(&[1.0, 1.3, 2.1, 3.3]),
        alpha in prop::sample::select(&[0.0, 10.0, 30.0, 70.0, 130.0]),
        quotient in prop::sample::select(&[0.0, 0.037, 0.37, 3.7]),
    ) {
        let by = NoImprovement::new(n).unwrap().min_delta(delta).unwrap().monitor(metric.clone());
        let explosion = CostExplosion::new(factor).unwrap();
        let loss = GeneralizationLoss::new(alpha).unwrap().monitor(metric.clone());
        let progress = ProgressQuotient::new(quotient).unwrap().strip(k).unwrap().monitor(metric.clone());
        let strips = SuccessiveStrips::new(s).unwrap().strip(k).unwrap().monitor(metric.clone());
        let (v, t) = (|| values(&history, &metric), || running_costs(&history));
        let rules: [(Box<dyn StoppingRule>, Wants); 5] = [
            (Box::new(by.clone()), no_improvement_by(v(), &metric, n, delta)),
            (Box::new(explosion), cost_explosion(t(), factor)),
            (Box::new(loss), generalization_loss(v(), &metric, alpha)),
            (Box::new(progress), progress_quotient(v(), t(), &metric, (k, quotient))),
            (Box::new(strips), successive_strips(v(), &metric, (k, s))),
        ];
        let first = |wants: &dyn Fn(usize) -> bool| (1..=history.len()).find(|&e| wants(e));
        for (rule, wants) in &rules {
            prop_assert_eq!(at(rule, &history), first(wants), "{:?}", rule);
        }
        let never = history.len() + 1;
        let keras = first(&keras(v(), &metric, n, delta)).unwrap_or(never);
        prop_assert!(at(&by, &history).unwrap_or(never) <= keras);
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

/// Each rule without the metric that it monitors: a patience, a window, or a strip of 20 epochs.
fn rules_of_all_kinds() -> [Box<dyn StoppingRule>; 7] {
    let n = 20;
    [
        Box::new(NoImprovement::new(n).unwrap()),
        Box::new(NoImprovement::new(n).unwrap().min_delta(1e-9).unwrap()),
        Box::new(RollingAverage::new(n).unwrap()),
        Box::new(CostExplosion::new(2.0).unwrap()),
        Box::new(GeneralizationLoss::new(5.0).unwrap()),
        Box::new(ProgressQuotient::new(1.0).unwrap().strip(n).unwrap()),
        Box::new(SuccessiveStrips::new(3).unwrap().strip(n).unwrap()),
    ]
}

/// A rule that is asked after every epoch does not search all epochs each time: 100,000 epochs that each improve a little
/// take a moment, and would take minutes.
#[test]
fn rules_are_quick_after_many_epochs() {
    let accuracies: Vec<f64> = (1..=100_000).map(|epoch| 1.0 - 0.5 / f64::from(epoch)).collect();
    let whole = History::from_validation_accuracies(&accuracies);
    let mut history = History::new();
    let rules = rules_of_all_kinds();
    let start = std::time::Instant::now();
    for record in whole.epochs() {
        history.push(record.clone());
        for rule in &rules {
            let goes_on = rule.check(&history).is_continue();
            // The gains of 20 epochs fall below 10⁻⁹ at last.
            assert!(goes_on || format!("{rule:?}").contains("1e-9") && history.len() > 99_000, "{rule:?}");
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    assert!(seconds < 20.0, "{seconds} s");
}

/// NaN is worse than any loss, and 0 after 0 is none.
#[test]
fn losses_without_a_number() {
    let acts = |accuracies: &[f64]| {
        let history = History::from_validation_accuracies(accuracies);
        at(&GeneralizationLoss::new(1e6).unwrap(), &history)
    };
    assert_eq!(acts(&[1.0, 1.0]), None);
    assert_eq!(acts(&[1.0, 0.99]), Some(2));
    assert_eq!(acts(&[0.5, f64::NAN]), Some(2));
    // Costs below 0, as of a Gaussian likelihood: −1, −3, −2.9.
    let history = History::from_validation_accuracies(&[2.0, 4.0, 3.9]);
    assert_eq!(at(&GeneralizationLoss::new(3.0).unwrap(), &history), Some(3));
    assert_eq!(at(&GeneralizationLoss::new(4.0).unwrap(), &history), None);
    assert_eq!(
        at(&CostExplosion::new(1.0).unwrap(), &History::from_validation_accuracies(&[2.0, 1.9])),
        Some(2)
    );
    assert_eq!(
        at(&CostExplosion::new(1.2).unwrap(), &History::from_validation_accuracies(&[2.0, 1.9])),
        None
    );
}

/// Means that are equal but for rounding are equal, and those that differ by more are not, in any unit.
#[test]
fn a_rolling_average_tells_a_rise_from_rounding() {
    let acts = |accuracies: &[f64], n| {
        at(&RollingAverage::new(n).unwrap(), &History::from_validation_accuracies(accuracies))
    };
    for unit in [1.0, 2.0f64.powi(-20), 2.0f64.powi(20)] {
        assert_eq!(acts(&[0.9 * unit, 0.9 * (1.0 + f64::EPSILON) * unit], 1), Some(2));
        assert_eq!(acts(&[0.9 * unit, (0.9 + 1e-14) * unit], 1), None);
    }
    assert_eq!(acts(&[0.1, 0.2, 0.3, 0.3, 0.2, 0.1], 3), Some(6));
}
