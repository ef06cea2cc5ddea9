//! Stopping rules, regularizers, measures and costs have names with parameters, which parse and print back.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use gradus::cost::HasCosts;
use gradus::prelude::*;
use gradus::{Error, Result};

/// Asserts that each name parses, prints with its parameters, and that what is printed parses to the same.
fn assert_round_trip<P: FromStr<Err = Error> + Display + PartialEq + Debug>(texts: &[&str]) {
    for text in texts {
        let part: P = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        let printed = part.to_string();
        assert!(
            printed.starts_with(text.split('(').next().unwrap_or_default()),
            "{text} prints as {printed}"
        );
        let again: P = printed.parse().unwrap_or_else(|error| panic!("{printed}: {error}"));
        assert_eq!((&again, again.to_string()), (&part, printed.clone()));
        assert_eq!(format!(" {text} ").parse::<P>().unwrap(), part, "spaces around {text}");
    }
}

/// Asserts that an unknown name is an error that lists all names, and that an unknown parameter is one too.
fn assert_names<P: FromStr<Err = Error> + Debug>(names: &[&str]) {
    for unknown in ["", "nonsense", "nonsense(a=1)"] {
        let error = unknown.parse::<P>().unwrap_err();
        assert!(matches!(&error, Error::UnknownName { .. }), "{error:?}");
        assert!(names.iter().all(|name| error.to_string().contains(name)), "{error}");
    }
    for name in names {
        for wrong in ["nonsense=1", "nonsense", "a=b"] {
            let error = format!("{name}({wrong})").parse::<P>().unwrap_err();
            assert!(matches!(&error, Error::MalformedName { .. }), "{error:?}");
        }
        assert!(matches!(format!("{name}(").parse::<P>(), Err(Error::MalformedName { .. })));
    }
}

#[test]
fn all_names_parse_and_print_back() {
    assert_round_trip::<AnyStoppingRule>(AnyStoppingRule::NAMES);
    assert_round_trip::<AnyRegularizer>(AnyRegularizer::NAMES);
    assert_round_trip::<AnyMeasure>(AnyMeasure::NAMES);
    assert_names::<AnyStoppingRule>(AnyStoppingRule::NAMES);
    assert_names::<AnyRegularizer>(AnyRegularizer::NAMES);
    assert_names::<AnyMeasure>(AnyMeasure::NAMES);
    fn costs<A: HasCosts<f64>>(output: &A) {
        assert_names::<AnyCost<f64, A>>(A::COSTS);
        for name in A::COSTS {
            let cost: AnyCost<f64, A> = name.parse().unwrap();
            assert_eq!(cost.to_string().parse::<AnyCost<f64, A>>().unwrap().to_string(), cost.to_string());
            // Gaussian likelihoods are of two outputs each, which the check does not know.
            if *name != "gaussian_nll" {
                gradus::check::cost(&cost, output).unwrap();
            }
        }
    }
    costs(&Sigmoid);
    costs(&Softmax::default());
    costs(&Linear);
    costs(&Exponential);
}

#[test]
fn whatever_is_named_is_lawful() {
    for name in AnyStoppingRule::NAMES {
        gradus::check::stopping_rule(&name.parse::<AnyStoppingRule>().unwrap()).unwrap();
    }
    for name in AnyRegularizer::NAMES {
        gradus::check::regularizer(&name.parse::<AnyRegularizer>().unwrap()).unwrap();
    }
    let sum: AnyRegularizer = "l1(lambda=0.5) + huber then group_lasso_by_input + l2".parse().unwrap();
    gradus::check::regularizer(&sum).unwrap();
    for name in AnyMeasure::NAMES.iter().filter(|name| **name != "top_k") {
        gradus::check::measure(&name.parse::<AnyMeasure>().unwrap()).unwrap();
    }
}

