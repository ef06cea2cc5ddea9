//! A run survives whatever ends the program, in a file that is always whole.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use gradus::persist::{Disk, Entry, FileSystem, Output};
use gradus::prelude::*;
use gradus::random::{Purpose, generator};
use gradus::trainer::Checkpoint;
use gradus::{Error, FileProblem};
use proptest::prelude::*;
use rand::Rng;

use super::child;
use super::doubles::interruption;

fn data() -> Dataset<f32> {
    Dataset::synthetic_digits(97, 1).unwrap()
}

fn network() -> Network<f32, Tanh, Softmax> {
    Network::new(&[784, 6, 5, 10], Tanh, Softmax::default(), &ScaledGaussian, 1).unwrap()
}

fn trainer(epochs: usize) -> Trainer<f32, LogLikelihood> {
    Trainer::new(LogLikelihood)
        .optimizer(ClipByGlobalNorm::new(Adam::default(), 1.0).unwrap())
        .dropout(Dropout::new(0.1, 0.2).unwrap())
        .measure(TopK::new(2).unwrap())
        .stop(MaxEpochs::new(epochs).unwrap())
        .seed(5)
}

/// Ends the run after a number of steps, as Ctrl-C would.
#[derive(Debug)]
struct Leave(u64);

impl<T: Real> Observer<T> for Leave {
    fn on_step(&self, running: &Running<'_, T>) -> ControlFlow<()> {
        let done = (running.epoch - 1) * running.steps + running.step;
        if done as u64 == self.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// The run but for its seconds.
fn bits(run: &Run<f32>) -> String {
    let mut value = serde_json::to_value(run).unwrap();
    let mut records = value["history"].take();
    value["seconds"] = 0.into();
    for record in records["epochs"].as_array_mut().unwrap() {
        record["seconds"] = 0.into();
    }
    format!("{value}{records}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// However often a checkpoint is written, and wherever the run ends: the file holds the run as it ended.
    #[test]
    fn a_checkpoint_goes_on_to_the_same_bits(t in 1u64..30, steps in 1u64..9, by_epochs: bool, threads in 1usize..4) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let every = if by_epochs { Every::Epochs(2) } else { Every::Steps(steps) };
        let mut whole = network();
        let wanted = trainer(3).fit(&mut whole, &data(), Some(&data())).unwrap();

        let leaving = trainer(3).checkpoint(&path, every).observe(Leave(t)).threads(threads);
        let left = leaving.fit(&mut network(), &data(), Some(&data())).unwrap();
        let run = Run::load(&path).unwrap();
        prop_assert_eq!(&run, &left.run);
        let mut rest = network();
        let report = trainer(3).resume(run, &mut rest, &data(), Some(&data())).unwrap();
        prop_assert_eq!(bits(&report.run), bits(&wanted.run));
        prop_assert!(rest == whole);
    }
}

/// What is written in between is the run of that moment, and not only its end.
#[test]
fn a_checkpoint_is_written_when_it_is_due() {
    let folder = tempfile::tempdir().unwrap();
    for (every, wanted) in [
        (Every::Steps(7), vec![7, 14, 20]),
        (Every::Epochs(1), vec![10, 20]),
        (Every::Epochs(2), vec![20]),
        (Every::Seconds(0.0), (1..=20).collect()),
        (Every::Seconds(1e9), vec![20]),
    ] {
        let path = folder.path().join("run");
        let seen = std::sync::Arc::new(Seen(path.clone(), std::sync::Mutex::default()));
        let trainer = trainer(2).checkpoint(&path, every).observe(seen.clone());
        trainer.fit(&mut network(), &data(), None).unwrap();
        assert_eq!(Run::<f32>::load(&path).unwrap().t, 20);
        let mut seen = seen.1.lock().unwrap().clone();
        seen.push(20);
        seen.dedup();
        assert_eq!(seen, wanted, "{every:?}");
        fs::remove_file(path).unwrap();
    }
}

/// Reads the step of the checkpoint after every step and epoch.
#[derive(Debug)]
struct Seen(PathBuf, std::sync::Mutex<Vec<u64>>);

impl Seen {
    fn look(&self) -> ControlFlow<()> {
        let mut seen = self.1.lock().unwrap();
        if let Ok(run) = Run::<f32>::load(&self.0)
            && seen.last() != Some(&run.t)
        {
            seen.push(run.t);
        }
        ControlFlow::Continue(())
    }
}

impl Observer<f32> for Seen {
    fn on_step(&self, _: &Running<'_, f32>) -> ControlFlow<()> {
        self.look()
    }

    fn on_epoch(&self, _: &Running<'_, f32>) -> ControlFlow<()> {
        self.look()
    }
}

fn small_run() -> Run<f64> {
    let x = DMatrix::from_fn(2, 6, |i, j| (i * 3 + j) as f64 / 10.0);
    let data = Dataset::new(x, DMatrix::from_fn(1, 6, |_, j| j as f64 * 1.1)).unwrap();
    let mut network = Network::<f64, _, _>::new(&[2, 2, 1], Tanh, Linear, &ScaledGaussian, 1).unwrap();
    let trainer =
        Trainer::new(Quadratic).optimizer(Momentum::new(0.5).unwrap()).stop(MaxEpochs::new(2).unwrap());
    trainer.fit(&mut network, &data, Some(&data)).unwrap().run
}

/// No damaged file is a run, and none does harm.
#[test]
fn a_damaged_checkpoint_is_refused() {
    let run = small_run();
    let bytes = run.to_bytes().unwrap();
    assert_eq!(Run::from_bytes(&bytes).unwrap(), run);
    for length in 0..bytes.len() {
        assert!(Run::<f64>::from_bytes(&bytes[..length]).is_err(), "cut after {length} bytes");
    }
    let mut bytes = bytes;
    for bit in 0..8 * bytes.len() {
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(Run::<f64>::from_bytes(&bytes).is_err(), "bit {bit} changed");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    bytes.push(0);
    assert!(Run::<f64>::from_bytes(&bytes).is_err(), "a byte more");
    let error = Run::<f32>::from_bytes(&small_run().to_bytes().unwrap()).unwrap_err();
    assert!(matches!(error, FileProblem::Dtype { .. }), "{error}");
}

/// The data and settings that a run was begun with are recognized.
#[test]
fn other_data_are_recognized() {
    let run = trainer(1).fit(&mut network(), &data(), Some(&data())).unwrap().run;
    let other = Dataset::<f32>::synthetic_digits(97, 2).unwrap();
    for (training, validation) in [(other.clone(), data()), (data(), other.clone())] {
        let error = trainer(2).resume(run.clone(), &mut network(), &training, Some(&validation)).unwrap_err();
        assert!(
            matches!(&error, Error::OtherSettings { .. }) && error.to_string().contains("data"),
            "{error}"
        );
    }
    trainer(2).resume(run, &mut network(), &data(), Some(&data())).unwrap();
}

/// A file system on which creating a file fails, from some call on.
#[derive(Debug)]
struct FullAfter(std::sync::atomic::AtomicUsize);

impl Disk for FullAfter {
    fn entry(&self, path: &Path) -> std::io::Result<Entry> {
        FileSystem.entry(path)
    }

    fn create(&self, path: &Path, like: Option<&Path>) -> std::io::Result<Box<dyn Output>> {
        use std::sync::atomic::Ordering::SeqCst;
        if self.0.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_err() {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        FileSystem.create(path, like)
    }

    fn rename(&self, from: &Path, to: &Path) -> std::io::Result<()> {
        FileSystem.rename(from, to)
    }

    fn sync_folder(&self, folder: &Path) -> std::io::Result<()> {
        FileSystem.sync_folder(folder)
    }

    fn remove(&self, path: &Path) -> std::io::Result<()> {
        FileSystem.remove(path)
    }

    fn remove_abandoned(&self, folder: &Path, is_ours: &dyn Fn(&Path) -> bool) -> std::io::Result<()> {
        FileSystem.remove_abandoned(folder, is_ours)
    }
}

/// A full disk ends the run with the file's name, and neither the network nor the previous checkpoint is lost.
#[test]
fn a_full_disk_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let disk = std::sync::Arc::new(FullAfter(2.into()));
    let trainer = trainer(9).checkpoint_with(Checkpoint::new(&path, Every::Epochs(1)).on(disk));
    let mut left = network();
    let error = trainer.fit(&mut left, &data(), None).unwrap_err();
    let run = interruption(error);
    assert!(run.cause.to_string().contains(path.to_str().unwrap()), "{run}");
    assert_eq!((run.kept, run.history.len()), (3, 3));
    let mut three = network();
    self::trainer(3).fit(&mut three, &data(), None).unwrap();
    assert_eq!(left, three);
    assert_eq!(Run::<f32>::load(&path).unwrap().history.len(), 2);
}

/// The variable that tells a child where its checkpoint is.
const PATH: &str = "GRADUS_TEST_CHECKPOINT";

/// Trains or goes on, with a checkpoint after every third step, and writes the final bits.
fn train_from(path: &Path) {
    let trainer = trainer(6).checkpoint(path, Every::Steps(3));
    let mut network = network();
    let report = match Run::load(path) {
        Ok(run) => trainer.resume(run, &mut network, &data(), None).unwrap(),
        Err(_) => trainer.fit(&mut network, &data(), None).unwrap(),
    };
    fs::write(path.with_extension("end"), bits(&report.run)).unwrap();
}

/// A process that is killed at random moments, again and again, ends in the bits of one that is not. `GRADUS_KILLS` says
/// how often, 12 times by default.
#[test]
fn a_killed_process_goes_on_to_the_same_bits() {
    if child::is_child() {
        return train_from(Path::new(&std::env::var_os(PATH).unwrap()));
    }
    let kills: usize = std::env::var("GRADUS_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(12);
    let wanted = bits(&trainer(6).fit(&mut network(), &data(), None).unwrap().run);
    let folder = tempfile::tempdir().unwrap();
    let mut rng = generator(1, Purpose::User, 0, 0);
    let (mut killed, mut runs) = (0, 0);
    while killed < kills {
        let path = folder.path().join(format!("run{runs}"));
        runs += 1;
        loop {
            let name = "checkpoints::a_killed_process_goes_on_to_the_same_bits";
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", name, "--test-threads=1"])
                .env(PATH, &path)
                .env("GRADUS_TEST_CHILD", "1")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            std::thread::sleep(Duration::from_micros(2000 + u64::from(rng.next_u32() % 120_000)));
            let _ = child.kill();
            if child.wait().unwrap().success() {
                break;
            }
            killed += 1;
            if path.exists() {
                Run::<f32>::load(&path).unwrap();
            }
        }
        assert_eq!(fs::read_to_string(path.with_extension("end")).unwrap(), wanted, "run {runs}");
    }
    println!("{killed} kills in {runs} runs");
}
