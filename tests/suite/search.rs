//! A search tries what it says, ranks by the scores, and gives the same table however it is run or interrupted.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use gradus::Error;
use gradus::prelude::*;
use gradus::selection::{Found, Trial, Value};
use proptest::prelude::*;

/// A function of the settings with its maximum at x = 3, n = 20.
fn score(trial: &Trial) -> gradus::Result<(f64, usize)> {
    let bonus = if trial.text("kind")? == "good" { 1.0 } else { 0.0 };
    let n = trial.integer("n")? as f64;
    let value = bonus - (trial.number("x")? - 3.0).powi(2) - (n / 20.0).ln().powi(2);
    Ok((value * trial.budget as f64, trial.number))
}

fn with_space(search: Search) -> Search {
    search.uniform("x", -5.0, 5.0).log_integers("n", 1, 400).choice("kind", &["bad", "good"])
}

proptest! {
    /// In the table, in the value and in every place.
    #[test]
    fn random_trials_are_ranked_by_their_scores(seed: u64, n in 1usize..60) {
        let (found, value) = with_space(Search::random(n)).seed(seed).run(score).unwrap();
        prop_assert_eq!(found.tried.len(), n);
        prop_assert!(found.tried.windows(2).all(|pair| pair[0].score >= pair[1].score));
        prop_assert_eq!(value, found.best().unwrap().trial.number);
        for tried in &found.tried {
            prop_assert_eq!(tried.score, score(&tried.trial).unwrap().0);
            prop_assert_eq!(tried.trial.budget, 1);
        }
        // The same table on one core, and of fewer trials a part of it.
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        prop_assert_eq!(&pool.install(|| with_space(Search::random(n)).seed(seed).run(score).unwrap().0), &found);
        let fewer = with_space(Search::random(n.div_ceil(2))).seed(seed).run(score).unwrap().0;
        prop_assert!(fewer.tried.iter().all(|tried| found.tried.contains(tried)));
        // Turned round it is the same table from below, but for ties.
        let turned = with_space(Search::random(n)).seed(seed).lower_is_better();
        let worst = turned.run(score).unwrap().0;
        prop_assert_eq!(worst.tried[0].score, found.tried[n - 1].score);
    }

    /// Half of the trials with twice the budget, and so on: those that were dropped stand behind.
    #[test]
    fn halving_keeps_the_better_half(seed: u64, n in 1usize..40, budget in 1usize..5) {
        let calls = AtomicUsize::new(0);
        let count = |trial: &Trial| {
            calls.fetch_add(1, Ordering::Relaxed);
            score(trial)
        };
        let (found, value) = with_space(Search::halving(n, budget)).seed(seed).run(count).unwrap();
        prop_assert_eq!(found.tried.len(), n);
        let (mut left, mut work, mut budgets) = (n, 0, Vec::new());
        let mut now = budget;
        while left > 0 {
            work += left;
            let next = if left > 1 { left / 2 } else { 0 };
            budgets.extend(vec![now; left - next]);
            (left, now) = (next, now * 2);
        }
        budgets.reverse();
        prop_assert_eq!(calls.into_inner(), work);
        prop_assert_eq!(found.tried.iter().map(|tried| tried.trial.budget).collect::<Vec<_>>(), budgets);
        prop_assert_eq!(value, found.best().unwrap().trial.number);
        // The order does not depend on the budget here, so the winner is that of the random search.
        let random = with_space(Search::random(n)).seed(seed).run(score).unwrap().0;
        prop_assert_eq!(&random.best().unwrap().trial.settings(), &found.best().unwrap().trial.settings());
    }

    /// Within the bounds, and each half of a range, or of its logarithm, as often as the other.
    #[test]
    fn draws_are_uniform_in_their_ranges(seed: u64) {
        let search = Search::random(400)
            .uniform("u", -2.0, 6.0)
            .log_uniform("l", 1e-4, 1e2)
            .integers("i", 3, 12)
            .log_integers("li", 2, 63)
            .choice("c", &["a", "b"])
            .seed(seed);
        let found = search.run(|_| Ok((0.0, ()))).unwrap().0;
        let half = |name: &str, low: f64, high: f64, middle: f64| {
            let values: Vec<f64> = found.tried.iter().map(|tried| tried.trial.number(name).unwrap()).collect();
            assert!(values.iter().all(|v| (low..=high).contains(v)), "{name}");
            let below = values.iter().filter(|&&v| v < middle).count();
            // Six standard deviations of 10.
            assert!((140..=260).contains(&below), "{name}: {below} of 400 below {middle}");
        };
        half("u", -2.0, 6.0, 2.0);
        half("l", 1e-4, 1e2, 1e-1);
        half("i", 3.0, 12.0, 8.0);
        half("li", 2.0, 63.0, 11.3);
        let ends = |i: usize| found.tried.iter().any(|tried| tried.trial.integer("i").unwrap() == i);
        prop_assert!(ends(3) && ends(12), "both ends are included");
        let a = found.tried.iter().filter(|tried| tried.trial.text("c").unwrap() == "a").count();
        prop_assert!((140..=260).contains(&a));
        // Ties stay in the order of the numbers.
        prop_assert!(found.tried.windows(2).all(|pair| pair[0].trial.number < pair[1].trial.number));
    }
}

