//! Pictures: what stands in them, in which format, and what is an error.

use std::fs;
use std::path::Path;

use gradus::data::png;
use gradus::plot::{Chart, Scale, activations, save, weights};
use gradus::prelude::*;
use gradus::{Error, FileProblem};

/// The texts of an SVG, in the order of the file.
fn texts(path: &Path) -> Vec<String> {
    let svg = fs::read_to_string(path).unwrap();
    let inside = |part: &str| {
        part.split_once('>').map(|(_, text)| text.split('<').next().unwrap_or("").trim().to_owned())
    };
    svg.split("<text ").skip(1).filter_map(inside).collect()
}

fn report(validated: bool) -> Report<f64> {
    let (training, validation) = Dataset::synthetic_digits(90, 1).unwrap().split_at(60).unwrap();
    let mut network = Network::new(&[784, 5, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1).unwrap();
    let schedule = MultiStepDecay::new(0.5, &[2, 4], 0.5).unwrap();
    let trainer = Trainer::new(CrossEntropy).schedule(schedule).stop(MaxEpochs::new(6).unwrap());
    trainer.fit(&mut network, &training, validated.then_some(&validation)).unwrap()
}

#[test]
fn learning_curves_show_both_data_sets_the_kept_epoch_and_the_changes_of_the_rate() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.svg");
    report(true).plot(&path).unwrap();
    let found = texts(&path);
    for text in [
        "stopped after epoch 6: all 6 epochs done",
        "cost",
        "accuracy in %",
        "training data, during the epoch",
        "validation data",
        "epoch that is kept",
        "η changes",
    ] {
        assert!(found.iter().any(|found| found == text), "{text} in {found:?}");
    }
    // Marks of epochs are whole numbers.
    assert!(
        found.iter().any(|text| text == "3") && found.iter().all(|text| text != "2.5" && text != "1.5"),
        "{found:?}"
    );

    report(false).history.plot(&path).unwrap();
    let found = texts(&path);
    assert!(found.iter().all(|text| !text.contains("validation") && !text.contains("kept")), "{found:?}");
    History::new().plot(&path).unwrap();
}

/// The pixels of a PNG, which are no longer all white.
fn painted(path: &Path) -> png::GrayImage {
    let image = png::open(path).unwrap();
    let white = image.pixels.iter().filter(|pixel| **pixel == 255).count();
    assert!(white < image.pixels.len() && white > 0, "{}", path.display());
    image
}

#[test]
fn every_picture_can_be_a_png() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).with_extension("png");
    report(true).plot(path("run")).unwrap();
    let run = painted(&path("run"));
    assert_eq!(run.width, 2 * 640);

    let network =
        Network::<f32, Sigmoid, _>::new(&[784, 7, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1)
            .unwrap();
    weights(network.layers().next().unwrap().weights, (28, 28), path("weights")).unwrap();
    let image = painted(&path("weights"));
    // Three images in a row, of 28 · 3 pixels and a gap of 6.
    assert_eq!((image.width, image.height), (3 * 90 + 6, 3 * 90 + 6));

    let digits = Dataset::synthetic_digits(100, 1).unwrap();
    let confusion = evaluate(&network, &LogLikelihood, &digits).unwrap().confusion.unwrap();
    confusion.plot(path("confusion")).unwrap();
    painted(&path("confusion"));
    ReliabilityTable::new(10).unwrap().plot(path("reliability")).unwrap();
    painted(&path("reliability"));
}

/// The images of weights: the darkest pixel of the picture lies where the largest weight does.
#[test]
fn a_weight_is_drawn_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.png");
    let mut w = DMatrix::from_element(1, 12, 0.0);
    w[(0, 7)] = 2.0; // row 1, column 3 of 3 × 4
    weights(&w, (3, 4), &path).unwrap();
    let image = painted(&path);
    let at = |x: usize, y: usize| image.pixels[y * image.width + x];
    assert!(at(6 + 3 * 3 + 1, 6 + 3 + 1) < 150);
    assert_eq!(at(6 + 3 + 1, 6 + 3 + 1), 255);
}

#[test]
fn the_counts_of_a_confusion_matrix_are_in_its_picture() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("confusion.svg");
    let mut confusion = ConfusionMatrix::new(2).unwrap();
    let outputs = DMatrix::from_column_slice(2, 3, &[0.9, 0.1, 0.2, 0.8, 0.7, 0.3]);
    let targets = DMatrix::from_column_slice(2, 3, &[1.0, 0.0, 0.0, 1.0, 0.0, 1.0]);
    for _ in 0..11 {
        confusion.add_batch(&outputs, &targets).unwrap();
    }
    confusion.plot(&path).unwrap();
    let counts: Vec<_> = texts(&path).into_iter().filter(|text| text == "11").collect();
    assert_eq!(counts.len(), 3);
}

