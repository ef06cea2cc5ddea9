//! The IDX reader reads back what was written, and says precisely why it refuses anything else.

use std::fs;
use std::io::{self, Cursor, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use gradus::data::{Dataset, IdxTensor, Mnist, mnist};
use gradus::{Error, IdxField, IdxProblem};
use proptest::prelude::*;
use tempfile::TempDir;

/// The bytes of an IDX file of unsigned bytes.
fn idx(dims: &[u32], body: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, dims.len() as u8];
    file.extend(dims.iter().flat_map(|d| d.to_be_bytes()));
    file.extend_from_slice(body);
    file
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// `start` and then `zeros` zeros, compressed.
fn gzip_with_zeros(start: &[u8], zeros: u64) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(start).unwrap();
    io::copy(&mut io::repeat(0).take(zeros), &mut encoder).unwrap();
    encoder.finish().unwrap()
}

fn read(bytes: &[u8]) -> gradus::Result<IdxTensor> {
    IdxTensor::read(bytes, "stream")
}

/// Takes an error apart, whatever it is about.
fn parts(error: Error) -> (PathBuf, u64, IdxField, IdxProblem) {
    match error {
        Error::Idx { path, offset, field, problem } => (path, offset, field, problem),
        other => panic!("not an IDX error: {other}"),
    }
}

/// Asserts path, offset, field and the pattern of the problem.
macro_rules! assert_refused {
    ($result:expr, $path:expr, $offset:expr, $field:expr, $problem:pat $(if $guard:expr)?) => {
        let (path, offset, field, problem) = parts($result.map(|_| ()).unwrap_err());
        assert!(matches!(&problem, $problem $(if $guard)?), "{problem:?}");
        assert_eq!((path.as_path(), offset, field), (Path::new(&$path), $offset, $field));
    };
}

/// A directory with the files of a tiny MNIST, images of 2 × 3 pixels.
struct Fixture {
    dir: TempDir,
}

impl Fixture {
    fn new() -> Self {
        let fixture = Self { dir: tempfile::tempdir().unwrap() };
        fixture.write("train-images-idx3-ubyte", &idx(&[3, 2, 3], &[7; 18]));
        fixture.write("train-labels-idx1-ubyte", &idx(&[3], &[0, 9, 4]));
        fixture.write("t10k-images-idx3-ubyte", &idx(&[2, 2, 3], &[8; 12]));
        fixture.write("t10k-labels-idx1-ubyte", &idx(&[2], &[1, 2]));
        fixture
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    fn load(&self) -> gradus::Result<Mnist<f32>> {
        Mnist::load(self.dir.path())
    }

    fn pair(&self, images: &str, labels: &str) -> gradus::Result<Dataset<f32>> {
        mnist::read_pair(self.path(images), self.path(labels), 10)
    }
}

// ---- what is read ----

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is written is read back, plain and gzip, from a stream and from a file.
    #[test]
    fn round_trip(dims in prop::collection::vec(1u32..6, 1..6), seed in any::<u8>()) {
        let size: u32 = dims.iter().product();
        let body: Vec<u8> = (0..size).map(|i| (i as u8).wrapping_mul(31) ^ seed).collect();
        let dir = tempfile::tempdir().unwrap();
        let plain = idx(&dims, &body);
        for bytes in [gzip(&plain), plain] {
            let path = dir.path().join("tensor");
            fs::write(&path, &bytes).unwrap();
            for tensor in [read(&bytes).unwrap(), IdxTensor::open(&path).unwrap()] {
                prop_assert!(tensor.dims().iter().eq(dims.iter().map(|&d| d as usize).collect::<Vec<_>>().iter()));
                prop_assert_eq!(tensor.data(), body.as_slice());
                let data = tensor.into_data();
                prop_assert_eq!(data.capacity(), data.len());
            }
        }
    }

    /// Nothing at all makes the reader panic.
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..64), header in any::<bool>()) {
        let start: &[u8] = if header { &[0, 0, 8] } else { &[0x1f, 0x8b, 8, 0] };
        let _ = read(&bytes);
        let _ = read(&[start, &bytes].concat());
    }
}

