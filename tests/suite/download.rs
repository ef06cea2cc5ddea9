//! Downloads from servers that misbehave in every known way end with the right file or with none.

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use gradus::data::download::{Downloader, RemoteFile};
use gradus::{DownloadProblem, Error};
use sha2::{Digest, Sha256};

/// What a server does with a request.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Act {
    /// The file, or the range that was asked for.
    Serve,
    NotFound,
    ServerError,
    /// Announces the whole and closes after this many bytes.
    Truncate(usize),
    WrongBytes,
    /// Sends one byte, and then nothing for a long time.
    Stall,
    /// Redirects to itself.
    RedirectLoop,
    /// The whole file, whatever range was asked for.
    IgnoreRange,
    /// A range that was not asked for.
    WrongRange,
    /// More bytes than the file has, without an announced length.
    Endless,
}

/// A server that does one act after the other, and keeps the ranges that it was asked for.
struct Server {
    address: String,
    asked: Arc<Mutex<Vec<Option<String>>>>,
}

const CONTENT: &[u8] = b"0123456789 the content of a file 0123456789";

impl Server {
    fn new(acts: &[Act]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, mut acts) = (asked.clone(), VecDeque::from(acts.to_vec()));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let act = acts.pop_front().unwrap_or(Act::NotFound);
                let range = request(&stream);
                log.lock().unwrap().push(range.clone());
                if act == Act::RedirectLoop {
                    acts.push_front(act);
                }
                // Each in its own thread: one that stalls must not hold up the next.
                thread::spawn(move || answer(stream, act, range));
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<Option<String>> {
        self.asked.lock().unwrap().clone()
    }
}

/// Reads the head of a request, and returns its range.
fn request(stream: &TcpStream) -> Option<String> {
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    head.iter().find_map(|line| line.to_lowercase().strip_prefix("range: ").map(str::to_owned))
}

fn answer(mut stream: TcpStream, act: Act, range: Option<String>) {
    let begin: usize =
        range.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()).unwrap_or(0);
    let n = CONTENT.len();
    let head = |status: &str, length: usize, more: &str| {
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{more}\r\n")
    };
    let partial = |begin: usize| format!("Content-Range: bytes {begin}-{}/{n}\r\n", n - 1);
    let (head, body) = match act {
        Act::Serve if begin > 0 => {
            (head("206 Partial Content", n - begin, &partial(begin)), CONTENT[begin..].to_vec())
        }
        Act::Serve | Act::IgnoreRange => (head("200 OK", n, ""), CONTENT.to_vec()),
        Act::NotFound => (head("404 Not Found", 0, ""), Vec::new()),
        Act::ServerError => (head("500 Internal Server Error", 0, ""), Vec::new()),
        Act::Truncate(at) => (head("200 OK", n, ""), CONTENT[..at].to_vec()),
        Act::WrongBytes => (head("200 OK", n, ""), vec![b'x'; n]),
        Act::Stall => (head("200 OK", n, ""), CONTENT[..1].to_vec()),
        Act::RedirectLoop => (head("302 Found", 0, "Location: /again\r\n"), Vec::new()),
        Act::WrongRange => (head("206 Partial Content", n - 1, &partial(1)), CONTENT[1..].to_vec()),
        Act::Endless => ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_owned(), vec![b'0'; 1 << 20]),
    };
    // The other side may have heard enough.
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(&body);
    if act == Act::Stall {
        thread::sleep(Duration::from_secs(30));
    }
}

