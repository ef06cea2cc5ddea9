//! Whatever a disk does while a file is written, the previous file or the new one is there, whole.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use gradus::persist::{Container, Disk, Entry, FileSystem, Output, Tensor, replace};
use gradus::prelude::*;
use gradus::{Error, FileProblem};

/// How an operation fails.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    Error(io::ErrorKind),
    /// A write that takes half of the bytes and then has no more space.
    ShortWrite,
    /// A write that takes no bytes.
    WritesNothing,
}

/// The real file system, of which the `at`-th operation fails, and with `forever` all after it.
#[derive(Debug, Clone)]
struct Faulty {
    at: usize,
    forever: bool,
    fault: Fault,
    count: Arc<AtomicUsize>,
}

impl Faulty {
    fn new(at: usize, forever: bool, fault: Fault) -> Self {
        Self { at, forever, fault, count: Arc::default() }
    }

    /// Counts an operation. Whether it fails.
    fn fails(&self) -> bool {
        let count = self.count.fetch_add(1, SeqCst);
        count == self.at || self.forever && count > self.at
    }

    fn operation(&self) -> io::Result<()> {
        match self.fault {
            _ if !self.fails() => Ok(()),
            Fault::Error(kind) => Err(kind.into()),
            _ => Err(io::ErrorKind::StorageFull.into()),
        }
    }
}

struct FaultyFile(Box<dyn Output>, Faulty);

impl Write for FaultyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.1.fault {
            _ if !self.1.fails() => self.0.write(bytes),
            Fault::Error(kind) => Err(kind.into()),
            Fault::ShortWrite if bytes.len() > 1 => self.0.write(&bytes[..bytes.len() / 2]),
            Fault::ShortWrite => Err(io::ErrorKind::StorageFull.into()),
            Fault::WritesNothing => Ok(0),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.1.operation()?;
        self.0.flush()
    }
}

impl Output for FaultyFile {
    fn sync(&mut self) -> io::Result<()> {
        self.1.operation()?;
        self.0.sync()
    }
}

impl Disk for Faulty {
    fn entry(&self, path: &Path) -> io::Result<Entry> {
        self.operation()?;
        FileSystem.entry(path)
    }
    fn create(&self, path: &Path, like: Option<&Path>) -> io::Result<Box<dyn Output>> {
        self.operation()?;
        Ok(Box::new(FaultyFile(FileSystem.create(path, like)?, self.clone())))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.operation()?;
        FileSystem.rename(from, to)
    }
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.operation()?;
        FileSystem.sync_folder(folder)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.operation()?;
        FileSystem.remove(path)
    }
    fn remove_abandoned(&self, folder: &Path, is_ours: &dyn Fn(&Path) -> bool) -> io::Result<()> {
        self.operation()?;
        FileSystem.remove_abandoned(folder, is_ours)
    }
}

type Sigmoids = Network<f64, Sigmoid, Sigmoid>;

fn network(seed: u64) -> Sigmoids {
    Network::new(&[3, 4, 2], Sigmoid, Sigmoid, &ScaledGaussian, seed).unwrap()
}

/// The names of the files in a folder, other than `model`.
fn others(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| !path.ends_with("model")).collect()
}

fn problem(result: gradus::Result<()>) -> FileProblem {
    match result.unwrap_err() {
        Error::File { problem, .. } => problem,
        other => panic!("not about a file: {other}"),
    }
}

/// Every operation fails in every way, once and from then on; and the file loads every time.
#[test]
fn the_previous_file_loads_whatever_fails() {
    let (old, new) = (network(1), network(2));
    let bytes = new.to_bytes().unwrap();
    let counter = Faulty::new(usize::MAX, false, Fault::ShortWrite);
    let folder = tempfile::tempdir().unwrap();
    replace(&counter, folder.path().join("model"), &bytes).unwrap();
    let operations = counter.count.load(SeqCst);
    assert_eq!(operations, 8, "look up, clean, create, write, flush, sync, rename, sync the folder");

    let kinds = [io::ErrorKind::StorageFull, io::ErrorKind::Other, io::ErrorKind::PermissionDenied];
    let faults = kinds.map(Fault::Error).into_iter().chain([Fault::ShortWrite, Fault::WritesNothing]);
    for fault in faults {
        for (at, forever) in (0..operations).flat_map(|at| [(at, false), (at, true)]) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("model");
            old.save(&path).unwrap();
            let result = replace(&Faulty::new(at, forever, fault), &path, &bytes);
            let found = Sigmoids::load(&path).unwrap();
            // The sync of the folder comes after the new file is in place.
            let in_place = result.is_ok() || at == operations - 1;
            assert_eq!(found, if in_place { new.clone() } else { old.clone() }, "{fault:?} {at} {forever}");
            let cleaning = at == 1 && !forever;
            let halved = at == 3 && fault == Fault::ShortWrite && !forever;
            assert_eq!(result.is_ok(), cleaning || halved, "{fault:?} {at} {forever}: {result:?}");
            if let Err(error) = result {
                let refused = matches!(error, Error::File { problem: FileProblem::Unwritable { .. }, .. });
                assert!(refused, "{error}");
            }
            // A disk that works again: nothing is left behind, and the next time succeeds.
            new.save(&path).unwrap();
            assert_eq!(Sigmoids::load(&path).unwrap(), new);
            assert_eq!(others(folder.path()), [] as [PathBuf; 0], "{fault:?} {at} {forever}");
        }
    }
}

