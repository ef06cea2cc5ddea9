//! Beginner's mistakes: each gives one message that names the place and says what to do next.

use gradus::data::{Csv, Missing, Table};
use gradus::prelude::*;

/// A mistake in a table: what it is, the text, how it is read, and what the message says.
struct Mistake {
    name: &'static str,
    text: String,
    csv: Csv,
    says: &'static [&'static str],
}

fn target(name: &str) -> Csv {
    Csv::new().target(name)
}

/// A table of `n` rows of the columns a, b and y, in which `row` may change a row.
fn rows(n: usize, header: &str, row: impl Fn(usize) -> String) -> String {
    (0..n).map(row).fold(format!("{header}\n"), |text, row| text + &row + "\n")
}

fn usual(i: usize) -> String {
    format!("{}.5,{},{}.25", i * i % 17, i * 7 % 5, i * 3 % 11)
}

/// The usual rows with another one in line `line`.
fn with(line: usize, row: &str) -> String {
    rows(20, "a,b,y", |i| if i + 2 == line { row.to_owned() } else { usual(i) })
}

fn mistakes() -> Vec<Mistake> {
    let mistake = |name, text: String, csv, says| Mistake { name, text, csv, says };
    vec![
        mistake(
            "text in a column of numbers",
            with(7, "1,oops,2"),
            target("y"),
            &["line 7, column 2 `b`", "`oops` is not a number", ".missing_marker(", ".categorical("],
        ),
        mistake(
            "a unit after a number",
            with(7, "12 cm,1,2"),
            target("y"),
            &["line 7, column 1 `a`", "`12 cm` is not a number", "remove units"],
        ),
        mistake(
            "a decimal comma in quotation marks",
            with(7, "\"1,5\",1,2"),
            target("y"),
            &["line 7, column 1 `a`", ".decimal(',')", "thousands"],
        ),
        mistake(
            "a comma between thousands",
            with(7, "1,\"12,345\",2"),
            target("y"),
            &["line 7, column 2 `b`", "thousands"],
        ),
        mistake(
            "dots between thousands",
            rows(20, "a;b;y", |i| format!("1.234,{i};{};{i},5", i % 3)),
            target("y"),
            &["line 2, column 1 `a`", "dots between thousands"],
        ),
        mistake(
            "an infinite number",
            with(7, "inf,1,2"),
            target("y"),
            &["line 7, column 1 `a`", "`inf` is not finite", ".missing_marker(\"inf\")"],
        ),
        mistake(
            "an empty cell",
            with(7, "1,,2"),
            target("y"),
            &["line 7, column 2 `b`", "missing (empty)", "Missing::DropRows", "Missing::Mean"],
        ),
        mistake(
            "NA",
            with(7, "1,NA,2"),
            target("y"),
            &["line 7, column 2 `b`", "missing (`NA`)", "Missing::DropRows"],
        ),
        mistake("NaN", with(7, "1,NaN,2"), target("y"), &["line 7, column 2 `b`", "missing (`NaN`)"]),
        mistake("a question mark", with(7, "1,?,2"), target("y"), &["line 7, column 2 `b`", "missing (`?`)"]),
        mistake("null", with(7, "1,null,2"), target("y"), &["line 7, column 2 `b`", "missing (`null`)"]),
        mistake(
            "a missing target",
            with(7, "1,2,"),
            target("y"),
            &["line 7, column 3 `y`", "missing (empty)"],
        ),
        mistake(
            "a number that stands for missing",
            with(7, "1,-999,2"),
            target("y").missing_marker("-999"),
            &["line 7, column 2 `b`", "missing (`-999`)"],
        ),
        mistake(
            "every row has a missing value",
            rows(12, "a,b,y", |i| format!("{i}.5,,{}.25", i % 5)),
            target("y").missing(Missing::DropRows),
            &["all 12 rows", ".ignore("],
        ),
        mistake(
            "a column without any value",
            rows(12, "a,b,y", |i| format!("{i}.5,,{}.25", i % 5)),
            target("y").missing(Missing::Mean),
            &["column 2 `b`", "all values are missing", ".ignore("],
        ),
        mistake(
            "a row that is too short",
            with(7, "1,2"),
            target("y"),
            &["line 7", "2 fields and the first one 3"],
        ),
        mistake(
            "a separator within a text",
            with(7, "1,2,3,4"),
            target("y"),
            &["line 7", "4 fields and the first one 3", "quotation marks"],
        ),
        mistake(
            "a quotation mark that is not closed",
            with(7, "\"1,2,3"),
            target("y"),
            &["line 7", "not closed"],
        ),
        mistake("a wrong target", with(0, ""), target("z"), &["no column `z`", "`a`, `b`, `y`"]),
        mistake(
            "a target in other letters",
            with(0, ""),
            target("Y"),
            &["no column `Y`", "did you mean `y`?"],
        ),
        mistake("no target", with(0, ""), Csv::new(), &["no target was named", ".target(", "`a`, `b`, `y`"]),
        mistake(
            "a target that is ignored",
            with(0, ""),
            target("y").ignore("y"),
            &["column 3 `y`", "both a target and ignored"],
        ),
        mistake(
            "an option for a column that is not there",
            with(0, ""),
            target("y").ignore("id"),
            &["no column `id`"],
        ),
        mistake(
            "only a target",
            "y\n1.5\n2\n".to_owned(),
            target("y"),
            &["no column is left for the inputs", ".separator("],
        ),
        mistake(
            "a separator of its own",
            "a:b:y\n1:2:3\n4:5:6\n".to_owned(),
            target("y"),
            &["no column `y`", "`a:b:y`"],
        ),
        mistake(
            "duplicate column names",
            rows(12, "a,a,y", usual),
            target("y"),
            &["line 1, column 2 `a`", "column 1 has the same name", ".names("],
        ),
        mistake(
            "no names in the first line",
            rows(12, "1.5,2,3.5", usual),
            target("y"),
            &["line 1", "looks like data (`1.5`)", ".header(false)"],
        ),
        mistake(
            "too few names given",
            rows(12, "a,b,y", usual),
            target("y").names(["x", "y"]),
            &["2 names were given for 3 columns"],
        ),
        mistake(
            "an id column",
            rows(12, "id,b,y", |i| format!("{},{},{}.25", i + 1, i * 7 % 5, i * 3 % 11)),
            target("y"),
            &["column 1 `id`", "counts the rows (1, 2 …)", ".ignore(", ".numeric("],
        ),
        mistake(
            "the index that pandas writes",
            rows(12, ",b,y", |i| format!("{i},{},{}.25", i * 7 % 5, i * 3 % 11)),
            target("y"),
            &["column 1 `column 1`", "counts the rows (0, 1 …)"],
        ),
        mistake(
            "an identifier of letters",
            rows(12, "id,b,y", |i| format!("k{i},{},{}.25", i * 7 % 5, i * 3 % 11)),
            target("y"),
            &["column 1 `id`", "12 different texts such as `k0` in 12 rows", ".ignore(", ".categorical("],
        ),
        mistake(
            "dates",
            rows(12, "day,b,y", |i| format!("2021-03-{:02},{},{}.25", i + 1, i * 7 % 5, i * 3 % 11)),
            target("y"),
            &["column 1 `day`", "dates such as `2021-03-01`", "days since the first", ".ignore("],
        ),
        mistake(
            "dates of another country",
            rows(12, "day,b,y", |i| format!("{}/3/2021 10:00,{},1.{i}", i + 1, i * 7 % 5)),
            target("y"),
            &["dates such as `1/3/2021 10:00`"],
        ),
        mistake(
            "free text as target",
            rows(12, "a,b,y", |i| format!("{},{i}.5,text {i}", i % 3)),
            target("y"),
            &["column 3 `y`", "12 different classes such as `text 0`", "the right column?"],
        ),
        mistake(
            "numbers as classes",
            rows(2000, "a,b,y", |i| format!("{},{i}.5,{i}.25", i % 3)),
            target("y").classes(),
            &["column 3 `y`", "1001 different classes", ".numbers()"],
        ),
        mistake(
            "one class only",
            rows(12, "a,b,y", |i| format!("{},{i}.5,cat", i % 3)),
            target("y"),
            &["column 3 `y`", "all 12 rows have the same target `cat`", "all classes?"],
        ),
        mistake(
            "a constant target",
            rows(12, "a,b,y", |i| format!("{},{i}.5,7", i % 3)),
            target("y"),
            &["all 12 rows have the same target `7`"],
        ),
        mistake("names and no rows", "a,b,y\n".to_owned(), target("y"), &["no rows of data", "complete"]),
        mistake("an empty file", String::new(), target("y"), &["no rows of data"]),
        mistake(
            "a web page",
            "<!DOCTYPE html>\n<html></html>".to_owned(),
            target("y"),
            &["a web page", "download the file itself"],
        ),
        mistake(
            "an Excel file",
            "PK\u{3}\u{4}rest".to_owned(),
            target("y"),
            &["an Excel", "save the sheet as CSV"],
        ),
        mistake("a binary file", "a,b\n\0\0\0".to_owned(), target("y"), &["a binary file"]),
    ]
}