#[test]
fn a_grid_is_all_combinations() {
    let search = Search::grid(3)
        .log_uniform("rate", 0.01, 1.0)
        .integers("n", 1, 2)
        .choice("kind", &["a", "b"])
        .uniform("fixed", 4.0, 4.0);
    let (found, _) = search.run(|trial| Ok((-(trial.number as f64), ()))).unwrap();
    let settings = |tried: &gradus::selection::Tried| {
        let trial = &tried.trial;
        (trial.number("rate").unwrap(), trial.integer("n").unwrap(), trial.text("kind").unwrap().to_owned())
    };
    let all: Vec<_> = found.tried.iter().map(settings).collect();
    let mut wanted = Vec::new();
    for rate in [0.01, 0.1, 1.0] {
        for n in [1, 2] {
            wanted.extend(["a", "b"].map(|kind| (rate, n, kind.to_owned())));
        }
    }
    assert_eq!(all.len(), wanted.len());
    for (found, wanted) in all.iter().zip(&wanted) {
        assert!(
            (found.0 - wanted.0).abs() < 1e-12 && (found.1, &found.2) == (wanted.1, &wanted.2),
            "{found:?} {wanted:?}"
        );
    }
    assert!(found.tried.iter().all(|tried| tried.trial.number("fixed").unwrap() == 4.0));
}

/// Interrupted after any number of trials, it goes on to the same table and the same value, and repeats nothing but the
/// best, whose value is not in the file.
#[test]
fn an_interrupted_search_goes_on_to_the_same_table() {
    let folder = tempfile::tempdir().unwrap();
    let search = || with_space(Search::halving(11, 1)).seed(5);
    let whole = search().run(score).unwrap();
    for interruption in 0..22 {
        let path = folder.path().join(format!("{interruption}.json"));
        let calls = AtomicUsize::new(0);
        let interrupted = search().resumable(&path).run(|trial| {
            if calls.fetch_add(1, Ordering::SeqCst) == interruption {
                return Err(Error::EmptyLayer { layer: 7 });
            }
            score(trial)
        });
        assert_eq!(interrupted.is_err(), interruption < 19, "11 + 5 + 2 + 1 trials");
        let again = Mutex::new(Vec::new());
        let resumed = search().resumable(&path).run(|trial| {
            again.lock().unwrap().push(trial.clone());
            score(trial)
        });
        assert_eq!(resumed.unwrap(), whole);
        let again = again.into_inner().unwrap();
        // The other core may have finished one more.
        assert!(again.len() <= 20 - interruption.min(19), "{interruption}: {}", again.len());
    }
    // A file of another search is not taken up.
    let path = folder.path().join("3.json");
    for other in
        [search().seed(6), search().uniform("more", 0.0, 1.0), with_space(Search::random(11)).seed(5)]
    {
        assert!(matches!(other.resumable(&path).run(score), Err(Error::OtherSettings { .. })));
    }
    std::fs::write(&path, "{").unwrap();
    assert!(matches!(search().resumable(&path).run(score), Err(Error::File { .. })));
    assert!(matches!(search().resumable(folder.path()).run(score), Err(Error::File { .. })));
}