/// A reader that gives one byte at a time and is interrupted before each.
struct Trickle<'a>(&'a [u8], bool);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let n = buffer.len().min(1);
        self.0.read(&mut buffer[..n])
    }
}

#[test]
fn a_slow_reader_changes_nothing() {
    let plain = idx(&[40, 5], &[3; 200]);
    for bytes in [gzip(&plain), plain] {
        let tensor = IdxTensor::read(Trickle(&bytes, false), "slow").unwrap();
        assert_eq!((tensor.dims(), tensor.data()), ([40, 5].as_slice(), [3; 200].as_slice()));
    }
}

#[test]
fn a_body_of_many_steps() {
    let body: Vec<u8> = (0..1_000_003u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let plain = idx(&[1_000_003], &body);
    assert!(read(&plain).unwrap().data() == body);
    assert!(read(&gzip(&plain)).unwrap().data() == body);
}

#[test]
fn gzip_in_several_members() {
    let plain = idx(&[2, 2], &[1, 2, 3, 4]);
    for cut in 0..=plain.len() {
        let (head, tail) = plain.split_at(cut);
        assert_eq!(read(&[gzip(head), gzip(tail)].concat()).unwrap().data(), [1, 2, 3, 4]);
    }
}

#[test]
fn as_many_dimensions_as_fit() {
    let tensor = read(&idx(&[1; 255], &[6])).unwrap();
    assert_eq!((tensor.dims().len(), tensor.data()), (255, [6].as_slice()));
}

// ---- what is refused: the header ----

#[test]
fn truncation_anywhere() {
    let plain = idx(&[2, 3], &[1, 2, 3, 4, 5, 6]);
    let field = |at| match at {
        0..2 => IdxField::Magic,
        2 => IdxField::ElementType,
        3 => IdxField::Rank,
        4..12 => IdxField::Dimension((at - 4) / 4),
        _ => IdxField::Body,
    };
    let end = |at| match at {
        0..2 => 2,
        2..4 => at as u64 + 1,
        4..12 => at as u64 / 4 * 4 + 4,
        _ => 18,
    };
    for at in 0..plain.len() {
        let cut = &plain[..at];
        for bytes in [cut.to_vec(), gzip(cut)] {
            assert_refused!(
                read(&bytes), "stream", at as u64, field(at),
                IdxProblem::Truncated { until } if *until == end(at)
            );
        }
    }
}

/// A cut is damage of the gzip stream, wherever the data stand; one byte alone is not even gzip.
#[test]
fn truncation_of_gzip_anywhere() {
    let whole = gzip(&idx(&[2, 3], &[1, 2, 3, 4, 5, 6]));
    for at in 0..2 {
        assert_refused!(
            read(&whole[..at]),
            "stream",
            at as u64,
            IdxField::Magic,
            IdxProblem::Truncated { until: 2 }
        );
    }
    for at in 2..whole.len() {
        let (_, offset, field, problem) = parts(read(&whole[..at]).unwrap_err());
        assert!(matches!(problem, IdxProblem::Gzip { .. }), "cut at {at}: {problem:?}");
        assert_eq!(field, IdxField::Gzip);
        assert!(offset <= 18, "{offset}");
    }
}

#[test]
fn wrong_magic() {
    let little_endian = [3, 8, 0, 0, 1, 0, 0, 0];
    assert_refused!(
        read(&little_endian),
        "stream",
        0,
        IdxField::Magic,
        IdxProblem::BadMagic { found: 0x0308 }
    );
    assert_refused!(read(b"\0PNG"), "stream", 0, IdxField::Magic, IdxProblem::BadMagic { found: 0x50 });
}

#[test]
fn unsupported_element_type() {
    for code in (0..=255).filter(|&code| code != 8) {
        let file = [0, 0, code, 1, 0, 0, 0, 1, 5];
        assert_refused!(
            read(&file), "stream", 2, IdxField::ElementType,
            IdxProblem::UnsupportedType { found } if *found == code
        );
    }
}

#[test]
fn zero_dimensions() {
    assert_refused!(read(&[0, 0, 8, 0]), "stream", 3, IdxField::Rank, IdxProblem::NoDimensions);
    for i in 0..3 {
        let mut dims = [2, 2, 2];
        dims[i] = 0;
        let at = 4 + 4 * i as u64;
        assert_refused!(
            read(&idx(&dims, &[])),
            "stream",
            at,
            IdxField::Dimension(i),
            IdxProblem::ZeroDimension
        );
    }
}

#[test]
fn overflowing_dimensions() {
    assert_refused!(
        read(&idx(&[1 << 20, 1 << 13, 9], &[])),
        "stream",
        8,
        IdxField::Dimension(1),
        IdxProblem::TooLarge { claimed: 0x2_0000_0000, allowed: IdxTensor::MAX_BYTES }
    );
    // The limit itself is allowed: what is missing is the body.
    assert_refused!(
        read(&idx(&[4, 1 << 30], &[])),
        "stream",
        12,
        IdxField::Body,
        IdxProblem::Truncated { until: 4_294_967_308 }
    );
    // The product of these would overflow even 128 bits.
    let rank_255 = idx(&[u32::MAX; 255], &[]);
    assert_refused!(
        read(&rank_255),
        "stream",
        8,
        IdxField::Dimension(1),
        IdxProblem::TooLarge { claimed: 0xffff_fffe_0000_0001, .. }
    );
}

// ---- what is refused: the body and its end ----

#[test]
fn a_body_that_is_only_claimed() {
    // Below the limit, so that the missing body is what tells.
    let file = idx(&[3 << 20, 1024], &[1]);
    let fixture = Fixture::new();
    let path = fixture.write("claim", &file);
    assert_refused!(
        read(&file),
        "stream",
        13,
        IdxField::Body,
        IdxProblem::Truncated { until: 3_221_225_484 }
    );
    assert_refused!(
        IdxTensor::open(&path),
        path,
        13,
        IdxField::Body,
        IdxProblem::Truncated { until: 3_221_225_484 }
    );
}

#[test]
fn trailing_bytes() {
    let long = idx(&[2, 2], &[1, 2, 3, 4, 5]);
    for bytes in [gzip(&long), [gzip(&long[..16]), gzip(&long[16..])].concat(), long] {
        assert_refused!(read(&bytes), "stream", 16, IdxField::End, IdxProblem::TrailingBytes { until: 16 });
    }
}

#[test]
fn corrupt_gzip() {
    let good = gzip(&idx(&[2, 2], &[1, 2, 3, 4]));
    let with = |at: usize| {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        bad
    };
    // The method, the first block, the checksum and the length.
    let checksum = good.len() - 8;
    for (at, offset) in [(2, 0), (checksum, 16), (good.len() - 1, 16)] {
        assert_refused!(read(&with(at)), "stream", offset, IdxField::Gzip, IdxProblem::Gzip { .. });
    }
    let mut reserved_block = good.clone();
    reserved_block[10] |= 0b110;
    assert_refused!(read(&reserved_block), "stream", 0, IdxField::Gzip, IdxProblem::Gzip { .. });

    let garbage = [good.as_slice(), b"garbage after it"].concat();
    assert_refused!(read(&garbage), "stream", 16, IdxField::Gzip, IdxProblem::Gzip { .. });
}

/// Damage that the length of the stream hides is found by the checksum.
#[test]
fn corrupt_gzip_within_the_body() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    encoder.write_all(&idx(&[2, 2], &[1, 2, 3, 4])).unwrap();
    let mut stored = encoder.finish().unwrap();
    let last_element = stored.len() - 9;
    let at = stored[..=last_element].iter().rposition(|&b| b == 4).unwrap();
    stored[at] = 5;
    assert_refused!(read(&stored), "stream", 16, IdxField::Gzip, IdxProblem::Gzip { .. });
}