/// A signal that interrupts a write is no failure.
#[test]
fn an_interrupted_write_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    replace(
        &Faulty::new(3, false, Fault::Error(io::ErrorKind::Interrupted)),
        &path,
        &network(1).to_bytes().unwrap(),
    )
    .unwrap();
    assert_eq!(Sigmoids::load(&path).unwrap(), network(1));
}

/// A disk in memory that loses what was not synced when it stops: bytes of a file without `sync`, names in a folder
/// without `sync_folder`. Of what was not synced, any prefix may be there after all.
#[derive(Debug, Clone, Default)]
struct Volatile(Arc<Mutex<State>>);

#[derive(Debug, Clone, Default)]
struct State {
    /// The contents of each file, and how many bytes of them are synced.
    files: Vec<(Vec<u8>, usize)>,
    /// The file of each name.
    names: BTreeMap<PathBuf, usize>,
    synced_names: BTreeMap<PathBuf, usize>,
    /// What the disk can look like after a crash, at each moment: by names, the contents of which a prefix is lost.
    moments: Vec<Moment>,
}

/// The files as they may be found after a crash.
#[derive(Debug, Clone)]
struct Moment {
    names: [BTreeMap<PathBuf, usize>; 2],
    files: Vec<(Vec<u8>, usize)>,
}

impl Volatile {
    fn change<V>(&self, change: impl FnOnce(&mut State) -> V) -> V {
        let mut state = self.0.lock().unwrap();
        let value = change(&mut state);
        let names = [state.synced_names.clone(), state.names.clone()];
        let moment = Moment { names, files: state.files.clone() };
        state.moments.push(moment);
        value
    }
}

struct VolatileFile(usize, Volatile);

impl Write for VolatileFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Few at a time, so that there are many moments.
        let some = &bytes[..bytes.len().min(100)];
        self.1.change(|state| state.files[self.0].0.extend_from_slice(some));
        Ok(some.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output for VolatileFile {
    fn sync(&mut self) -> io::Result<()> {
        self.1.change(|state| state.files[self.0].1 = state.files[self.0].0.len());
        Ok(())
    }
}

impl Disk for Volatile {
    fn entry(&self, path: &Path) -> io::Result<Entry> {
        let there = self.0.lock().unwrap().names.contains_key(path);
        Ok(if there { Entry::File { read_only: false } } else { Entry::Missing })
    }
    fn create(&self, path: &Path, _like: Option<&Path>) -> io::Result<Box<dyn Output>> {
        let index = self.change(|state| {
            state.files.push((Vec::new(), 0));
            state.names.insert(path.to_path_buf(), state.files.len() - 1);
            state.files.len() - 1
        });
        Ok(Box::new(VolatileFile(index, self.clone())))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(|state| {
            let index = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
            state.names.insert(to.to_path_buf(), index);
            Ok(())
        })
    }
    fn sync_folder(&self, _folder: &Path) -> io::Result<()> {
        self.change(|state| state.synced_names = state.names.clone());
        Ok(())
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change(|state| state.names.remove(path).map(|_| ()).ok_or(io::ErrorKind::NotFound.into()))
    }
    fn remove_abandoned(&self, _folder: &Path, _is_ours: &dyn Fn(&Path) -> bool) -> io::Result<()> {
        Ok(())
    }
}

/// A loss of power at any moment, with any of the bytes that were not synced lost, leaves a file that loads.
#[test]
fn a_loss_of_power_at_any_moment_leaves_a_whole_file() {
    let (old, new) = (network(1), network(2));
    let (disk, path) = (Volatile::default(), Path::new("folder/model"));
    replace(&disk, path, &old.to_bytes().unwrap()).unwrap();
    disk.0.lock().unwrap().moments.clear();
    replace(&disk, path, &new.to_bytes().unwrap()).unwrap();

    let moments = disk.0.lock().unwrap().moments.clone();
    assert!(moments.len() > 10);
    let mut found = [0, 0];
    for Moment { names, files } in &moments {
        for names in names {
            let (contents, synced) = &files[names[path]];
            for length in *synced..=contents.len() {
                let network = Sigmoids::from_bytes(&contents[..length]).unwrap();
                assert!(network == old || network == new);
                found[usize::from(network == new)] += 1;
            }
        }
    }
    assert!(found[0] > 0 && found[1] > 0, "{found:?}");
    let last = moments.last().unwrap();
    assert_eq!(last.names[0], last.names[1], "at the end everything is on the disk");
    assert_eq!(last.names[0].len(), 1);
}

#[test]
fn a_file_that_was_left_behind_is_ignored_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    // Stops in the middle: nothing is removed any more.
    replace(&Faulty::new(5, true, Fault::Error(io::ErrorKind::Other)), &path, b"half").unwrap_err();
    let left = others(folder.path());
    assert_eq!(left.len(), 1);
    // It belongs to this file only.
    network(3).save(folder.path().join("another")).unwrap();
    assert!(left[0].exists());
    // A file that is being written is not abandoned.
    let lock = fs::OpenOptions::new().write(true).open(&left[0]).unwrap();
    lock.lock().unwrap();
    network(1).save(&path).unwrap();
    assert!(left[0].exists());
    drop(lock);
    network(1).save(&path).unwrap();
    assert!(!left[0].exists());
    assert_eq!(Sigmoids::load(&path).unwrap(), network(1));
}