/// A name is the part of the same parameters.
#[test]
fn names_mean_the_parts() {
    let w = [0.5, -2.0, 0.01, 3.0, 0.0, 1.0];
    let same = |text: &str, part: &dyn Regularizer<f64>| {
        let named: AnyRegularizer = text.parse().unwrap();
        for layer in 0..3 {
            let at = LayerInfo { layer, rows: 2 };
            assert_eq!(named.penalty(&at, &w), part.penalty(&at, &w), "{text}");
            let (mut found, mut wanted) = ([0.0; 6], [0.0; 6]);
            named.add_gradient(&at, &w, 0.5, &mut found);
            part.add_gradient(&at, &w, 0.5, &mut wanted);
            assert_eq!(found, wanted, "{text}");
        }
        assert_eq!(Regularizer::<f64>::elementwise(&named), part.elementwise(), "{text}");
    };
    let (l1, l2) = (L1::new(0.5).unwrap(), L2::new(5.0).unwrap());
    same("none", &NoRegularizer);
    same("l1(lambda=0.5)", &l1);
    same("l1(lambda=0.5) + l2", &Plus(l1, l2));
    same("huber(width=2, lambda=0.25)", &HuberPenalty::new(0.25, 2.0).unwrap());
    same("group_lasso_by_neuron(lambda=3)", &GroupLasso::by_neuron(3.0).unwrap());
    same("group_lasso_by_input(lambda=3)", &GroupLasso::by_input(3.0).unwrap());
    same("l1(lambda=0.5) then none", &PerLayer::new(l1).then(NoRegularizer));
    same("none then l2 then l1(lambda=0.5) + l2", &PerLayer::new(NoRegularizer).then(l2).then(Plus(l1, l2)));
}

/// `and` binds more tightly than `or`; parentheses change that, and are written only where they do.
#[test]
fn rules_are_joined() {
    let parse = |text: &str| text.parse::<AnyStoppingRule>().unwrap();
    let (a, b, c) = ("max_epochs(epochs=2)", "max_epochs(epochs=4)", "max_epochs(epochs=6)");
    let history = History::from_validation_accuracies(&[0.5; 9]);
    let stops = |text: &str| parse(text).replay(&history).unwrap().0;
    for (text, canonical, epoch) in [
        (format!("{a} or {b} and {c}"), format!("{a} or {b} and {c}"), 2),
        (format!("({a} or {b}) and {c}"), format!("({a} or {b}) and {c}"), 6),
        (format!("{c} and ({a} or {b})"), format!("{c} and ({a} or {b})"), 6),
        (format!("(({a}) and ({b}))"), format!("{a} and {b}"), 4),
        (format!("({a} or {b}) or {c}"), format!("{a} or {b} or {c}"), 2),
        (format!("{b} and {a} and {c}"), format!("{b} and {a} and {c}"), 6),
    ] {
        assert_eq!((parse(&text).to_string(), stops(&text)), (canonical.clone(), epoch), "{text}");
        assert_eq!(parse(&canonical), parse(&text));
    }
    let json = serde_json::to_string(&parse("max_epochs or target")).unwrap();
    assert_eq!(serde_json::from_str::<AnyStoppingRule>(&json).unwrap(), parse("max_epochs or target"));
}

/// The metric that a rule monitors is a parameter.
#[test]
fn rules_monitor_what_is_named() {
    let metrics = |text: &str| text.parse::<AnyStoppingRule>().unwrap().metrics();
    assert_eq!(metrics("no_improvement"), [Metric::default()]);
    assert_eq!(metrics("no_improvement(monitor=training cost)"), [Metric::training_cost()]);
    assert_eq!(
        metrics("rolling_average(monitor=validation top_k(k=3))"),
        [Metric::validation(TopK::new(3).unwrap())]
    );
    assert_eq!(metrics("generalization_loss"), [Metric::validation_cost()]);
    assert_eq!(metrics("progress_quotient(monitor=training r2)"), [Metric::training(R2)]);
    assert_eq!(
        metrics("successive_strips(monitor=validation f1(class=0))"),
        [Metric::validation(F1::of_class(0))]
    );
    let text = "target(value=0.5, monitor=validation roc_auc) and max_epochs(epochs=3)";
    assert_eq!(text.parse::<AnyStoppingRule>().unwrap().to_string(), text);
    for wrong in [
        "no_improvement(monitor=cost)",
        "no_improvement(monitor=test cost)",
        "no_improvement(monitor=validation)",
        "no_improvement(monitor=validation cost, monitor=training cost)",
        "max_epochs(monitor=validation cost)",
        "cost_explosion(monitor=training cost)",
    ] {
        assert!(matches!(wrong.parse::<AnyStoppingRule>(), Err(Error::MalformedName { .. })), "{wrong}");
    }
    assert!(matches!(
        "no_improvement on validation cost".parse::<AnyStoppingRule>(),
        Err(Error::UnknownName { .. })
    ));
    assert!(matches!(
        "no_improvement(monitor=validation loss)".parse::<AnyStoppingRule>(),
        Err(Error::UnknownName { .. })
    ));
}