#[test]
fn every_mutation_of_a_byte() {
    let plain = idx(&[2, 1, 3], &[1, 2, 3, 4, 5, 6]);
    for file in [gzip(&plain), plain] {
        for at in 0..file.len() {
            for value in 0..=255 {
                let mut mutant = file.clone();
                mutant[at] = value;
                // Either is right, a panic is not: a change of the body, or of a gzip time stamp, is a valid file.
                let _ = read(&mutant);
            }
        }
    }
}

#[test]
fn a_bomb_under_an_honest_header_is_not_inflated() {
    let fixture = Fixture::new();
    let header = idx(&[100_000, 1000], &[]);
    let bytes = gzip_with_zeros(&header, 100_000_000);
    let path = fixture.write("bomb", &bytes);
    let length = bytes.len() as u64;
    assert_refused!(
        IdxTensor::open(&path), path, 12, IdxField::Body,
        IdxProblem::GzipBomb { inflated: 100_000_000, compressed, allowed: 67_108_864 }
            if *compressed == length
    );
    // A stream has no length, and shows itself only when 64 MiB have come from it.
    assert_refused!(
        read(&bytes),
        "stream",
        100_000_012,
        IdxField::Body,
        IdxProblem::GzipBomb { inflated: 100_000_000, allowed: 67_108_864, .. }
    );
    // Unpacked, the same data are welcome: their size is honest.
    let zeros = Cursor::new(header).chain(io::repeat(0).take(100_000_000));
    assert_eq!(IdxTensor::read(zeros, "zeros").unwrap().data().len(), 100_000_000);
}