/// Two who save under one name never mix their files.
#[test]
fn a_file_that_many_write_at_once_is_always_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    network(0).save(&path).unwrap();
    std::thread::scope(|scope| {
        for seed in 1..4 {
            let path = &path;
            scope.spawn(move || {
                for _ in 0..20 {
                    // One may take the other's file for abandoned in the instant before it is locked, and say so.
                    let _ = network(seed).save(path);
                    let found = Sigmoids::load(path).unwrap();
                    assert!((0..4).any(|seed| found == network(seed)));
                }
            });
        }
    });
    network(9).save(&path).unwrap();
    assert_eq!(others(folder.path()), [] as [PathBuf; 0]);
}

#[test]
fn a_bare_name_is_saved_in_the_current_folder() {
    let disk = Volatile::default();
    replace(&disk, "model", b"contents").unwrap();
    let State { names, synced_names, .. } = &*disk.0.lock().unwrap();
    assert_eq!(names.keys().collect::<Vec<_>>(), [Path::new("model")]);
    assert_eq!(names, synced_names);
}

#[test]
fn paths_without_a_name_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(problem(network(1).save(folder.path())), FileProblem::IsADirectory));
    assert!(matches!(problem(network(1).save(folder.path().join(".."))), FileProblem::IsADirectory));
    assert!(matches!(problem(network(1).save(folder.path().join("none/.."))), FileProblem::NoName));
    assert!(matches!(problem(network(1).save("")), FileProblem::NoName));
    let long = folder.path().join("n".repeat(250));
    network(1).save(&long).unwrap();
    assert_eq!(Sigmoids::load(&long).unwrap(), network(1));
}

/// The message says what to do about each way in which a disk refuses, at whatever step.
#[test]
fn what_cannot_be_written_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    network(1).save(&file).unwrap();
    let model = |name: &str| network(1).save(folder.path().join(name)).unwrap_err().to_string();
    let missing = "its folder does not exist: create it, or choose another path";
    assert!(model("none/model").contains(missing), "{}", model("none/model"));
    assert!(
        model("file/model").contains("a part of its path is a file and no folder"),
        "{}",
        model("file/model")
    );
    let data = Dataset::<f64>::synthetic_digits(10, 1).unwrap();
    let samples = Streamed::write(&data, folder.path().join("none/samples")).unwrap_err().to_string();
    assert!(samples.contains(missing), "{samples}");

    for (kind, says) in [
        (io::ErrorKind::PermissionDenied, "not writable for you"),
        (io::ErrorKind::ReadOnlyFilesystem, "mounted read-only"),
        (io::ErrorKind::StorageFull, "free space"),
        (io::ErrorKind::QuotaExceeded, "free space"),
        (io::ErrorKind::Other, "free space on the disk or check its permissions"),
    ] {
        // Looking up the path is the first operation; removing what was left behind, the second, may fail.
        for at in [0, 2, 3] {
            let disk = Faulty::new(at, true, Fault::Error(kind));
            let message = replace(&disk, &file, b"contents").unwrap_err().to_string();
            assert!(message.contains(says) && message.contains("failed to"), "{at}: {message}");
        }
    }
}