/// Every measure can be monitored, by rules and schedules, under the name by which it is chosen, and the same metric prints the
/// same name if it was made of the measure itself.
#[test]
fn every_measure_can_be_monitored() {
    let parametrized =
        ["top_k(k=3)", "precision(class=12)", "recall(class=0)", "f1(class=7)", "calibration_error(bins=4)"];
    for name in AnyMeasure::NAMES.iter().chain(&parametrized) {
        let measure: AnyMeasure = name.parse().unwrap();
        for (data, metric) in [
            ("training", Metric::training(measure.clone())),
            ("validation", Metric::validation(measure.clone())),
        ] {
            let rule = format!("rolling_average(window=5, monitor={data} {measure})");
            let parsed: AnyStoppingRule = rule.parse().unwrap();
            assert_eq!((parsed.to_string(), parsed.metrics()), (rule, vec![metric.clone()]));
            let schedule =
                format!("halve_on_plateau(eta=0.5, patience=10, floor=0.5, monitor={data} {measure})");
            let parsed: AnySchedule = schedule.parse().unwrap();
            assert_eq!((parsed.to_string(), parsed.metric()), (schedule, Some(metric)));
        }
    }
    let halve = HalveOnPlateau::new(0.5, 10).unwrap();
    let monitor =
        |metric| halve.clone().monitor(metric).to_string().split_once("monitor=").unwrap().1.to_owned();
    assert_eq!(monitor(Metric::training(TopK::new(3).unwrap())), "training top_k(k=3))");
    assert_eq!(monitor(Metric::validation(F1::of_class(1))), "validation f1(class=1))");
    assert_eq!(monitor(Metric::validation(F1::macro_average())), "validation macro_f1)");
    assert_eq!(monitor(Metric::validation(R2)), "validation r2)");
    assert_eq!(monitor(Metric::validation_cost()), "validation cost)");
    assert_eq!(monitor(Metric::default()), "main)");
}

/// What a rule, the trainer and the defaults name is one measure, however it was chosen, and a run goes by it.
#[test]
fn named_parts_train() {
    let data = Dataset::<f64>::synthetic_digits(120, 1).unwrap();
    let (training, validation) = data.split_at(90).unwrap();
    let train = |stop: &str, measures: &[&str]| {
        let mut network = Network::new(&[784, 10], Tanh, Softmax::default(), &ScaledGaussian, 1).unwrap();
        let cost: AnyCost<f64, Softmax> = "log_likelihood".parse().unwrap();
        let mut trainer = Trainer::new(cost)
            .regularizer("l2(lambda=0.1) then none".parse::<AnyRegularizer>().unwrap())
            .measure(RocAuc)
            .stop(stop.parse::<AnyStoppingRule>().unwrap());
        for measure in measures {
            trainer = trainer.measure(measure.parse::<AnyMeasure>().unwrap());
        }
        trainer.fit(&mut network, &training, Some(&validation)).unwrap()
    };
    let report = train(
        "target(value=0.3, monitor=validation accuracy) or max_epochs(epochs=9)",
        &["cost", "roc_auc", "log_loss"],
    );
    let scores = report.history.last().unwrap().validation.clone().unwrap();
    let names: Vec<&str> = scores.iter().map(|score| &*score.name).collect();
    assert_eq!(names, ["cost", "accuracy", "ROC AUC", "log loss"]);
    // The cost is the log loss, but for the clamp of the outputs.
    assert!((scores.cost() - scores.get("log loss").unwrap()).abs() < 1e-9);
    assert!(matches!(report.stop_reason, StopReason::Target { .. }), "{:?}", report.stop_reason);
}