/// A file is judged as a whole, however well its beginning is compressed.
#[test]
fn zeros_before_noise_are_no_bomb() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let (zeros, noise) = (110_000_000, 1_000_000);
    encoder.write_all(&idx(&[zeros + noise], &[])).unwrap();
    io::copy(&mut io::repeat(0).take(zeros.into()), &mut encoder).unwrap();
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    encoder.write_all(&(0..noise).map(|_| next()).collect::<Vec<_>>()).unwrap();

    let fixture = Fixture::new();
    let path = fixture.write("zeros", &encoder.finish().unwrap());
    assert_eq!(IdxTensor::open(path).unwrap().data().len(), 111_000_000);
}

#[test]
fn a_bomb_above_the_limit_is_not_inflated() {
    let bytes = gzip_with_zeros(&idx(&[5, 1 << 30], &[]), 1 << 20);
    assert_refused!(
        read(&bytes),
        "stream",
        8,
        IdxField::Dimension(1),
        IdxProblem::TooLarge { claimed: 5_368_709_120, allowed: 4_294_967_296 }
    );
}

/// Counts what is taken from it.
struct Metered<'a> {
    inner: &'a [u8],
    taken: usize,
}

impl Read for Metered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.taken += n;
        Ok(n)
    }
}

#[test]
fn a_bomb_behind_a_small_claim_stops_at_its_first_byte() {
    let bytes = gzip_with_zeros(&idx(&[4], &[1, 2, 3, 4]), 100_000_000);
    let mut metered = Metered { inner: &bytes, taken: 0 };
    assert_refused!(
        IdxTensor::read(&mut metered, "stream"),
        "stream",
        12,
        IdxField::End,
        IdxProblem::TrailingBytes { until: 12 }
    );
    assert!(metered.taken <= 64 * 1024 && metered.taken < bytes.len() / 2, "took {}", metered.taken);
}

/// An endless stream is refused as soon as it is longer than it says.
#[test]
fn an_endless_stream() {
    let endless = Cursor::new(idx(&[4], &[])).chain(io::repeat(1));
    assert_refused!(
        IdxTensor::read(endless, "stream"),
        "stream",
        12,
        IdxField::End,
        IdxProblem::TrailingBytes { .. }
    );
}

/// Empty members without end hold no data, and would be read for ever.
#[test]
fn endless_empty_members() {
    struct Repeat {
        member: Vec<u8>,
        at: usize,
        taken: usize,
    }
    impl Read for Repeat {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            for byte in &mut *buffer {
                *byte = self.member[self.at];
                self.at = (self.at + 1) % self.member.len();
            }
            self.taken += buffer.len();
            Ok(buffer.len())
        }
    }
    let whole = gzip(&idx(&[2, 2], &[1, 2, 3, 4]));
    for (start, offset) in [(vec![], 0), (whole, 16)] {
        let mut endless = Repeat { member: gzip(&[]), at: 0, taken: 0 };
        let reader = Cursor::new(start).chain(&mut endless);
        assert_refused!(
            IdxTensor::read(reader, "stream"),
            "stream",
            offset,
            IdxField::Gzip,
            IdxProblem::Gzip { .. }
        );
        assert!(endless.taken < 4 << 20, "took {}", endless.taken);
    }
    // A thousand of them do no harm.
    let several = [gzip(&[]).repeat(1000), gzip(&idx(&[1], &[5]))].concat();
    assert_eq!(read(&several).unwrap().data(), [5]);
}