/// Runs that diverge are the last of the table, and a search goes on after them, also in another process.
#[test]
fn a_run_that_diverges_is_worse_than_any() {
    let folder = tempfile::tempdir().unwrap();
    let x = DMatrix::from_fn(1, 20, |_, j| j as f64 - 10.0);
    let data = Dataset::new(x.clone(), x.map(|x| 3.0 * x)).unwrap();
    let search = Search::grid(2).log_uniform("rate", 1e-2, 1e3).resumable(folder.path().join("search.json"));
    let run = || -> (Found, Network<f64, Linear, Linear>) {
        let found = search.run(|trial| {
            let mut network = Network::new(&[1, 1], Linear, Linear, &ScaledGaussian, 1)?;
            let trainer = Trainer::new(Quadratic).schedule(Constant::new(trial.number("rate")?)?);
            trainer.fit(&mut network, &data, None)?;
            Ok((evaluate(&network, &Quadratic, &data)?.scores.get("R²").unwrap(), network))
        });
        found.unwrap()
    };
    let (found, network) = run();
    assert!(found.tried[0].score > 0.9 && found.tried[1].score.is_nan());
    assert!((network.output().weights[0] - 3.0).abs() < 0.1, "the best network is returned");
    let (again, same) = run();
    assert_eq!((again.best(), same), (found.best(), network));
    assert!(found.to_string().contains("NaN"), "{found}");
}

#[test]
fn what_cannot_be_searched_is_an_error() {
    let nothing = |_: &Trial| Ok((0.0, ()));
    for search in [
        Search::random(0),
        Search::random(2_000_000),
        Search::halving(2, 0),
        Search::random(1).uniform("x", 1.0, 0.0),
        Search::random(1).uniform("x", f64::NAN, 0.0),
        Search::random(1).uniform("x", 0.0, f64::INFINITY),
        Search::random(1).log_uniform("x", 0.0, 1.0),
        Search::random(1).log_integers("x", 0, 4),
        Search::random(1).uniform("x", -1e308, 1e308),
        Search::random(1).log_uniform("x", 1e-300, 1e300),
        Search::random(1).integers("x", 0, u64::MAX),
        Search::random(1).integers("x", (1 << 53) + 1, 1 << 53),
        Search::random(1).log_integers("x", (1 << 53) + 1, 1 << 53),
        Search::grid(1 << 40).uniform("x", 0.0, 1.0),
        Search::random(1).choice("x", &[""; 0]),
        Search::grid(0).uniform("x", 0.0, 1.0),
        Search::grid(1000).uniform("x", 0.0, 1.0).uniform("y", 0.0, 1.0).uniform("z", 0.0, 1.0),
    ] {
        let error = search.run(nothing).unwrap_err();
        assert!(matches!(error, Error::Setting { .. }), "{error}");
    }
    let twice = Search::random(1).uniform("x", 0.0, 1.0).choice("x", &["a"]);
    assert!(matches!(twice.run(nothing), Err(Error::SameName { .. })));
    let search = Search::random(1).uniform("x", 0.0, 1.0).choice("kind", &["a"]);
    for wrong in ["y", "kind"] {
        let error = search.run(|trial| Ok((trial.number(wrong)?, ()))).unwrap_err();
        assert!(error.to_string().contains("x, kind"), "{error}");
    }
    assert!(search.run(|trial| Ok((trial.integer("x")? as f64, ()))).is_err());
    assert!(search.run(|trial| trial.text("x").map(|_| (0.0, ()))).is_err());
}

#[test]
fn a_table_prints_a_line_for_each_trial() {
    let (found, _) = with_space(Search::random(3)).run(score).unwrap();
    let text = found.to_string();
    assert_eq!(text.lines().count(), 4);
    for word in ["rank", "budget", "score", "x", "n", "kind"] {
        assert!(text.lines().next().unwrap().split_whitespace().any(|name| name == word), "{text}");
    }
    let Value::Text(kind) = &found.tried[0].trial.settings()[2].1 else { panic!("a text") };
    assert!(text.lines().nth(1).unwrap().ends_with(kind.as_str()), "{text}");

    let five = ["η", "λ", "1 − μ", "m", "hidden"];
    let search = five.iter().fold(Search::random(9), |search, name| search.log_uniform(name, 1e-4, 1e3));
    let text = search.run(|trial| Ok((trial.number("η")?, ()))).unwrap().0.to_string();
    let width = text.lines().next().unwrap().chars().count();
    assert!(
        width <= 80 && text.lines().all(|line| line.chars().count() == width),
        "{width} columns:\n{text}"
    );
}

/// Issue: line breaks in a text that a search chooses tore the table of trials.
#[test]
fn a_trial_is_one_line_whatever_its_settings() {
    let search = Search::grid(1).choice("漢字\n", &["a\nb\u{1b}[2J", "漢字"]).uniform("x", 1.0, 1.0);
    let (found, ()) = search.run(|_| Ok((1e300, ()))).unwrap();
    let text = found.to_string();
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}