#[test]
fn a_mark_is_named_once_and_a_logarithmic_axis_has_powers_of_ten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chart.svg");
    let points = (0..4).map(|i| (f64::from(i), 10f64.powi(i)));
    let chart = Chart::new("", "x", "y")
        .y_scale(Scale::Log)
        .line("rise", points)
        .mark("there", 1.0)
        .mark("there", 2.0);
    save(&path, "", 1, &[chart]).unwrap();
    let found = texts(&path);
    assert_eq!(found.iter().filter(|text| *text == "there").count(), 1);
    for text in ["1", "10", "100", "1000"] {
        assert!(found.iter().any(|found| found == text), "{text} in {found:?}");
    }
}

#[test]
fn what_cannot_be_drawn_or_written_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let chart = || [Chart::new("", "x", "y")];
    let error = save(folder.path().join("chart.jpeg"), "", 1, &chart()).unwrap_err();
    assert!(error.to_string().contains("neither in .svg nor in .png"), "{error}");
    for name in ["missing/chart.svg", "missing/chart.png"] {
        let error = save(folder.path().join(name), "", 1, &chart()).unwrap_err();
        assert!(matches!(error, gradus::Error::File { .. }), "{error}");
    }
    let w = DMatrix::from_element(2, 5, 1.0);
    let error = weights(&w, (2, 3), folder.path().join("weights.png")).unwrap_err();
    assert!(matches!(error, gradus::Error::SizeMismatch { found: 5, expected: 6, .. }), "{error}");
}

/// A picture that is too large is an error, and none is so small that it cannot be drawn.
#[test]
fn the_size_of_a_picture_has_a_limit_and_none_below() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let too_large = |result: gradus::Result<()>| match result.unwrap_err() {
        Error::File { problem: FileProblem::LargePicture { width, height, allowed }, .. } => {
            assert!(width.saturating_mul(height) > allowed);
            (width, height)
        }
        other => panic!("{other}"),
    };
    let wide = DMatrix::from_element(1, 1 << 25, 1.0f32);
    assert_eq!(too_large(weights(&wide, (1, 1 << 25), path("wide.png"))), (3 * (1 << 25) + 12, 15));
    assert_eq!(too_large(weights(&wide, (1 << 13, 1 << 12), path("square.svg"))).0, 3 * (1 << 12) + 12);
    // A layer of weights that there are not, but whose product is their number, which is 0.
    let none = DMatrix::<f32>::zeros(3, 0);
    too_large(weights(&none, (0, usize::MAX), path("none.png")));
    weights(&none, (0, 0), path("nothing.png")).unwrap();
    weights(&DMatrix::<f32>::zeros(0, 4), (2, 2), path("no-neuron.svg")).unwrap();
    too_large(ConfusionMatrix::new(400).unwrap().plot(path("classes.png")));

    let chart = || Chart::new("", "x", "y").line("", [(0.0, 1.0), (1.0, 2.0)]);
    let error = save(path("columns.svg"), "", 0, &[chart()]).unwrap_err();
    assert!(
        matches!(error, Error::Setting { value: 0.0, .. }) && error.to_string().contains("columns"),
        "{error}"
    );
    too_large(save(path("columns.svg"), "", usize::MAX, &[chart()]));
    save(path("no-charts.png"), "A title", 2, &[]).unwrap();
}

/// Values of every size, and ranges without any, come to an end and into a file.
#[test]
fn every_value_has_an_axis() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chart.svg");
    let values = [
        [0.0, 0.0],
        [1000.0, 1000.0f64.next_up()],
        [0.1, 0.1f64.next_up()],
        [1e17, 1e17],
        [1e300, 1e300f64.next_up()],
        [-1e308, 1e308],
        [f64::MAX, f64::MIN_POSITIVE],
        [5e-324, 1e-323],
        [f64::NAN, f64::INFINITY],
    ];
    for [a, b] in values {
        for scale in [Scale::Linear, Scale::Log] {
            let chart = Chart::new("", "x", "y").x_scale(scale.clone()).y_scale(scale);
            let chart = chart.line("line", [(a, b), (b, a)]).dots("dots", [(a, a), (b, b)]).mark("mark", a);
            save(&path, "", 1, std::slice::from_ref(&chart)).unwrap();
            save(&path, "", 1, &[chart.x_range(a, b).y_range(b, a)]).unwrap();
        }
    }
}

