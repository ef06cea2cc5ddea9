//! Downloads files from mirrors, with resuming and SHA-256 checks; needs the feature `download`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use sha2::{Digest, Sha256};
use ureq::Agent;

use super::Mnist;
use crate::error::{DownloadProblem, Error, Result};
use crate::real::Real;

/// The mirrors of MNIST, in the order in which they are tried.
const MNIST_MIRRORS: [&str; 2] =
    ["https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"];

const MNIST_FILES: [RemoteFile<'static>; 4] = [
    RemoteFile {
        name: "train-images-idx3-ubyte.gz",
        bytes: 9_912_422,
        sha256: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    },
    RemoteFile {
        name: "train-labels-idx1-ubyte.gz",
        bytes: 28_881,
        sha256: "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    },
    RemoteFile {
        name: "t10k-images-idx3-ubyte.gz",
        bytes: 1_648_877,
        sha256: "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    },
    RemoteFile {
        name: "t10k-labels-idx1-ubyte.gz",
        bytes: 4_542,
        sha256: "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    },
];

/// A file that mirrors offer, with its size and checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoteFile<'a> {
    /// Its name, which is appended to the addresses of the mirrors, and is the name of the downloaded file.
    pub name: &'a str,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its SHA-256, in 64 hexadecimal digits.
    pub sha256: &'a str,
}

/// Downloads files from a list of mirrors.
///
/// Mirrors are tried in turn until the file is complete. An incomplete file keeps its name with `.part` appended, and
/// the next mirror or the next run resumes it. It is renamed when its size and its SHA-256 are correct. A file that is
/// already there and correct is not downloaded again.
///
/// # Examples
///
/// ```no_run
/// use std::time::Duration;
///
/// use gradus::data::download::{Downloader, RemoteFile};
///
/// let sha256 = "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6";
/// let labels = RemoteFile { name: "t10k-labels-idx1-ubyte.gz", bytes: 4542, sha256 };
/// let downloader = Downloader::new(&["https://example.org/mnist/"]);
/// downloader.timeout(Duration::from_secs(60)).fetch(&labels, "data")?;
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Downloader {
    mirrors: Vec<String>,
    timeout: Duration,
}

impl<T: Real> Mnist<T> {
    /// Downloads the four files of MNIST into the directory `dir`, unless they are already there, and reads them.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Downloader::fetch`] and of [`load`](Self::load).
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use gradus::prelude::*;
    ///
    /// let mnist = Mnist::<f32>::download("data/mnist")?;
    /// assert_eq!(mnist.training.len(), 60_000);
    /// # Ok::<(), gradus::Error>(())
    /// ```
    pub fn download(dir: impl AsRef<Path>) -> Result<Self> {
        let dir = dir.as_ref();
        let downloader = Downloader::new(&MNIST_MIRRORS);
        MNIST_FILES.iter().try_for_each(|file| downloader.fetch(file, dir))?;
        Self::load(dir)
    }
}

impl Downloader {
    /// Creates a downloader for `mirrors`, addresses to which the name of a file is appended.
    pub fn new(mirrors: &[impl AsRef<str>]) -> Self {
        let mirrors = mirrors.iter().map(|mirror| mirror.as_ref().to_owned()).collect();
        Self { mirrors, timeout: Duration::from_secs(600) }
    }

    /// Sets how long a mirror may take to send a file, 10 minutes by default. Connecting, and waiting for the response
    /// to begin, may each take a tenth of it.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Downloads `file` into the directory `dir`, which is created if it does not exist.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Download`] with the problem of each mirror if none has sent the correct bytes, and if the
    /// directory or a file in it cannot be written.
    pub fn fetch(&self, file: &RemoteFile, dir: impl AsRef<Path>) -> Result<()> {
        let path = dir.as_ref().join(file.name);
        let failed = |attempts| Error::Download { path: path.clone(), attempts };
        let unwritable = |source| {
            failed(vec![(dir.as_ref().display().to_string(), DownloadProblem::Unwritable { source })])
        };
        if check(&path, file).is_ok() {
            return Ok(());
        }
        fs::create_dir_all(dir.as_ref()).map_err(unwritable)?;
        let part = dir.as_ref().join(format!("{}.part", file.name));
        let begin = Some(self.timeout / 10);
        let agent: Agent = Agent::config_builder()
            .timeout_connect(begin)
            .timeout_recv_response(begin)
            .timeout_recv_body(Some(self.timeout))
            .max_redirects(5)
            .build()
            .into();
        let mut attempts = Vec::new();
        for mirror in &self.mirrors {
            let url = format!("{mirror}{}", file.name);
            match attempt(&agent, &url, file, &part) {
                Ok(()) => return fs::rename(&part, &path).map_err(unwritable),
                Err(problem @ DownloadProblem::Unwritable { .. }) => {
                    return Err(failed(vec![(url, problem)]));
                }
                Err(problem) => attempts.push((url, problem)),
            }
        }
        Err(failed(attempts))
    }
}

/// Completes the file `part` from `url` and checks it; a file with wrong bytes is deleted.
fn attempt(
    agent: &Agent,
    url: &str,
    file: &RemoteFile,
    part: &Path,
) -> std::result::Result<(), DownloadProblem> {
    let forget = || fs::remove_file(part).map_err(|source| DownloadProblem::Unwritable { source });
    let mut begun = fs::metadata(part).map_or(0, |metadata| metadata.len());
    if begun >= file.bytes && begun > 0 {
        if check(part, file).is_ok() {
            return Ok(());
        }
        forget()?;
        begun = 0;
    }
    receive(agent, url, file, part, begun)?;
    let outcome = check(part, file);
    if outcome.is_err() {
        forget()?;
    }
    outcome
}

/// Requests the bytes of the file `part` after the first `begun` ones from `url`, and appends them.
fn receive(
    agent: &Agent,
    url: &str,
    file: &RemoteFile,
    part: &Path,
    begun: u64,
) -> std::result::Result<(), DownloadProblem> {
    let unwritable = |source| DownloadProblem::Unwritable { source };
    let mut request = agent.get(url);
    if begun > 0 {
        request = request.header("Range", format!("bytes={begun}-"));
    }
    let response = request.call().map_err(|error| DownloadProblem::Refused { reason: error.to_string() })?;
    let range = response.headers().get("content-range").and_then(|range| range.to_str().ok());
    let resumed = response.status().as_u16() == 206
        && range.is_some_and(|range| range.trim().starts_with(&format!("bytes {begun}-")));
    if response.status().as_u16() == 206 && !resumed {
        let reason = format!("another range than was asked for: {}", range.unwrap_or("none"));
        return Err(DownloadProblem::Refused { reason });
    }
    // A server without support for ranges sends the whole file, which replaces the bytes so far.
    let (begun, mut out) = if resumed {
        (begun, OpenOptions::new().append(true).open(part).map_err(unwritable)?)
    } else {
        (0, File::create(part).map_err(unwritable)?)
    };
    // One byte more than expected is enough to detect a wrong file, and bounds an endless one.
    let mut body = response.into_body().into_reader().take(file.bytes - begun + 1);
    let outcome = copy(&mut body, &mut out)?;
    out.sync_all().map_err(unwritable)?;
    let received = fs::metadata(part).map_err(unwritable)?.len();
    match outcome {
        Err(error) => {
            let (expected, reason) = (file.bytes, error.to_string());
            Err(DownloadProblem::CutShort { received, expected, reason })
        }
        Ok(()) if received < file.bytes => {
            let (expected, reason) = (file.bytes, "the connection was closed".to_owned());
            Err(DownloadProblem::CutShort { received, expected, reason })
        }
        Ok(()) => Ok(()),
    }
}

/// Copies until the end or an error of the reader, which is the inner result; an error of the writer is the outer one.
fn copy(from: &mut impl Read, to: &mut File) -> std::result::Result<io::Result<()>, DownloadProblem> {
    let mut buffer = [0; 1 << 14];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(Ok(())),
            Ok(n) => to.write_all(&buffer[..n]).map_err(|source| DownloadProblem::Unwritable { source })?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Ok(Err(error)),
        }
    }
}

/// Returns an error unless the file at `path` has the size and the SHA-256 of `file`.
fn check(path: &Path, file: &RemoteFile) -> std::result::Result<(), DownloadProblem> {
    let wrong = |found: String| DownloadProblem::WrongContent { found };
    let unreadable = |error: io::Error| wrong(error.to_string());
    let mut content = File::open(path).map_err(unreadable)?;
    let bytes = content.metadata().map_err(unreadable)?.len();
    if bytes != file.bytes {
        return Err(wrong(format!("{bytes} bytes in place of {}", file.bytes)));
    }
    let mut hash = Sha256::new();
    io::copy(&mut content, &mut hash).map_err(unreadable)?;
    let sha256: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    if !sha256.eq_ignore_ascii_case(file.sha256) {
        return Err(wrong(format!("SHA-256 {sha256} in place of {}", file.sha256)));
    }
    Ok(())
}
