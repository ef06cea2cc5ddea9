//! What a table says is what is read, however it is written, and the same again from other files and single rows.

use gradus::data::{ColumnKind, Csv, Missing, Table, Unseen};
use gradus::prelude::*;
use gradus::{Error, TableProblem};
use proptest::prelude::*;

/// How a table is written.
#[derive(Debug, Clone)]
struct Style {
    separator: char,
    decimal: char,
    line_end: &'static str,
    quote_all: bool,
    bom: bool,
    last_line_end: bool,
    blank: usize,
}

fn style() -> impl Strategy<Value = Style> {
    let chars = (prop::sample::select(vec![',', ';', '\t', '|']), prop::sample::select(vec!['.', ',']));
    let line_end = prop::sample::select(vec!["\n", "\r\n", "\r"]);
    (chars, line_end, any::<[bool; 3]>(), 0usize..3).prop_map(
        |((separator, decimal), line_end, flags, blank)| {
            // A decimal comma beside separating commas has to be told.
            let decimal = if separator == ',' { '.' } else { decimal };
            let [quote_all, bom, last_line_end] = flags;
            Style { separator, decimal, line_end, quote_all, bom, last_line_end, blank }
        },
    )
}

impl Style {
    fn number(&self, value: f64) -> String {
        value.to_string().replace('.', &self.decimal.to_string())
    }

    fn write(&self, rows: &[Vec<String>]) -> Vec<u8> {
        let field = |text: &String| {
            let special = |c: char| ",;\t|\"\r\n".contains(c);
            // A decimal comma needs no quotation marks among semicolons.
            let number = text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
            if self.quote_all || text.contains(special) && !(number && self.separator != ',') {
                format!("\"{}\"", text.replace('"', "\"\""))
            } else {
                text.clone()
            }
        };
        let line =
            |row: &Vec<String>| row.iter().map(field).collect::<Vec<_>>().join(&self.separator.to_string());
        let mut lines: Vec<String> = rows.iter().map(line).collect();
        lines.extend(vec![String::new(); self.blank]);
        let mut text = if self.bom { "\u{feff}".to_owned() } else { String::new() };
        text += &lines.join(self.line_end);
        if self.last_line_end {
            text += self.line_end;
        }
        text.into_bytes()
    }
}

const COLOURS: [&str; 5] = ["red", "blue; or so", "a \"quoted\", text", "grün", "two\nlines"];

/// Rows of two numbers, a colour, and a target that is a number.
#[derive(Debug, Clone)]
struct Content {
    rows: Vec<(f64, f64, usize, f64)>,
}

fn content() -> impl Strategy<Value = Content> {
    let number =
        || prop_oneof![-1e6f64..1e6, -1.0f64..1.0, Just(0.0), Just(-3.0), Just(1e-30), Just(1.25e30)];
    let row = (number(), number(), 0usize..5, -1.0f64..1.0);
    prop::collection::vec(row, 2..30).prop_map(|mut rows| {
        rows[0].2 = 0;
        rows[1].2 = 1;
        // Decimal commas are found by numbers that have one.
        rows[0].3 = 0.5;
        rows[1].3 = 0.25;
        Content { rows }
    })
}

impl Content {
    fn text(&self, style: &Style) -> Vec<u8> {
        let mut rows = vec![["left", "right", "colour", "y"].map(str::to_owned).to_vec()];
        rows.extend(self.rows.iter().map(|&(a, b, colour, y)| {
            vec![style.number(a), style.number(b), COLOURS[colour].to_owned(), style.number(y)]
        }));
        style.write(&rows)
    }

    /// The colours that occur, in alphabetical order.
    fn colours(&self) -> Vec<&'static str> {
        let mut colours: Vec<&str> = self.rows.iter().map(|row| COLOURS[row.2]).collect();
        colours.sort();
        colours.dedup();
        colours
    }

    fn x(&self) -> DMatrix<f64> {
        let colours = self.colours();
        DMatrix::from_fn(2 + colours.len(), self.rows.len(), |i, j| {
            let (a, b, colour, _) = self.rows[j];
            match i {
                0 => a,
                1 => b,
                _ => f64::from(u8::from(colours[i - 2] == COLOURS[colour])),
            }
        })
    }
}

