//! Ranks that are processes, started by `mpirun`: the tests are skipped where there is none.
//!
//! The processes are this test binary again, in which only [`rank_of_a_test`] is run.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use gradus::data::augment::Elastic;
use gradus::prelude::*;
use gradus::ranks::{Communicator, Mpi, agree};

/// Set in the processes: what they do, and the file of the checkpoint.
const MARK: &str = "GRADUS_TEST_RANK";

/// The bits of a run on digits, to be compared.
fn bits<T: Real>(case: &str, checkpoint: Option<&Path>, ranks: Option<Mpi>) -> gradus::Result<String> {
    let has = |word: &str| case.contains(word);
    let (training, validation) = Dataset::<T>::synthetic_digits(430, 1)?.split_at(330)?;
    let distorted = Augmented::new(&training, (28, 28), Elastic::new(4.0, 30.0)?, 1)?;
    let mut trainer = Trainer::new(LogLikelihood)
        .optimizer(ClipByGlobalNorm::new(Adam::default(), 0.5)?)
        .dropout(Dropout::new(0.1, 0.3)?)
        .mini_batch(if has("ragged") { 7 } else { 32 })
        .leaves(4)
        .threads(if has("two threads") { 2 } else { 1 })
        .patience(Duration::from_secs(2))
        .stop(MaxEpochs::new(if has("long") { 40 } else { 2 })?);
    if let Some(path) = checkpoint {
        trainer = trainer.checkpoint(path, Every::Steps(3));
    }
    if let Some(mpi) = ranks {
        let only_one = if has("unreadable") && mpi.rank() == 2 { "/no/such/file" } else { "/dev/null" };
        agree(
            &mpi,
            std::fs::read(only_one)
                .map_err(|error| gradus::Error::Samples { epoch: 1, source: error.into() }),
        )?;
        trainer = trainer.ranks(mpi);
    }
    let mut network = Network::new(&[784, 50, 10], Tanh, Softmax::default(), &ScaledGaussian, 1)?;
    let report = match checkpoint.filter(|path| path.exists()) {
        Some(path) => trainer.resume(Run::load(path)?, &mut network, &distorted, Some(&validation))?,
        None => trainer.fit(&mut network, &distorted, Some(&validation))?,
    };
    let parameters = ParameterArrays::from_network(&network);
    let values = parameters.values().iter().map(|value| value.to_f64());
    let history = report.history.epochs().iter().flat_map(|record| {
        let validation = record.validation.as_ref().unwrap();
        [record.running_cost, record.penalty, validation.cost(), validation.accuracy()]
    });
    let all = values.chain(history).chain([report.kept_epoch as f64]);
    let hash = all
        .fold(0_u64, |hash, value| (hash ^ value.to_bits()).wrapping_mul(0x0100_0000_01b3).rotate_left(29));
    Ok(format!("bits {hash:016x}"))
}

fn bits_of(case: &str, checkpoint: Option<&Path>, ranks: Option<Mpi>) -> gradus::Result<String> {
    if case.contains("f64") {
        bits::<f64>(case, checkpoint, ranks)
    } else {
        bits::<f32>(case, checkpoint, ranks)
    }
}

/// Nothing by itself: what each process of the other tests does.
#[test]
fn rank_of_a_test() {
    let Ok(mark) = std::env::var(MARK) else { return };
    let (case, checkpoint) = mark.split_once('|').unwrap();
    let mpi = Mpi::start().unwrap();
    let (rank, path) = (mpi.rank(), (!checkpoint.is_empty()).then(|| Path::new(checkpoint)));
    if let Some(path) = path {
        std::fs::write(path.with_extension(format!("pid{rank}")), std::process::id().to_string()).unwrap();
    }
    match bits_of(case, path, Some(mpi)) {
        Ok(bits) => println!("rank {rank}: {bits}."),
        Err(error) => println!("rank {rank} has the error: {error}."),
    }
    // An `Mpi` that could not end properly leaves threads; the process is done.
    std::process::exit(0);
}

fn mpirun(ranks: usize, case: &str, checkpoint: &str) -> Option<Command> {
    if Command::new("mpirun").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        eprintln!("skipped: there is no mpirun; install mpich");
        return None;
    }
    let module = module_path!().split_once("::").map_or("", |(_, module)| module);
    let mut command = Command::new("mpirun");
    command.args(["-n", &ranks.to_string()]).arg(std::env::current_exe().unwrap());
    command.args(["--exact", "--nocapture", "--test-threads=1", &format!("{module}::rank_of_a_test")]);
    command.env(MARK, format!("{case}|{checkpoint}"));
    Some(command)
}

fn text(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned()).concat()
}

#[test]
fn processes_have_the_bits_of_one() {
    for case in ["f32", "f32 ragged two threads", "f64 ragged", "f64 two threads"] {
        let alone = bits_of(case, None, None).unwrap();
        for ranks in [1, 2, 4] {
            let Some(mut command) = mpirun(ranks, case, "") else { return };
            let text = text(&command.output().unwrap());
            for rank in 0..ranks {
                assert!(text.contains(&format!("rank {rank}: {alone}.")), "{case}, {ranks} ranks: {text}");
            }
        }
    }
}

#[test]
fn what_only_one_process_cannot_read_is_an_error_of_all() {
    let Some(mut command) = mpirun(4, "unreadable", "") else { return };
    let start = Instant::now();
    let text = text(&command.output().unwrap());
    assert!(start.elapsed() < Duration::from_secs(20));
    for rank in [0, 1, 3] {
        assert!(text.contains(&format!("rank {rank} has the error: rank 2: ")), "{text}");
    }
}

/// Starts four processes, waits for a checkpoint, sends `signal` to one of them, and returns what they print.
fn disturbed(folder: &Path, victim: usize, signal: &str) -> Option<String> {
    let path = folder.join("run");
    let mut command = mpirun(4, "f32 long", path.to_str().unwrap())?;
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    while !path.exists() {
        assert!(start.elapsed() < Duration::from_secs(60), "no checkpoint");
        thread::sleep(Duration::from_millis(5));
    }
    thread::sleep(Duration::from_millis(37 * victim as u64));
    let pid = std::fs::read_to_string(path.with_extension(format!("pid{victim}"))).unwrap();
    assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    let start = Instant::now();
    let output = child.wait_with_output().unwrap();
    let took = start.elapsed();
    let _ = Command::new("kill").args(["-KILL", &pid]).stderr(Stdio::null()).status();
    assert!(took < Duration::from_secs(20), "{took:?}: {}", text(&output));
    Some(text(&output))
}

/// MPICH itself ends all processes if one is killed; what matters is that none is left, and that the run goes on.
#[test]
fn a_killed_process_ends_all_and_the_run_goes_on_to_the_same_bits() {
    let alone = bits_of("f32 long", None, None).unwrap();
    for victim in 0..4 {
        let folder = tempfile::tempdir().unwrap();
        let Some(text) = disturbed(folder.path(), victim, "-KILL") else { return };
        assert!(!text.contains("bits"), "{text}");
        assert_eq!(bits_of("f32 long", Some(&folder.path().join("run")), None).unwrap(), alone);
    }
}

/// A process that is stopped, as one on a machine that has lost its network.
#[test]
fn a_silent_process_is_named_by_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let Some(text) = disturbed(folder.path(), 2, "-STOP") else { return };
    assert!(text.contains("rank 2: no answer in "), "{text}");
}
