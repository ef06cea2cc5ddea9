//! The drawing in docs/architecture.md: imports go down, and files stay small.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What an error may hold of the house beside which it stands.
const HELD_BY_ERRORS: [&str; 2] = ["data::Task", "history::History"];

/// The most lines of code of a file, without comments, empty lines and its unit tests.
const MAX_LINES: usize = 250;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// All source files below `folder`, with their code: no comments, no unit tests.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or("");
            let lines =
                code.lines().filter(|line| !line.trim_start().starts_with("//") && !line.trim().is_empty());
            found.push((path, lines.collect::<Vec<_>>().join("\n")));
        }
    }
    found
}

/// The module at the top of the crate that a file belongs to; `None` for the crate's root.
fn module_of(path: &Path) -> Option<String> {
    let first = path.strip_prefix(root()).unwrap().components().next().unwrap();
    let name = first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned();
    (name != "lib").then_some(name)
}

/// What a file names of the crate, as `module::item…` or `module`.
fn imports(code: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for after in code.split("crate::").skip(1) {
        let path = |text: &str| {
            let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
            text[..end.unwrap_or(text.len())].trim_end_matches(':').to_owned()
        };
        match after.strip_prefix('{') {
            None => drop(named.insert(path(after))),
            Some(list) => {
                let list = list.split(';').next().unwrap_or("");
                named.extend(list.split(',').map(|item| path(item.trim())).filter(|item| !item.is_empty()));
            }
        }
    }
    named
}

/// The floor of each module in the drawing, 0 being the lowest.
fn floors() -> BTreeMap<String, usize> {
    let page = include_str!("../../docs/architecture.md");
    let drawing = page.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let rows: Vec<&str> = drawing.lines().collect();
    let mut floors = BTreeMap::new();
    for (floor, row) in rows.iter().rev().enumerate() {
        let modules = row.split("  ").next().unwrap_or("");
        for module in modules.split('|').map(str::trim) {
            assert!(floors.insert(module.to_owned(), floor).is_none(), "{module} is drawn twice");
        }
    }
    floors
}

#[test]
fn every_module_is_in_the_drawing() {
    let modules: BTreeSet<_> = sources(&root()).iter().filter_map(|(path, _)| module_of(path)).collect();
    let drawn: BTreeSet<_> = floors().into_keys().chain(["error".to_owned()]).collect();
    assert_eq!(drawn, modules);
}

#[test]
fn modules_import_from_lower_floors_only() {
    let floors = floors();
    let mut wrong = Vec::new();
    for (path, code) in sources(&root()) {
        let Some(module) = module_of(&path) else { continue };
        for import in imports(&code) {
            let target = import.split("::").next().unwrap_or("");
            // Macros and functions of the crate's root are no modules.
            if target == "error" || target == module || !floors.contains_key(target) {
                continue;
            }
            let is_allowed = match module.as_str() {
                "error" => HELD_BY_ERRORS.contains(&import.as_str()),
                _ => floors[target] < floors[&module],
            };
            if !is_allowed {
                wrong.push(format!("{} imports {import}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn imports_are_found_in_every_form() {
    let code = "use crate::data::Task;\nuse crate::{\n    memory, real::Real,\n};\nlet x = crate::linalg::product(a);";
    let found: Vec<_> = imports(code).into_iter().collect();
    assert_eq!(found, ["data::Task", "linalg::product", "memory", "real::Real"]);
}

#[test]
fn files_stay_small() {
    let long: Vec<_> = sources(&root())
        .into_iter()
        .map(|(path, code)| (code.lines().count(), path))
        .filter(|(lines, _)| *lines > MAX_LINES)
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}