fn gathered<T: Real>(data: &Dataset<T>) -> (DMatrix<T>, DMatrix<T>) {
    let mut x = DMatrix::zeros(data.n_inputs(), data.len());
    let mut y = DMatrix::zeros(data.n_outputs(), data.len());
    data.gather(1, &(0..data.len()).collect::<Vec<_>>(), &mut x, &mut y).unwrap();
    (x, y)
}

fn read(csv: &Csv, text: &[u8]) -> gradus::Result<Table<f64>> {
    csv.read(text, "table.csv")
}

/// The line, the number of the column and the problem of an error.
fn parts(error: Error) -> (Option<u64>, Option<usize>, TableProblem) {
    match error {
        Error::Table(error) => (error.line, error.column.map(|(number, _)| number), error.problem),
        other => panic!("not a table's error: {other}"),
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(content in content(), style in style()) {
        let text = content.text(&style);
        let csv = Csv::new().target("y");
        let table = read(&csv, &text).unwrap();
        let y = DMatrix::from_fn(1, content.rows.len(), |_, j| content.rows[j].3);
        prop_assert_eq!(gathered(&table.data), (content.x(), y));
        prop_assert_eq!(table.columns.n_inputs(), table.data.n_inputs());
        prop_assert_eq!(char::from(table.summary.separator), style.separator);

        let single: Table<f32> = csv.read(&text[..], "table.csv").unwrap();
        prop_assert_eq!(gathered(&single.data).0, content.x().map(|v| v as f32));
    }

    /// The same columns, once saved and loaded, make the same inputs of the file and of its rows.
    #[test]
    fn columns_are_kept(content in content(), style in style()) {
        let text = content.text(&style);
        let csv = Csv::new().target("y");
        let table = read(&csv, &text).unwrap();
        let columns: Columns = serde_json::from_str(&serde_json::to_string(&table.columns).unwrap()).unwrap();
        prop_assert_eq!(&columns, &table.columns);
        let like = csv.read_like::<f64>(&columns, &text[..], "again.csv").unwrap();
        prop_assert_eq!(gathered(&like.data), gathered(&table.data));
        let inputs = csv.read_inputs::<f64>(&columns, &text[..], "again.csv").unwrap();
        prop_assert_eq!(&inputs, &content.x());
        for (j, &(a, b, colour, _)) in content.rows.iter().enumerate() {
            let mut x = vec![9.0; columns.n_inputs()];
            columns.encode(&[style.number(a).as_str(), &style.number(b), COLOURS[colour]], &mut x).unwrap();
            let column: Vec<f64> = inputs.column(j).iter().copied().collect();
            prop_assert_eq!(x, column);
        }
    }

    /// The line of a bad value, whatever lies before it.
    #[test]
    fn lines_are_counted(content in content(), style in style(), at in any::<prop::sample::Index>()) {
        let at = at.index(content.rows.len());
        let mut rows = vec![["left", "right", "colour", "y"].map(str::to_owned).to_vec()];
        rows.extend(content.rows.iter().enumerate().map(|(i, &(a, b, colour, y))| {
            let b = if i == at { "oops".to_owned() } else { style.number(b) };
            vec![style.number(a), b, COLOURS[colour].to_owned(), style.number(y)]
        }));
        // The line breaks of old Macintoshes are not told apart from those within texts.
        prop_assume!(style.line_end != "\r" || content.rows.iter().all(|row| row.2 != 4));
        let (line, column, problem) = parts(read(&Csv::new().target("y").numeric("right"), &style.write(&rows)).unwrap_err());
        let is_text = matches!(&problem, TableProblem::NotANumber { value, .. } if value == "oops");
        prop_assert!(is_text, "{}", problem);
        prop_assert_eq!(column, Some(2));
        let before = Style { blank: 0, last_line_end: true, ..style.clone() }.write(&rows[..at + 1]);
        let line_end = style.line_end.as_bytes()[style.line_end.len() - 1];
        let wanted = before.iter().filter(|&&byte| byte == line_end).count() as u64 + 1;
        prop_assert_eq!(line, Some(wanted));
    }

    #[test]
    fn missing_values_are_filled_or_left_out(
        numbers in prop::collection::vec(prop::option::weighted(0.7, -1e3f64..1e3), 12..40),
        marker in prop::sample::select(vec!["", "NA", "?", "null", "NaN", "n/a", " "]),
    ) {
        prop_assume!(numbers.iter().flatten().count() > 1);
        let cell = |value: &Option<f64>| value.map_or(marker.to_owned(), |v| v.to_string());
        let colour = |i: usize, missing: bool| if missing { marker } else { ["red", "blue", "red"][i % 3] };
        let mut text = "a,colour,y\n".to_owned();
        for (i, value) in numbers.iter().enumerate() {
            text += &format!("{},{},{}\n", cell(value), colour(i, i == 5), 0.5 + i as f64);
        }
        let csv = Csv::new().target("y").numeric("a");
        let missing = numbers.iter().filter(|v| v.is_none()).count();

        let refused = read(&csv, text.as_bytes()).unwrap_err();
        let first = numbers.iter().position(|v| v.is_none()).unwrap_or(99).min(5);
        let (line, _, problem) = parts(refused);
        let is_missing = matches!(problem, TableProblem::Missing { .. });
        prop_assert!(is_missing);
        prop_assert_eq!(line, Some(first as u64 + 2));

        let dropped = read(&csv.clone().missing(Missing::DropRows), text.as_bytes()).unwrap();
        let whole: Vec<usize> = (0..numbers.len()).filter(|&i| numbers[i].is_some() && i != 5).collect();
        prop_assert_eq!(dropped.summary.dropped, numbers.len() - whole.len());
        let y: Vec<f64> = whole.iter().map(|&i| 0.5 + i as f64).collect();
        prop_assert_eq!(gathered(&dropped.data).1, DMatrix::from_vec(1, y.len(), y));

        let mut present: Vec<f64> = numbers.iter().flatten().copied().collect();
        let mean = present.iter().sum::<f64>() / present.len() as f64;
        present.sort_by(f64::total_cmp);
        let middle = present.len() / 2;
        let median = if present.len() % 2 == 1 { present[middle] } else { (present[middle - 1] + present[middle]) / 2.0 };
        for (missing_rule, fill) in [(Missing::Mean, mean), (Missing::Median, median), (Missing::Value(-7.0), -7.0)] {
            let filled = read(&csv.clone().missing(missing_rule), text.as_bytes()).unwrap();
            let wanted = [("a".to_owned(), missing), ("colour".to_owned(), 1)];
            prop_assert_eq!(&filled.summary.filled[..], &wanted[usize::from(missing == 0)..]);
            let x = gathered(&filled.data).0;
            for (i, value) in numbers.iter().enumerate() {
                let wanted = value.unwrap_or(fill);
                prop_assert!((x[(0, i)] - wanted).abs() <= 1e-9 * (1.0 + wanted.abs()));
            }
            prop_assert_eq!(x[(2, 5)], 1.0, "red is the most frequent");
            let again = csv.read_like::<f64>(&filled.columns, text.as_bytes(), "again.csv").unwrap();
            prop_assert_eq!(gathered(&again.data), gathered(&filled.data));
            prop_assert_eq!(again.summary.filled, filled.summary.filled);
        }
    }

    /// Nothing at all makes the reader panic.
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[a-c0-9,;\"\n\r.\\-]{0,200}") {
        for bytes in [bytes, text.clone().into_bytes(), [b"a,b\n", text.as_bytes()].concat()] {
            for csv in [Csv::new().target("b"), Csv::new().header(false).target("column 1").missing(Missing::Mean)] {
                let _ = read(&csv, &bytes);
            }
        }
    }
}

/// Columns are found by name, whatever their order.
#[test]
fn another_file_with_the_same_columns() {
    let csv = Csv::new().target("class");
    let training = read(&csv, b"size,colour,class\n1.5,red,b\n2,green,a\n3,red,b\n").unwrap();
    assert_eq!(training.columns.input_names(), ["size", "colour=green", "colour=red"]);
    assert_eq!(training.data.class_names(), ["a", "b"]);
    let test = csv
        .read_like::<f64>(&training.columns, &b"note;class;colour;size\nx;a;red;7,5\ny;b;green;8\n"[..], "t")
        .unwrap();
    let (x, y) = gathered(&test.data);
    assert_eq!(x, DMatrix::from_column_slice(3, 2, &[7.5, 0.0, 1.0, 8.0, 1.0, 0.0]));
    assert_eq!(y, DMatrix::from_column_slice(2, 2, &[1.0, 0.0, 0.0, 1.0]));

    let blue = &b"size,colour,class\n1,blue,a\n"[..];
    let (line, column, problem) = parts(csv.read_like::<f64>(&training.columns, blue, "t").unwrap_err());
    assert!(matches!(&problem, TableProblem::UnseenCategory { value, .. } if value == "blue"), "{problem}");
    assert_eq!((line, column), (Some(2), Some(2)));
    let zeros = read(&csv.clone().unseen(Unseen::Zeros), b"size,colour,class\n1,red,b\n2,green,a\n").unwrap();
    let x = csv.read_inputs::<f64>(&zeros.columns, blue, "t").unwrap();
    assert_eq!(x.as_slice(), [1.0, 0.0, 0.0]);
    let class = &b"size,colour,class\n1,red,c\n"[..];
    let (_, column, problem) = parts(csv.read_like::<f64>(&training.columns, class, "t").unwrap_err());
    assert!(matches!(problem, TableProblem::UnseenClass { .. }) && column == Some(3), "{problem}");
    let (_, _, problem) =
        parts(csv.read_like::<f64>(&training.columns, &b"size,class\n1,a\n"[..], "t").unwrap_err());
    assert!(matches!(problem, TableProblem::UnknownColumn { .. }), "{problem}");
}

/// Texts and few integers are classes, numbers are numbers, and the user has the last word.
#[test]
fn classes_or_numbers() {
    let table = |csv: Csv, values: &[&str]| {
        let mut text = "x,y\n".to_owned();
        (0..60).for_each(|i| text += &format!("{}.5,{}\n", i * i, values[i % values.len()]));
        read(&csv.target("y"), text.as_bytes()).unwrap()
    };
    let classes = |csv: Csv, values: &[&str]| table(csv, values).data.class_names().to_vec();
    assert_eq!(classes(Csv::new(), &["b", "a", "10"]), ["10", "a", "b"]);
    assert_eq!(classes(Csv::new(), &["10", "9", "-1"]), ["-1", "9", "10"], "in the order of the numbers");
    assert_eq!(classes(Csv::new(), &["1.0", "2.0", "0.0"]), ["0", "1", "2"], "labels as floats");
    assert!(classes(Csv::new(), &["1.0", "2.5", "0.0"]).is_empty());
    assert_eq!(classes(Csv::new().classes(), &["1.0", "2.5", "0.0"]), ["0", "1", "2.5"]);
    assert!(classes(Csv::new().numbers(), &["0", "1"]).is_empty());
    let many: Vec<String> = (0..20).map(|i| i.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(classes(Csv::new(), &many).is_empty(), "three of each are too few");
    assert_eq!(classes(Csv::new().classes(), &many).len(), 20);

    let labels = table(Csv::new(), &["7", "5"]);
    let test = Csv::new().read_like::<f64>(&labels.columns, &b"x,y\n1,5.0\n1,7\n"[..], "t").unwrap();
    assert_eq!((test.data.label(0), test.data.label(1)), (Some(0), Some(1)));

    let numbers = table(Csv::new().numbers(), &["0", "1"]);
    let again = Csv::new().target("y").numbers();
    let again = again.read_like::<f64>(&numbers.columns, &b"x,y\n1.5,0\n2.5,1\n"[..], "t");
    assert_eq!((numbers.data.task(), again.unwrap().data.task()), (Task::Regression, Task::Regression));

    let several = read(&Csv::new().target("b").target("a"), b"a,x,b\n1,2.5,3\n4,5,7\n").unwrap();
    assert_eq!(
        gathered(&several.data).1.as_slice(),
        [3.0, 1.0, 7.0, 4.0],
        "in the order in which they were named"
    );
}

#[test]
fn tags_split_and_group() {
    let text = b"x,split,y,patient\n1,train,0.5,ann\n2,test,0.25,bob\n4,train,0.75,ann\n";
    let table = read(&Csv::new().target("y").tag("split").tag("patient"), text).unwrap();
    assert_eq!(table.data.n_inputs(), 1);
    assert_eq!(gathered(&table.tagged("split", "train").unwrap()).0.as_slice(), [1.0, 4.0]);
    assert_eq!(table.tag("patient").unwrap(), [0, 1, 0]);
    assert!(matches!(table.tagged("split", "validation"), Err(Error::Empty { .. })));
    let (_, _, problem) = parts(table.tag("x").unwrap_err());
    assert!(matches!(problem, TableProblem::NotATag { .. }), "{problem}");
}

#[test]
fn without_names_and_with_names_of_ones_own() {
    let text = b"1.5,2,0.5\n3,4,0.25\n";
    let table = read(&Csv::new().header(false).target("column 3"), text).unwrap();
    assert_eq!(table.columns.input_names(), ["column 1", "column 2"]);
    let table = read(&Csv::new().header(false).names(["a", "b", "c"]).target("c"), text).unwrap();
    assert_eq!((table.columns.input_names(), table.data.len()), (vec!["a".to_owned(), "b".to_owned()], 2));
    let table = read(&Csv::new().names(["a", "b"]).target("b"), b"x,x\n1,2.5\n2,3\n").unwrap();
    assert_eq!(table.data.len(), 2);
    // The names that pandas gives to columns without one.
    let table = read(&Csv::new().target("2"), b"0,1,2\n1.5,2,0.5\n3,4,0.25\n").unwrap();
    assert_eq!(table.columns.input_names(), ["0", "1"]);
}

/// Many categories become wide rows without a mistake.
#[test]
fn columns_of_many_kinds_are_expanded_in_place() {
    let mut text = "a,b,c,d,y\n".to_owned();
    for i in 0..500usize {
        text += &format!("c{},{}.5,k{},{}.25,{}\n", i % 37, i, i % 3, i * i, i % 2);
    }
    let table = read(&Csv::new().target("y"), text.as_bytes()).unwrap();
    let (x, _) = gathered(&table.data);
    let names = table.columns.input_names();
    let row = |name: &str| names.iter().position(|n| n == name).unwrap();
    for i in 0..500 {
        assert_eq!(x.column(i).iter().filter(|&&v| v == 1.0).count(), 2);
        assert_eq!(x[(row(&format!("a=c{}", i % 37)), i)], 1.0);
        assert_eq!(x[(row(&format!("c=k{}", i % 3)), i)], 1.0);
        assert_eq!((x[(row("b"), i)], x[(row("d"), i)]), (i as f64 + 0.5, (i * i) as f64 + 0.25));
    }
    let ColumnKind::Category { names, .. } = &table.columns.inputs()[0].kind else {
        panic!("not categories")
    };
    assert_eq!(names.len(), 37);
}

#[test]
fn damaged_columns_are_refused() {
    let table = read(&Csv::new().target("y").missing(Missing::Mean), b"a,c,y\n1,u,0.5\n2,v,0.7\n").unwrap();
    let saved = serde_json::to_string(&table.columns).unwrap();
    assert!(serde_json::from_str::<Columns>(&saved).is_ok());
    for (from, to) in [(r#"["u","v"]"#, "[]"), (r#""fill":0"#, r#""fill":2"#), (r#"["y"]"#, "[]")] {
        assert!(saved.contains(from), "{saved}");
        assert!(serde_json::from_str::<Columns>(&saved.replace(from, to)).is_err(), "{from}");
    }
}

#[test]
fn the_summary_says_what_was_done() {
    let text = b"a,b,c,y\n1.5,NA,1,0.5\n2,7,1,\n3,9,1,0.25\n,,,\n2,1,1,0.75\n";
    let table = read(&Csv::new().target("y").missing(Missing::Mean), text).unwrap();
    let said = table.to_string();
    for part in [
        "table.csv: 3 samples of 3 inputs (3 columns of numbers, 0 of categories)",
        "target y: numbers",
        "1 rows without a target left out",
        "1 empty lines passed over",
        "1 missing values filled in column b",
        "the same value in all rows, so that nothing can be learned from it: c",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
}

#[test]
fn files() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("table.csv");
    std::fs::write(&path, "x,y\n1,0.5\n2,0.75\n").unwrap();
    let table = Table::<f32>::open(&path, "y").unwrap();
    assert_eq!(table.data.len(), 2);
    let error = Table::<f32>::open(dir.path(), "y").unwrap_err().to_string();
    assert!(error.contains("this is a directory"), "{error}");
    let error = Table::<f32>::open(dir.path().join("no"), "y").unwrap_err().to_string();
    assert!(error.contains("no such file"), "{error}");
}