/// Opening a pipe would wait for somebody who writes to it.
#[test]
#[cfg(unix)]
fn a_pipe_or_a_device_in_place_of_a_file() {
    let fixture = Fixture::new();
    let name = "t10k-labels-idx1-ubyte";
    let pipe = fixture.path(name);
    fixture.remove(name);
    if std::process::Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()) {
        assert_refused!(IdxTensor::open(&pipe), pipe, 0, IdxField::File, IdxProblem::NotRegular);
        assert_refused!(fixture.load(), pipe, 0, IdxField::File, IdxProblem::NotRegular);
    }
    let device = Path::new("/dev/null");
    assert_refused!(IdxTensor::open(device), device, 0, IdxField::File, IdxProblem::NotRegular);
}

/// The length of a plain file is compared with its header first: a sparse file of 4 GiB is not read.
#[test]
fn a_file_of_another_length_than_its_header_says() {
    let fixture = Fixture::new();
    let path = fixture.write("sparse", &idx(&[3, 1 << 30], &[]));
    let until = 12 + (3u64 << 30);
    for (length, offset, field) in [(until - 1, until - 1, IdxField::Body), (4 << 30, until, IdxField::End)] {
        fs::File::options().write(true).open(&path).unwrap().set_len(length).unwrap();
        let (_, found, in_field, problem) = parts(IdxTensor::open(&path).unwrap_err());
        assert_eq!((found, in_field), (offset, field));
        match problem {
            IdxProblem::Truncated { until: end } | IdxProblem::TrailingBytes { until: end } => {
                assert_eq!(end, until)
            }
            other => panic!("{other:?}"),
        }
    }
}

/// A reader whose file fails, with the kind of error that a decompressor gives too (EINVAL).
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::from_raw_os_error(22))
    }
}

#[test]
fn an_unreadable_stream() {
    let after = |start: Vec<u8>| IdxTensor::read(Cursor::new(start).chain(Broken), "stream");
    let file = idx(&[9], &[1, 2]);
    assert_refused!(after(vec![]), "stream", 0, IdxField::File, IdxProblem::Unreadable { .. });
    assert_refused!(
        after(file[..6].to_vec()),
        "stream",
        6,
        IdxField::Dimension(0),
        IdxProblem::Unreadable { .. }
    );
    assert_refused!(after(file), "stream", 10, IdxField::Body, IdxProblem::Unreadable { .. });
    // It is not the gzip stream that is damaged.
    let packed = gzip(&idx(&[1], &[5]));
    let cut = packed[..packed.len() - 4].to_vec();
    assert_refused!(after(cut), "stream", 9, IdxField::End, IdxProblem::Unreadable { .. });
}

#[test]
fn a_directory_and_a_missing_file() {
    let fixture = Fixture::new();
    assert_refused!(
        IdxTensor::open(fixture.dir.path()),
        fixture.dir.path(),
        0,
        IdxField::File,
        IdxProblem::IsADirectory
    );
    let missing = fixture.path("none");
    assert_refused!(IdxTensor::open(&missing), missing, 0, IdxField::File, IdxProblem::NotFound);
    let below_a_file = fixture.path("t10k-labels-idx1-ubyte").join("none");
    assert!(IdxTensor::open(below_a_file).is_err());
}

// ---- images and labels ----

#[test]
fn a_whole_data_set() {
    let mnist = Fixture::new().load().unwrap();
    let (training, test) = (&mnist.training, &mnist.test);
    assert_eq!((training.len(), training.n_inputs(), training.n_outputs()), (3, 6, 10));
    assert_eq!((test.len(), test.n_inputs(), test.n_outputs()), (2, 6, 10));
}