fn sha256() -> String {
    Sha256::digest(CONTENT).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Downloads from one mirror for each act; the same server answers for all of them.
fn fetch(dir: &std::path::Path, acts: &[Act]) -> (gradus::Result<()>, Vec<Option<String>>) {
    let server = Server::new(acts);
    let mirrors = vec![server.address.clone(); acts.len()];
    let sha256 = sha256();
    let file = RemoteFile { name: "file", bytes: CONTENT.len() as u64, sha256: &sha256 };
    let outcome = Downloader::new(&mirrors).timeout(Duration::from_secs(2)).fetch(&file, dir);
    (outcome, server.asked())
}

#[test]
fn whatever_comes_first_the_next_mirror_completes_it() {
    use Act::*;
    let range = |begin: usize| Some(format!("bytes={begin}-"));
    for (acts, asked) in [
        (vec![Serve], vec![None]),
        (vec![NotFound, ServerError, Serve], vec![None, None, None]),
        // What had come is not asked for again.
        (vec![Truncate(10), Serve], vec![None, range(10)]),
        (vec![Truncate(10), NotFound, Serve], vec![None, range(10), range(10)]),
        (vec![Truncate(10), IgnoreRange], vec![None, range(10)]),
        (vec![Truncate(10), WrongRange, Serve], vec![None, range(10), range(10)]),
        (vec![Truncate(0), Serve], vec![None, None]),
        (vec![Stall, Serve], vec![None, range(1)]),
        // Wrong bytes are forgotten, also if only the end was wrong.
        (vec![WrongBytes, Serve], vec![None, None]),
        (vec![Endless, Serve], vec![None, None]),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (outcome, found) = fetch(&dir.path().join("made"), &acts);
        outcome.unwrap_or_else(|error| panic!("{acts:?}: {error}"));
        assert_eq!(found, asked, "{acts:?}");
        let files: Vec<_> =
            fs::read_dir(dir.path().join("made")).unwrap().map(|f| f.unwrap().file_name()).collect();
        assert_eq!(files, ["file"], "{acts:?}");
        assert_eq!(fs::read(dir.path().join("made/file")).unwrap(), CONTENT);
    }
}

#[test]
fn without_a_good_mirror_there_is_no_file_and_every_reason() {
    use Act::*;
    let dir = tempfile::tempdir().unwrap();
    let (outcome, _) = fetch(dir.path(), &[NotFound, ServerError, WrongBytes, Endless, Truncate(7)]);
    let error = outcome.unwrap_err();
    let message = error.to_string();
    for part in ["404", "500", "SHA-256", "44 bytes in place of 43", "7 of 43 bytes", "check the connection"]
    {
        assert!(message.contains(part), "{part} is not in {message}");
    }
    let Error::Download { attempts, .. } = error else { panic!("{message}") };
    assert!(matches!(attempts[4].1, DownloadProblem::CutShort { received: 7, expected: 43, .. }));
    assert!(!dir.path().join("file").exists());

    // The next run goes on where this one was cut short.
    let (outcome, asked) = fetch(dir.path(), &[Serve]);
    assert!(outcome.is_ok() && asked == [Some("bytes=7-".to_owned())], "{asked:?}");
    // And the one after it asks for nothing.
    let (outcome, asked) = fetch(dir.path(), &[Serve]);
    assert!(outcome.is_ok() && asked.is_empty());
}

#[test]
fn redirects_end() {
    let dir = tempfile::tempdir().unwrap();
    let (outcome, asked) = fetch(dir.path(), &[Act::RedirectLoop]);
    assert!(outcome.is_err() && asked.len() < 20, "{outcome:?}, {} requests", asked.len());
}

#[test]
fn a_stalled_mirror_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let begin = Instant::now();
    let (outcome, _) = fetch(dir.path(), &[Act::Stall]);
    assert!(matches!(outcome, Err(Error::Download { .. })), "{outcome:?}");
    assert!(begin.elapsed() < Duration::from_secs(20), "the server would have slept for 30 s");
}

#[test]
fn a_file_that_is_wrong_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "old").unwrap();
    fs::write(dir.path().join("file.part"), [b'x'; 43]).unwrap();
    let (outcome, asked) = fetch(dir.path(), &[Act::Serve]);
    assert!(outcome.is_ok(), "{outcome:?}");
    assert_eq!(asked, [None], "a part that is complete and wrong is forgotten");
    assert_eq!(fs::read(dir.path().join("file")).unwrap(), CONTENT);
}

#[test]
fn a_directory_that_cannot_be() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "no directory").unwrap();
    let (outcome, asked) = fetch(&dir.path().join("file"), &[Act::Serve]);
    let message = outcome.unwrap_err().to_string();
    assert!(message.contains("cannot be written") && asked.is_empty(), "{message}");
}