/// The page of all parts names every one of them, and each example of a name there parses.
#[test]
fn the_page_of_parts_is_complete() {
    let page = include_str!("../../docs/parts.md");
    let costs = [Sigmoid::all(), <Softmax as AllCosts>::all(), Linear::all(), Exponential::all()];
    let names = [
        AnyStoppingRule::NAMES,
        AnyRegularizer::NAMES,
        AnyMeasure::NAMES,
        AnyActivation::NAMES,
        AnyInitializer::NAMES,
        AnyOptimizer::NAMES,
        AnySchedule::NAMES,
    ];
    for name in names.iter().chain(&costs).flat_map(|names| names.iter()) {
        assert!(
            page.contains(&format!("`{name}`")) || page.contains(&format!("`{name}(")),
            "{name} is missing"
        );
    }
    let quoted = page.split('`').skip(1).step_by(2).filter(|text| text.contains('=') && !text.contains('"'));
    let mut read = 0;
    for text in quoted {
        let printed = [
            text.parse::<AnyStoppingRule>().map(|part| part.to_string()),
            text.parse::<AnyRegularizer>().map(|part| part.to_string()),
            text.parse::<AnyMeasure>().map(|part| part.to_string()),
            text.parse::<AnyActivation>().map(|part| part.to_string()),
            text.parse::<AnyInitializer>().map(|part| part.to_string()),
            text.parse::<AnyCost<f64, Sigmoid>>().map(|part| part.to_string()),
            text.parse::<AnyCost<f64, Linear>>().map(|part| part.to_string()),
        ];
        // With all parameters, so that the defaults on the page are those of the crate.
        assert!(printed.iter().flatten().any(|printed| printed == text), "{text}: {printed:?}");
        read += 1;
    }
    assert!(read > 20, "{read}");
}

/// The names of the costs of an output, in double precision.
trait AllCosts {
    fn all() -> &'static [&'static str];
}

impl<A: HasCosts<f64>> AllCosts for A {
    fn all() -> &'static [&'static str] {
        A::COSTS
    }
}

/// Parameters are checked by the constructors, and counts have to be whole numbers.
#[test]
fn parameters_out_of_range_are_refused() {
    let setting = |result: Result<()>| assert!(matches!(result, Err(Error::Setting { .. })), "{result:?}");
    for text in [
        "max_epochs(epochs=0)",
        "no_improvement(min_delta=-1)",
        "target(value=97, monitor=validation accuracy)",
    ] {
        setting(text.parse::<AnyStoppingRule>().map(drop));
    }
    for text in ["l2(lambda=-1)", "l1 then huber(width=0)", "l1 + group_lasso_by_input(lambda=inf)"] {
        setting(text.parse::<AnyRegularizer>().map(drop));
    }
    for text in ["top_k(k=0)", "calibration_error(bins=2000)"] {
        setting(text.parse::<AnyMeasure>().map(drop));
    }
    setting("focal(gamma=-1)".parse::<AnyCost<f64, Sigmoid>>().map(drop));
    let whole = |result: Result<()>| {
        let message = result.unwrap_err().to_string();
        assert!(message.contains("is not a whole number from 0 on"), "{message}");
    };
    for epochs in ["2.5", "-1", "NaN", "1e300", "99999999999999999999999"] {
        whole(format!("max_epochs(epochs={epochs})").parse::<AnyStoppingRule>().map(drop));
        whole(format!("f1(class={epochs})").parse::<AnyMeasure>().map(drop));
    }
}

/// No text makes the parsers panic, however deep its parentheses are.
#[test]
fn texts_that_are_no_names() {
    let deep = "(".repeat(100_000) + "max_epochs" + &")".repeat(100_000);
    for text in [
        deep.as_str(),
        ")(",
        "()",
        "(())",
        " or ",
        "a or ",
        " and and ",
        "max_epochs) or (max_epochs",
        "é(",
        "l1 + ",
        "then",
    ] {
        assert!(text.parse::<AnyStoppingRule>().is_err());
        assert!(text.parse::<AnyRegularizer>().is_err());
        assert!(text.parse::<AnyMeasure>().is_err());
    }
}