#[test]
fn every_spelling_of_a_name() {
    let fixture = Fixture::new();
    let plain = fs::read(fixture.path("train-images-idx3-ubyte")).unwrap();
    fixture.remove("train-images-idx3-ubyte");
    for (name, bytes) in [
        ("train-images-idx3-ubyte.gz", &gzip(&plain)),
        ("train-images.idx3-ubyte", &plain),
        ("train-images.idx3-ubyte.gz", &gzip(&plain)),
        // The content decides, not the name: browsers unpack without renaming.
        ("train-images-idx3-ubyte.gz", &plain),
        ("train-images-idx3-ubyte", &gzip(&plain)),
    ] {
        fixture.write(name, bytes);
        assert_eq!(fixture.load().unwrap().training.len(), 3, "{name}");
        fixture.remove(name);
    }
}

/// Some archives unpack each file into a directory of its name.
#[test]
fn a_directory_in_place_of_a_file() {
    let fixture = Fixture::new();
    let name = "t10k-labels-idx1-ubyte";
    let bytes = fs::read(fixture.path(name)).unwrap();
    fixture.remove(name);
    fs::create_dir(fixture.path(name)).unwrap();
    assert_refused!(fixture.load(), fixture.path(name), 0, IdxField::File, IdxProblem::IsADirectory);
    fixture.write("t10k-labels.idx1-ubyte", &bytes);
    assert_eq!(fixture.load().unwrap().test.len(), 2);
}

#[test]
fn a_missing_part() {
    for name in [
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
    ] {
        let fixture = Fixture::new();
        fixture.remove(name);
        assert_refused!(
            fixture.load(), fixture.path(name), 0, IdxField::File,
            IdxProblem::FileNotFound { names, .. } if names.len() == 4 && names[0] == name
        );
    }
    let nowhere = Path::new("no/such/directory");
    assert_refused!(Mnist::<f32>::load(nowhere), nowhere, 0, IdxField::File, IdxProblem::NotFound);
    let fixture = Fixture::new();
    let file = fixture.path("t10k-labels-idx1-ubyte");
    assert_refused!(Mnist::<f32>::load(&file), file, 0, IdxField::File, IdxProblem::NotADirectory);
}

#[test]
fn images_and_labels_swapped() {
    let fixture = Fixture::new();
    let (images, labels) = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte");
    assert_refused!(
        fixture.pair(labels, images),
        fixture.path(labels),
        3,
        IdxField::Rank,
        IdxProblem::Swapped { found: 1, expected: 3 }
    );
    assert_refused!(
        fixture.pair(images, images),
        fixture.path(images),
        3,
        IdxField::Rank,
        IdxProblem::Swapped { found: 3, expected: 1 }
    );
}

#[test]
fn another_number_of_dimensions() {
    let fixture = Fixture::new();
    let path = fixture.write("square", &idx(&[2, 2], &[0; 4]));
    assert_refused!(
        fixture.pair("square", "train-labels-idx1-ubyte"),
        path,
        3,
        IdxField::Rank,
        IdxProblem::WrongRank { found: 2, expected: 3 }
    );
    assert_refused!(
        fixture.pair("train-images-idx3-ubyte", "square"),
        path,
        3,
        IdxField::Rank,
        IdxProblem::WrongRank { found: 2, expected: 1 }
    );
}

#[test]
fn counts_that_differ() {
    let fixture = Fixture::new();
    let (images, labels) = ("train-images-idx3-ubyte", "t10k-labels-idx1-ubyte");
    let expected = fixture.path(images);
    assert_refused!(
        fixture.pair(images, labels), fixture.path(labels), 4, IdxField::Dimension(0),
        IdxProblem::CountsDiffer { labels: 2, images: 3, images_path } if *images_path == expected
    );
}

/// The headers are compared before a body is read, which here is damaged.
#[test]
fn counts_that_differ_are_found_before_the_bodies_are_read() {
    let fixture = Fixture::new();
    let mut labels = gzip(&idx(&[2000], &[1; 2000]));
    let last = labels.len() - 1;
    labels[last] ^= 1;
    let labels = fixture.write("labels", &labels);
    assert_refused!(
        fixture.pair("train-images-idx3-ubyte", "labels"),
        labels,
        4,
        IdxField::Dimension(0),
        IdxProblem::CountsDiffer { labels: 2000, images: 3, .. }
    );
}

