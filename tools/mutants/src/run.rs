//! Runs the tests against each mutant that they reach.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// A test that passes without a mutant, alone in its process.
struct Test<'a> {
    binary: &'a str,
    name: String,
    seconds: f64,
    reached: Vec<usize>,
}

/// Finds out what each test reaches, then runs each mutant against the tests that reach it and take at most `limit`
/// seconds, the quickest first, until one of them fails.
pub fn run(folder: &Path, limit: f64, binaries: &[&str]) -> Result<(), Box<dyn Error>> {
    let tests = measure(folder, binaries)?;
    println!("{} tests", tests.len());
    let mut results = fs::File::create(folder.join("results.tsv"))?;
    let list = fs::read_to_string(folder.join("mutants.tsv"))?;
    let mutants: Vec<Vec<&str>> = list.lines().map(|line| line.split('\t').collect()).collect();
    let found = each(&mutants, |mutant| {
        let number = mutant[0].parse().unwrap_or(0);
        let tests = tests.iter().filter(|test| test.seconds <= limit && test.reached.contains(&number));
        tests
            .map(|test| (test, outcome(folder, test.binary, &test.name, ("MUTANT", mutant[0]), test.seconds)))
            .find(|(_, passed)| !passed)
            .map(|(test, _)| test.name.as_str())
    });
    let mut scores: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for (mutant, killer) in mutants.iter().zip(found) {
        let module = mutant[1].split('/').next().unwrap_or_default();
        scores.entry(module).or_default()[usize::from(killer.is_none())] += 1;
        writeln!(results, "{}\t{}", mutant.join("\t"), killer.unwrap_or("missed"))?;
    }
    for (module, [killed, missed]) in scores {
        println!("{module}\t{killed} of {}", killed + missed);
    }
    Ok(())
}

/// Runs every test by itself without a mutant. Those that fail so are left out.
fn measure<'a>(folder: &Path, binaries: &[&'a str]) -> Result<Vec<Test<'a>>, Box<dyn Error>> {
    let mut names = Vec::new();
    for binary in binaries {
        let output = Command::new(binary).arg("--list").current_dir(folder).output()?;
        let text = String::from_utf8(output.stdout)?;
        names.extend(
            text.lines()
                .filter_map(|line| line.strip_suffix(": test"))
                .map(|name| (*binary, name.to_string())),
        );
    }
    let tests = each(&names, |(binary, name)| {
        let path = folder.join(format!("reached-{}", name.replace("::", "-")));
        let _ = fs::remove_file(&path);
        let begun = Instant::now();
        let passed = outcome(folder, binary, name, ("MUTANTS_REACHED", &path.to_string_lossy()), 60.0);
        let seconds = begun.elapsed().as_secs_f64();
        let numbers: Vec<usize> = fs::read_to_string(&path)
            .unwrap_or_default()
            .split_whitespace()
            .filter_map(|word| word.parse().ok())
            .collect();
        let _ = fs::remove_file(&path);
        let reached = numbers.chunks_exact(2).flat_map(|pair| pair[0]..pair[0] + pair[1]).collect();
        passed.then(|| Test { binary, name: name.clone(), seconds, reached })
    });
    let mut tests: Vec<_> = tests.into_iter().flatten().collect();
    tests.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    Ok(tests)
}

/// Whether a test passes within ten times its usual time and five seconds.
fn outcome(folder: &Path, binary: &str, name: &str, (variable, value): (&str, &str), seconds: f64) -> bool {
    let child = Command::new(binary)
        .args(["--exact", "--test-threads=1", name])
        .env(variable, value)
        .env("CARGO_MANIFEST_DIR", folder)
        // Only whether it fails matters: no backtrace, and a failing case need not be made smaller.
        .env("RUST_BACKTRACE", "0")
        .env("PROPTEST_MAX_SHRINK_ITERS", "0")
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else { return false };
    let end = Instant::now() + Duration::from_secs_f64(10.0 * seconds + 5.0);
    while Instant::now() < end {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => std::thread::sleep(Duration::from_millis(1)),
            Err(_) => return false,
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    false
}

/// Applies `f` to each item, on all cores.
fn each<T: Sync, R: Send>(items: &[T], f: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((i, item)) =
                    Some(next.fetch_add(1, Relaxed)).and_then(|i| Some((i, items.get(i)?)))
                {
                    let result = f(item);
                    results.lock().unwrap().push((i, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap();
    results.sort_by_key(|(i, _)| *i);
    results.into_iter().map(|(_, result)| result).collect()
}