/// The curve of an output that ranks perfectly goes up, then right; a picture of many samples has few corners.
#[test]
fn a_roc_curve_as_a_picture() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roc.svg");
    let outputs = DMatrix::from_fn(1, 10_000, |_, j| j as f64 / 1e4);
    let curve = RocCurve::new(&outputs, &outputs.map(|a| f64::from(u8::from(a > 0.3))), 0).unwrap();
    curve.plot(&path).unwrap();
    let found = texts(&path);
    for text in ["ROC curve", "area 1.0000", "chance", "false positive rate", "true positive rate"] {
        assert!(found.iter().any(|found| found == text), "{text} in {found:?}");
    }
    assert!(fs::metadata(&path).unwrap().len() < 20_000);
    curve.plot(path.with_extension("png")).unwrap();
    painted(&path.with_extension("png"));
}

/// Each activation has the colour of its value in its place.
#[test]
fn activations_are_drawn_where_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("activations.png");
    let layer = |weights: &[f64], activation| Dense {
        weights: DMatrix::from_row_slice(2, 2, weights),
        biases: DVector::zeros(2),
        activation,
    };
    let network = Network::from_layers(
        vec![layer(&[1.0, 0.0, 0.0, 1.0], Linear)],
        layer(&[1.0, 1.0, 0.0, 2.0], Linear),
    )
    .unwrap();
    // Neuron 0: 4, 0, 1; neuron 1: 0, −4, 1.
    let x = DMatrix::from_column_slice(2, 3, &[4.0, 0.0, 0.0, -4.0, 1.0, 1.0]);
    activations(&network, 1, &x, &path).unwrap();
    let image = painted(&path);
    let at = |row: usize, column: usize| image.pixels[(86 + 8 * row + 4) * image.width + 14 + 8 * column + 4];
    let strong = at(0, 0);
    assert!(strong < 150 && at(1, 1) < 160 && at(0, 1) == 255 && at(1, 0) == 255);
    assert!((strong + 40..255).contains(&at(0, 2)) && at(0, 2) == at(1, 2));

    activations(&network, 2, &x, path.with_extension("svg")).unwrap();
    let found = texts(&path.with_extension("svg"));
    assert_eq!(found[0], "layer 2: 2 neurons (rows), 3 samples (columns)");
    assert!(found[1].ends_with("±8.000"), "{found:?}");
    for layer in [0, 3] {
        let error = activations(&network, layer, &x, &path).unwrap_err();
        assert!(matches!(error, Error::Setting { name: "layer", .. }), "{error}");
    }
    let error = activations(&network, 1, &DMatrix::zeros(3, 1), &path).unwrap_err();
    assert!(matches!(error, Error::SizeMismatch { found: 3, expected: 2, .. }), "{error}");
    activations(&network, 1, &DMatrix::zeros(2, 0), &path).unwrap();
}

/// Issue: the second call counted the colours below zero and panicked.
#[test]
fn a_series_takes_the_colour_of_another_as_often_as_one_likes() {
    let folder = tempfile::tempdir().unwrap();
    let chart = Chart::new("", "", "").same_colour(0).line("a", [(0.0, 1.0), (1.0, 2.0)]);
    let chart =
        chart.same_colour(0).same_colour(0).same_colour(7).mark("b", 1.0).same_colour(1).same_colour(1);
    save(folder.path().join("chart.svg"), "", 1, &[chart]).unwrap();
}

/// Issue: control characters in a name went into the SVG, which no viewer opened.
#[test]
fn names_with_control_characters_leave_an_svg_readable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.svg");
    let name = "a\u{0}\u{1b}[2J\u{b}<b>&\u{ffff}";
    let is_xml = |path: &Path| {
        let svg = fs::read_to_string(path).unwrap();
        svg.chars().all(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..))
    };
    save(&path, name, 1, &[Chart::new(name, name, name).line(name, [(0.0, 1.0)])]).unwrap();
    assert!(is_xml(&path) && texts(&path).iter().any(|text| text.contains("&lt;b&gt;&amp;")));
    let confusion = ConfusionMatrix::new(2).unwrap().with_class_names(&[name, "漢字漢字漢字"]).unwrap();
    confusion.plot(&path).unwrap();
    assert!(is_xml(&path));
}
