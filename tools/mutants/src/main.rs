//! Mutation testing without a build for each mutant: all of them are compiled at once, and one is chosen at run time.
//!
//! See README.md beside this folder for the commands.

mod rewrite;
mod run;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The modules of the crate that are mutated: its mathematics.
const MODULES: [&str; 8] =
    ["activation", "cost", "metrics", "network", "optimizer", "regularizer", "schedule", "stopping"];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["plant", folder] => plant(Path::new(folder)),
        ["run", folder, seconds, ref binaries @ ..] if !binaries.is_empty() => {
            run::run(Path::new(folder), seconds.parse()?, binaries)
        }
        _ => Err("usage: mutants plant FOLDER | mutants run FOLDER SECONDS BINARY...".into()),
    }
}

/// Rewrites the sources of the copy of the crate in `folder` and lists the mutants in its `mutants.tsv`.
fn plant(folder: &Path) -> Result<(), Box<dyn Error>> {
    let source = folder.join("src");
    let (mut next, mut list) = (1, String::new());
    for path in
        MODULES.iter().map(|module| rust_files(&source.join(module))).collect::<Result<Vec<_>, _>>()?.concat()
    {
        let (text, mutants) = rewrite::rewrite(&fs::read_to_string(&path)?, next)?;
        fs::write(&path, text)?;
        next += mutants.len();
        for mutant in mutants {
            let file = path.strip_prefix(&source)?.display();
            list += &format!("{}\t{file}\t{}\t{}\n", mutant.number, mutant.line, mutant.change);
        }
    }
    fs::write(folder.join("mutants.tsv"), list)?;
    fs::write(source.join("mutants.rs"), include_str!("at.rs"))?;
    let library = source.join("lib.rs");
    let text = fs::read_to_string(&library)?;
    let text = text.replacen("#![forbid(unsafe_code)]", "#![allow(warnings)]", 1);
    fs::write(library, text + "\nmod mutants;\n")?;
    println!("{} mutants", next - 1);
    Ok(())
}

/// All files of Rust in a folder and its folders, by name.
fn rust_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut entries =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    entries.sort();
    let mut files = Vec::new();
    for path in entries {
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(files)
}