/// A run that was begun with parts of their own types goes on with the same ones by name, and the other way round.
#[test]
fn a_run_goes_on_with_its_parts_by_name() -> Result<()> {
    type Typed = Trainer<f64, Focal>;
    type Named = Trainer<f64, AnyCost<f64, Sigmoid>>;
    let x = DMatrix::from_fn(2, 12, |i, j| ((i * 5 + j * 3) % 7) as f64 / 7.0);
    let data = Dataset::new(x.clone(), x.rows(0, 1).map(|x| f64::from(u8::from(x > 0.5))))?;
    let network = || Network::new(&[2, 3, 1], Elu::new(0.5).unwrap(), Sigmoid, &ScaledGaussian, 1);
    let by_name =
        || Network::new(&[2, 3, 1], "elu(alpha=0.5)".parse::<AnyActivation>()?, Sigmoid, &ScaledGaussian, 1);
    type Change = (fn(Typed) -> Result<Typed>, fn(Named) -> Result<Named>);
    let changes: [Change; 11] = [
        (Ok, Ok),
        (
            |t| Ok(t.optimizer(Adam::new(0.8, 0.99, 1e-7)?)),
            |t| Ok(t.optimizer("adam(beta1=0.8, beta2=0.99, epsilon=1e-7)".parse::<AnyOptimizer>()?)),
        ),
        (
            |t| Ok(t.optimizer(ClipByNorm::new(PolyakAverage::new(Momentum::new(0.9)?), 2.0)?)),
            |t| Ok(t.optimizer("clip_by_norm(polyak_average(momentum), limit=2)".parse::<AnyOptimizer>()?)),
        ),
        (
            |t| Ok(t.regularizer(L2::new(0.5)?)),
            |t| Ok(t.regularizer("l2(lambda=0.5)".parse::<AnyRegularizer>()?)),
        ),
        (
            |t| Ok(t.regularizer(Plus(Plus(L1::new(0.5)?, L2::new(5.0)?), HuberPenalty::new(1.0, 0.1)?))),
            |t| Ok(t.regularizer("l1(lambda=0.5) + l2 + huber".parse::<AnyRegularizer>()?)),
        ),
        (
            |t| {
                let second = Plus(L2::new(1.0)?, GroupLasso::by_input(1.0)?);
                Ok(t.regularizer(PerLayer::new(L1::new(0.1)?).then(second).then(NoRegularizer)))
            },
            |t| {
                let name = "l1(lambda=0.1) then l2(lambda=1) + group_lasso_by_input then none";
                Ok(t.regularizer(name.parse::<AnyRegularizer>()?))
            },
        ),
        (
            |t| Ok(t.schedule(Cosine::new(0.1, 5)?)),
            |t| Ok(t.schedule("cosine(eta=0.1, epochs=5)".parse::<AnySchedule>()?)),
        ),
        (
            |t| {
                Ok(t.schedule(WarmUp::new(
                    1.0,
                    HalveOnPlateau::new(0.1, 2)?.monitor(Metric::training_cost()),
                )?))
            },
            |t| {
                let name = "warm_up(halve_on_plateau(eta=0.1, patience=2, monitor=training cost), epochs=1)";
                Ok(t.schedule(name.parse::<AnySchedule>()?))
            },
        ),
        (
            |t| Ok(t.keep_best(Metric::validation(F1::of_class(1)))),
            |t| Ok(t.keep_best(Metric::validation("f1".parse::<AnyMeasure>()?))),
        ),
        (|t| Ok(t.keep_best(Metric::training(TopK::new(1)?)).keep_last()), |t| Ok(t.keep_last())),
        (|t| Ok(t.stop(MaxEpochs::new(9)?)), |t| Ok(t.stop("no_improvement".parse::<AnyStoppingRule>()?))),
    ];
    for (typed, named) in changes {
        let of_type =
            |epochs| typed(Trainer::new(Focal::new(2.0)?)).map(|t| t.stop(MaxEpochs::new(epochs).unwrap()));
        let of_name =
            |epochs| named(Trainer::new("focal".parse()?)).map(|t| t.stop(MaxEpochs::new(epochs).unwrap()));
        let begun = of_type(1)?.fit(&mut network()?, &data, Some(&data))?.run;
        let (mut found, mut wanted) = (by_name()?, network()?);
        of_type(3)?.fit(&mut wanted, &data, Some(&data))?;
        let run = of_name(2)?.resume(begun, &mut found, &data, Some(&data))?.run;
        let mut again = network()?;
        of_type(3)?.resume(run, &mut again, &data, Some(&data))?;
        assert_eq!(again, wanted);
    }
    Ok(())
}

/// Parentheses may be nested a hundred deep, and no deeper.
#[test]
fn a_hundred_parentheses() {
    let nested =
        |n: usize| format!("{}max_epochs{}", "(".repeat(n), ")".repeat(n)).parse::<AnyStoppingRule>();
    assert_eq!(nested(100).unwrap().to_string(), "max_epochs(epochs=30)");
    assert!(matches!(nested(101), Err(Error::MalformedName { .. })));
    assert_ne!("max_epochs".parse::<AnyStoppingRule>().unwrap(), "max_epochs(epochs=7)".parse().unwrap());
}