/// One message, with the name of the file, on one line, that does not end in a full stop.
#[test]
fn mistakes_in_tables() {
    for Mistake { name, text, csv, says } in mistakes() {
        let message = match csv.read::<f64>(text.as_bytes(), "my.csv") {
            Err(error) => error.to_string(),
            Ok(table) => panic!("{name} is not noticed: {table}"),
        };
        println!("{name}: {message}");
        for part in says.iter().chain(&["my.csv"]) {
            assert!(message.contains(part), "{name}: `{part}` is not in: {message}");
        }
        assert!(!message.contains('\n') && !message.ends_with('.'), "{name}: {message}");
    }
}

#[test]
fn texts_in_other_encodings() {
    for (bytes, says) in [
        (
            &b"gr\xf6\xdfe,y\n1,0.5\n2,1.5\n"[..],
            "line 1, column 1 `gr\u{fffd}\u{fffd}e`: `gr\u{fffd}\u{fffd}e` is not UTF-8",
        ),
        (b"a,y\nsch\xf6n,0.5\nneu,1.5\n", "line 2, column 1 `a`: `sch\u{fffd}n` is not UTF-8"),
        (b"\xff\xfea\0,\0y\0\n\0", "UTF-16"),
    ] {
        let message = target("y").read::<f64>(bytes, "my.csv").unwrap_err().to_string();
        assert!(message.contains(says), "{message}");
    }
}