/// A folder that is not there is found before the first step, and not at the first checkpoint.
#[test]
fn the_folder_of_a_checkpoint_is_looked_for_first() {
    let folder = tempfile::tempdir().unwrap();
    let data = Dataset::<f64>::synthetic_digits(20, 1).unwrap();
    fs::write(folder.path().join("file"), b"").unwrap();
    for (name, says) in [("none/run", "its folder does not exist"), ("file/run", "is a file and no folder")] {
        let mut network = Network::new(&[784, 10], Sigmoid, Softmax::default(), &ByActivation, 1).unwrap();
        let before = network.clone();
        let trainer = Trainer::new(LogLikelihood).checkpoint(folder.path().join(name), Every::Epochs(1));
        let error = trainer.fit(&mut network, &data, None).unwrap_err();
        assert!(matches!(error, Error::File { .. }) && error.to_string().contains(says), "{error}");
        assert_eq!(network, before);
    }
}

#[cfg(unix)]
mod unix {
    use std::fs::Permissions;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn permissions_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        network(1).save(&path).unwrap();
        let fresh = folder.path().join("fresh");
        fs::write(&fresh, "").unwrap();
        assert_eq!(mode(&path), mode(&fresh), "a new file has the permissions that every new file has");
        for mode_before in [0o600, 0o640, 0o666, 0o700] {
            fs::set_permissions(&path, Permissions::from_mode(mode_before)).unwrap();
            network(2).save(&path).unwrap();
            assert_eq!(mode(&path), mode_before);
        }
        fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
        assert!(matches!(problem(network(1).save(&path)), FileProblem::ReadOnly));
        assert_eq!(Sigmoids::load(&path).unwrap(), network(2));
    }

    #[test]
    fn symbolic_links_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("real")).unwrap();
        let file = folder.path().join("real/model");
        let (link, chain) = (folder.path().join("link"), folder.path().join("chain"));
        symlink("real/model", &link).unwrap();
        symlink(&link, &chain).unwrap();
        // The first time it leads nowhere.
        for (seed, path) in [(1, &chain), (2, &chain), (3, &link)] {
            network(seed).save(path).unwrap();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert!(fs::symlink_metadata(&chain).unwrap().is_symlink());
            assert!(fs::symlink_metadata(&file).unwrap().is_file());
            assert_eq!(Sigmoids::load(&file).unwrap(), network(seed));
        }
        assert_eq!(others(&folder.path().join("real")), [] as [PathBuf; 0]);

        let circle = folder.path().join("circle");
        symlink("circle", &circle).unwrap();
        assert!(matches!(problem(network(1).save(&circle)), FileProblem::NoName));
        let device = folder.path().join("device");
        symlink("/dev/null", &device).unwrap();
        assert!(matches!(problem(network(1).save(&device)), FileProblem::NotAFile));
    }
}

/// What a checkpoint needs: tensors of both precisions and a document, replaced on any disk.
#[test]
fn containers_hold_tensors_of_both_precisions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let (w, memory, losses) =
        (DMatrix::from_row_slice(2, 3, &[1.0f32, 2., 3., 4., 5., 6.]), [0.5f32; 3], [0.1f64]);
    let tensors = [
        Tensor::matrix("w", &w),
        Tensor::vector("memory", &memory),
        Tensor::vector("losses", &losses),
        Tensor::vector::<f32>("none", &[]),
    ];
    let document = BTreeMap::from([("epoch".to_string(), 3)]);
    Container::save(&FileSystem, &path, "run", &document, &tensors).unwrap();

    let bytes = fs::read(&path).unwrap();
    let mut container = Container::open(&path, 10_000, "run").unwrap();
    assert_eq!(
        container.document::<BTreeMap<String, u64>>().unwrap(),
        BTreeMap::from([("epoch".to_string(), 3)])
    );
    assert_eq!(container.vector::<f64>("losses", 1).unwrap(), losses);
    assert_eq!(container.matrix::<f32>("w", 2, 3).unwrap(), w);
    assert!(container.vector::<f32>("none", 0).unwrap().is_empty());
    assert!(matches!(container.vector::<f32>("w", 6), Err(FileProblem::MissingTensor { .. })), "it is taken");
    assert!(matches!(container.finish(), Err(FileProblem::UnknownTensor { name }) if name == "memory"));

    let mut container = Container::read(&bytes, "run").unwrap();
    assert!(matches!(container.vector::<f64>("memory", 3), Err(FileProblem::Dtype { .. })));
    assert!(matches!(container.matrix::<f32>("w", 3, 2), Err(FileProblem::Shape { .. })));
    assert!(matches!(container.document::<u8>(), Err(FileProblem::Json { .. })));
    assert!(matches!(Container::read(&bytes, "model"), Err(FileProblem::Kind { .. })));

    for name in ["w", "__metadata__"] {
        let twice = [Tensor::vector("w", &memory), Tensor::vector(name, &losses)];
        assert!(matches!(Container::write("run", &1, &twice), Err(FileProblem::DuplicateTensor { .. })));
    }
}
