//! Runs a test once more in a process of its own, which may be limited, killed or abort.

use std::process::Command;

/// Set in the process of its own.
const MARK: &str = "GRADUS_TEST_CHILD";

/// Whether this is the process of its own.
pub fn is_child() -> bool {
    std::env::var_os(MARK).is_some()
}

/// Runs the test `name` of the module `module` (its `module_path!()`) in a shell after the commands `limits`, and
/// asserts that it succeeds.
pub fn assert_succeeds(module: &str, name: &str, limits: &str) {
    let module = module.split_once("::").map_or("", |(_, module)| module);
    let program = std::env::current_exe().unwrap();
    let run = format!(
        r#"{limits} exec "$0" --exact --include-ignored --nocapture --test-threads=1 {module}::{name}"#
    );
    let output = Command::new("sh").arg("-c").arg(run).arg(program).env(MARK, "1").output().unwrap();
    let text =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success() && text.contains("1 passed"), "{name}: {}\n{text}", output.status);
}