/// What differs from table to table and is meant all the same.
#[test]
fn no_mistakes() {
    let plain = "a,b,y\n1.5,2,0.25\n3,4,0.75\n";
    let wanted = target("y").read::<f64>(plain.as_bytes(), "my.csv").unwrap();
    for (name, text) in [
        ("a byte order mark", format!("\u{feff}{plain}")),
        ("CRLF", plain.replace('\n', "\r\n")),
        ("semicolons", plain.replace(',', ";")),
        ("tabs", plain.replace(',', "\t")),
        ("semicolons and decimal commas", plain.replace(',', ";").replace('.', ",")),
        ("quoted numbers", "\"a\",\"b\",\"y\"\n\"1.5\",\"2\",\"0.25\"\n\"3\",\"4\",\"0.75\"\n".to_owned()),
        ("spaces around", plain.replace(',', " , ")),
        ("empty lines at the end", format!("{plain}\n\r\n\n")),
        ("no line break at the end", plain.trim_end().to_owned()),
        ("lines of separators only", format!("{plain},,\n,,\n")),
        ("signs and exponents", "a,b,y\n+15e-1,2.,.25\n3E0,4.0,75e-2\n".to_owned()),
    ] {
        let table = target("y")
            .read::<f64>(text.as_bytes(), "my.csv")
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((table.columns.inputs(), table.data.len()), (wanted.columns.inputs(), 2), "{name}");
        let values = |table: &Table<f64>| {
            let (mut x, mut y) = (DMatrix::zeros(2, 2), DMatrix::zeros(1, 2));
            table.data.gather(1, &[0, 1], &mut x, &mut y).unwrap();
            (x, y)
        };
        assert_eq!(values(&table), values(&wanted), "{name}");
    }
}