#[test]
fn a_label_that_is_no_digit() {
    let fixture = Fixture::new();
    let name = "train-labels-idx1-ubyte";
    for bad in 10..=255 {
        fixture.write(name, &idx(&[3], &[0, bad, 255]));
        assert_refused!(
            fixture.load(), fixture.path(name), 9, IdxField::Label(1),
            IdxProblem::LabelOutOfRange { found, n_classes: 10, .. } if *found == i64::from(bad)
        );
    }
}

#[test]
fn another_number_of_classes() {
    let fixture = Fixture::new();
    let images = fixture.path("train-images-idx3-ubyte");
    let labels = fixture.write("letters", &idx(&[3], &[25, 255, 0]));
    let read = |n_classes| mnist::read_pair::<f64>(&images, &labels, n_classes);
    assert_eq!(read(256).unwrap().n_outputs(), 256);
    assert_refused!(
        read(26),
        labels,
        9,
        IdxField::Label(1),
        IdxProblem::LabelOutOfRange { found: 255, n_classes: 26, .. }
    );
    assert!(read(0).is_err());
}

#[test]
fn test_images_of_another_size() {
    let fixture = Fixture::new();
    let name = "t10k-images-idx3-ubyte";
    fixture.write(name, &idx(&[2, 3, 2], &[8; 12]));
    assert_refused!(
        fixture.load(),
        fixture.path(name),
        8,
        IdxField::Dimension(1),
        IdxProblem::ShapesDiffer { found: 3, expected: 2 }
    );
    fixture.write(name, &idx(&[2, 2, 4], &[8; 16]));
    assert_refused!(
        fixture.load(),
        fixture.path(name),
        12,
        IdxField::Dimension(2),
        IdxProblem::ShapesDiffer { found: 4, expected: 3 }
    );
}

// ---- what a person reads ----

#[test]
fn messages_tell_file_place_and_remedy() {
    let told = |error: Error, parts: &[&str]| {
        let message = error.to_string();
        for part in parts {
            assert!(message.contains(part), "{part:?} is not in {message:?}");
        }
    };
    told(
        IdxTensor::read([0, 0, 0x0d, 1].as_slice(), "weights.idx").unwrap_err(),
        &["weights.idx: element type, byte 2: ", "32-bit floats", "0x08"],
    );
    let packed = gzip(&idx(&[2, 2], &[1, 2, 3, 4]));
    told(
        read(&packed[..packed.len() - 1]).unwrap_err(),
        &["stream: gzip stream, after 16 bytes of data: damaged: ", "download or compress"],
    );
    told(IdxTensor::open("no/such/file").unwrap_err(), &["no/such/file: there is no such file"]);
    told(read(b"<html>").unwrap_err(), &["not an IDX file", "saved HTML page", "text editor"]);
    told(read(&idx(&[2, 2], &[1])).unwrap_err(), &["stream: body, byte 13: ", "to byte 16", "cut short"]);
    let fixture = Fixture::new();
    fixture.remove("t10k-labels-idx1-ubyte");
    told(
        fixture.load().unwrap_err(),
        &["t10k-labels-idx1-ubyte.gz, t10k-labels.idx1-ubyte", "downloaded from https://"],
    );
    told(
        fixture.pair("train-labels-idx1-ubyte", "train-images-idx3-ubyte").unwrap_err(),
        &["train-labels-idx1-ubyte: number of dimensions, byte 3: found 1", "swapped"],
    );
}

// ---- the real thing ----

/// Needs the directory of MNIST in the environment variable `GRADUS_MNIST`.
#[test]
fn the_real_mnist() {
    let Some(dir) = std::env::var_os("GRADUS_MNIST") else {
        println!("skipped: GRADUS_MNIST does not name the directory of MNIST");
        return;
    };
    let mnist = Mnist::<f32>::load(&dir).unwrap();
    for (set, count) in [(&mnist.training, 60_000), (&mnist.test, 10_000)] {
        assert_eq!((set.len(), set.n_inputs(), set.n_outputs()), (count, 784, 10));
    }

    let labels = std::fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().contains("train-labels"))
        .unwrap();
    let mut histogram = [0; 10];
    for &label in IdxTensor::open(labels).unwrap().data() {
        histogram[usize::from(label)] += 1;
    }
    assert_eq!(histogram, [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
}
