//! Training has the same bits on every machine: those whose hashes are in `same_bits/expected.txt`.
//!
//! `tools/same-bits/run` computes them with other vector instructions, on AArch64 and in WebAssembly. After a change that is meant
//! to change bits: `cargo run --release --manifest-path tools/same-bits/Cargo.toml > tests/suite/same_bits/expected.txt`.

mod runs;

use runs::{Hash, jobs};

const EXPECTED: &str = include_str!("same_bits/expected.txt");

#[test]
fn the_bits_of_this_machine_are_those_of_every_machine() {
    let mut all = Hash::default();
    let mut found: Vec<String> = jobs()
        .iter()
        .map(|job| {
            let hash = (job.run)().unwrap_or_else(|error| panic!("{}: {error}", job.name));
            all.word(hash);
            format!("{hash:016x} {}", job.name)
        })
        .collect();
    found.push(format!("{:016x} all", all.0));
    let different: Vec<&String> =
        found.iter().filter(|line| !EXPECTED.lines().any(|expected| expected == **line)).collect();
    assert!(different.is_empty(), "on this machine: {different:#?}");
    assert_eq!(found.len(), EXPECTED.lines().count());
}

/// Otherwise a part that a run is named after would have no part in it.
#[test]
fn no_two_runs_have_the_same_bits() {
    let mut lines: Vec<_> = EXPECTED.lines().filter_map(|line| line.split_once(' ')).collect();
    lines.sort_unstable();
    for pair in lines.windows(2) {
        assert_ne!(pair[0].0, pair[1].0, "{} and {}", pair[0].1, pair[1].1);
    }
}