/// A number that is too large for `f32` names `f64`, which holds it.
#[test]
fn numbers_too_large_for_f32() {
    let text = with(7, "1e39,1,2");
    let message = target("y").read::<f32>(text.as_bytes(), "my.csv").unwrap_err().to_string();
    assert!(
        message.contains("line 7, column 1 `a`: `1e39` is too large for f32; read a table of `f64`"),
        "{message}"
    );
    assert!(target("y").read::<f64>(text.as_bytes(), "my.csv").is_ok());
}

/// A column that is asked for is read, though it looks like a mistake.
#[test]
fn what_was_meant() {
    let text = rows(12, "id,b,y", |i| format!("{},k{i},{}.25", i + 1, i * 3 % 11));
    let table = target("y").numeric("id").categorical("b").read::<f64>(text.as_bytes(), "my.csv").unwrap();
    assert_eq!(table.data.n_inputs(), 13);
    let single = rows(12, "year,y", |i| format!("{},{}.25", 1990 + i, i * 3 % 11));
    assert!(target("y").read::<f64>(single.as_bytes(), "my.csv").is_ok(), "a time may be the only input");
}

/// Mistakes that show when a network is to be trained, as errors or as warnings of the report.
#[test]
fn mistakes_in_training() {
    let x = |i: usize, j: usize| ((i * 31 + j * 7) % 13) as f64 / 13.0;
    let inputs = DMatrix::from_fn(4, 150, x);
    let label = |j: usize| j / 50;
    let labels: Vec<usize> = (0..150).map(label).collect();
    let numbers = |first: f64, by: f64| {
        let y = DMatrix::from_fn(1, 150, |_, j| first + by * label(j) as f64);
        Dataset::new(inputs.clone(), y).unwrap()
    };
    let classes = |x: &DMatrix<f64>, labels: &[usize]| Dataset::from_labels(x.clone(), labels, 3).unwrap();
    fn fit<C, O>(cost: C, output: O, outputs: usize, data: &Dataset<f64>) -> String
    where
        C: Cost<f64, O> + 'static,
        O: Activation<f64>,
    {
        let mut network =
            Network::new(&[data.n_inputs(), 3, outputs], Tanh, output, &ByActivation, 1).unwrap();
        let trainer = Trainer::new(cost).stop(MaxEpochs::new(1).unwrap());
        trainer.fit(&mut network, data, None).map_or_else(
            |error| error.to_string(),
            |report| report.to_string().split_whitespace().collect::<Vec<_>>().join(" "),
        )
    }
    let softmax = |outputs, data: &Dataset<f64>| fit(LogLikelihood, Softmax::default(), outputs, data);
    let sigmoid = |data: &Dataset<f64>| fit(CrossEntropy, Sigmoid, 1, data);
    let unscaled = DMatrix::from_fn(4, 150, |i, j| [1.0, 1e4, 1.0, 1.0][i] * x(i, j));
    let constant = DMatrix::from_fn(4, 150, |i, j| if i == 2 { 7.0 } else { x(i, j) });
    let two: Vec<usize> = labels.iter().map(|&label| 2 * (label / 2)).collect();
    for (mistake, message, says) in [
        ("one-hot forgotten", softmax(3, &numbers(0.0, 1.0)), "a class label becomes a one-hot column of y"),
        ("one-hot forgotten", softmax(1, &numbers(0.0, 1.0)), "use one-hot targets"),
        ("labels as floats", sigmoid(&numbers(0.0, 1.0)), "see `Dataset::from_labels`"),
        ("labels from −1", sigmoid(&numbers(-1.0, 1.0)), "target 0 of sample 0 is -1, outside [0, 1]"),
        ("unscaled inputs", softmax(3, &classes(&unscaled, &labels)), "Standardize.fit(&training)"),
        (
            "a class without a sample",
            softmax(3, &classes(&inputs, &two)),
            "no training sample is of class 1,",
        ),
        (
            "one class only",
            softmax(3, &classes(&inputs, &[1; 150])),
            "no training sample is of class 0 or 2,",
        ),
        ("one class only", sigmoid(&numbers(1.0, 0.0)), "no training sample is of class 0,"),
    ] {
        assert!(message.contains(says), "{mistake}: `{says}` is not in: {message}");
    }
    for fine in [softmax(3, &classes(&inputs, &labels)), sigmoid(&numbers(0.0, 0.5))] {
        assert!(!fine.contains("warning"), "{fine}");
    }

    // A constant column is no mistake: it is said of a table, and left alone by the scaling.
    let text = rows(20, "a,b,y", |i| format!("{}.5,7,{}.25", i * i % 17, i * 3 % 11));
    let table = target("y").read::<f64>(text.as_bytes(), "my.csv").unwrap();
    assert!(table.to_string().contains("nothing can be learned from it: b"), "{table}");
    let data = classes(&constant, &labels);
    let scaled = Standardize.fit(&data).unwrap().transform(data).unwrap();
    let message = softmax(3, &scaled);
    assert!(message.contains(" cost ") && !message.contains("warning"), "{message}");
}

/// Mistakes that need no table.
#[test]
fn mistakes_in_matrices() {
    let x = |rows, columns| DMatrix::from_fn(rows, columns, |i, j| (i * 31 + j * 7 % 13) as f64);
    let mut nan = x(4, 150);
    nan[(2, 17)] = f64::NAN;
    let labels: Vec<usize> = (0..150).map(|i| i / 50).collect();
    let from_one: Vec<usize> = labels.iter().map(|label| label + 1).collect();
    let negative: Vec<i32> = labels.iter().map(|&label| label as i32 - 1).collect();
    let sorted = Dataset::from_labels(x(4, 150), &labels, 3).unwrap();
    let message = |result: gradus::Result<Dataset<f64>>| result.unwrap_err().to_string();
    let split = |split: Split| message(split.fractions(&sorted, [0.6, 0.4]).map(|[first, _]| first));
    for (message, says) in [
        (message(Dataset::new(x(150, 4), x(150, 1))), "transpose x and y, or use `Dataset::from_rows`"),
        (message(Dataset::new(x(150, 4), x(1, 150))), "transpose x"),
        (message(Dataset::from_labels(x(150, 4), &labels, 3)), "transpose x"),
        (message(Dataset::from_labels(x(4, 150), &from_one, 3)), "subtract 1 from each"),
        (message(Dataset::from_labels(x(4, 150), &negative, 3)), "from 0 to below 3"),
        (message(Dataset::from_labels(x(4, 150), &labels, 2)), "is the number of classes right?"),
        (message(Dataset::from_labels(x(4, 150), &labels[..149], 3)), "149 given, 150 needed"),
        (message(Dataset::from_class_names(x(4, 150), &["cat"; 150])), "samples of two classes"),
        (message(Dataset::new(nan, x(1, 150))), "input 2 of sample 17 is NaN"),
        (split(Split::in_order()), "class 2, 50 sample(s) in the data set, would not occur"),
        (
            message(Split::shuffled(1).fractions(&sorted, [80.0, 20.0]).map(|[first, _]| first)),
            "give fractions such as 0.8",
        ),
        (
            message(Split::shuffled(1).counts(&sorted, [100, 100]).map(|[first, _]| first)),
            "has 150; ask for fewer",
        ),
        (Standardize.fit_targets(&sorted).unwrap_err().to_string(), "scale the inputs only"),
    ] {
        assert!(message.contains(says), "`{says}` is not in: {message}");
    }
}

/// Examples as rows, and labels where one-hot targets are needed, are named wherever matrices come in.
#[test]
fn matrices_that_do_not_fit() {
    let x = |rows, columns| DMatrix::from_fn(rows, columns, |i, j| (i * 31 + j * 7 % 13) as f64 / 31.0);
    let network = || Network::new(&[4, 5, 3], Tanh, Softmax::default(), &ByActivation, 1).unwrap();
    let batch = |x, y| Batch::new(x, y).unwrap_err().to_string();
    let step = |x, y| {
        let (trainer, mut network) = (Trainer::new(LogLikelihood), network());
        let batch = Batch::new(x, y).unwrap();
        trainer.learner(&network).unwrap().step(&mut network, &batch, 0.1).unwrap_err().to_string()
    };
    let meaning = || Meaning::new(Task::Classes);
    let predict = |x| {
        let mut predictor = Predictor::new(network(), meaning()).unwrap();
        let messages = [
            network().predict(&x).unwrap_err().to_string(),
            network().silent_neurons(&x).unwrap_err().to_string(),
            predictor.predict_each(&x, |_, _| ()).unwrap_err().to_string(),
        ];
        assert!(messages.iter().all(|message| *message == messages[0]), "{messages:?}");
        messages[0].clone()
    };
    /// A source that has as many inputs and targets as it is told.
    #[derive(Debug)]
    struct Shaped(usize, usize);
    impl Samples<f64> for Shaped {
        fn len(&self) -> usize {
            150
        }
        fn n_inputs(&self) -> usize {
            self.0
        }
        fn n_outputs(&self) -> usize {
            self.1
        }
        fn gather(
            &self,
            _: u64,
            _: &[usize],
            _: &mut DMatrix<f64>,
            _: &mut DMatrix<f64>,
        ) -> gradus::Result<()> {
            unreachable!("it does not fit")
        }
    }
    let fit = |inputs, targets| {
        let fitted = Trainer::new(LogLikelihood).fit(&mut network(), &Shaped(inputs, targets), None);
        fitted.unwrap_err().to_string()
    };
    let (transposed, one_hot) =
        ("a column is an example: transpose", "a class label becomes a one-hot column of y");
    for (message, says, never) in [
        (batch(x(150, 4), x(150, 3)), "transpose x and y", one_hot),
        (batch(x(150, 4), x(3, 150)), "transpose x", "x and y seem"),
        (batch(x(4, 150), x(150, 3)), "transpose y", "x and y seem"),
        (batch(x(4, 150), x(3, 149)), "a column is an example", "transpose"),
        (step(x(150, 4), x(150, 4)), "a column is an example: transpose x", one_hot),
        (
            step(x(5, 6), x(3, 6)),
            "rows of x, one for each input of the network (a column is an example)",
            "transpose",
        ),
        (step(x(4, 3), x(7, 3)), "a column is an example: transpose y", one_hot),
        (step(x(4, 150), x(1, 150)), one_hot, "transpose"),
        (step(x(4, 150), x(2, 150)), "rows of y, one for each output of the network", "transpose"),
        (predict(x(150, 4)), transposed, one_hot),
        (predict(x(5, 150)), "a column is an example", "transpose"),
        (fit(150, 3), "transpose x if its rows are", one_hot),
        (fit(4, 1), one_hot, "transpose"),
    ] {
        assert!(
            message.contains(says) && !message.contains(never),
            "`{says}` is not in, or `{never}` is: {message}"
        );
    }
}

/// A softmax of one output gives 1 whatever it learns.
#[test]
fn a_softmax_of_one_output() {
    let x = DMatrix::from_fn(2, 30, |i, j| ((i + j) % 3) as f64);
    for first in [0.0, 1.0] {
        let y = DMatrix::from_fn(1, 30, |_, j| if j % 2 == 0 { first } else { 1.0 });
        let data = Dataset::new(x.clone(), y).unwrap();
        let mut network = Network::new(&[2, 1], Linear, Softmax::default(), &ByActivation, 1).unwrap();
        for error in [
            Trainer::new(LogLikelihood).fit(&mut network, &data, None).map(drop),
            Trainer::new(Focal::new(2.0).unwrap()).fit(&mut network, &data, None).map(drop),
            Trainer::new(LabelSmoothing::new(0.1).unwrap()).fit(&mut network, &data, None).map(drop),
        ] {
            let message = error.unwrap_err().to_string();
            assert!(message.contains("a softmax of one output is always 1"), "{message}");
            assert!(message.contains("one `Sigmoid` output with `CrossEntropy`"), "{message}");
        }
    }
}
