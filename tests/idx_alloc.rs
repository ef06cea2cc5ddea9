//! Memory is taken for data that are there, once, and never for what a header claims.
//!
//! One test in a binary of its own: the counter sees every thread.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use flate2::Compression;
use flate2::write::GzEncoder;
use gradus::data::IdxTensor;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// Counts bytes. `realloc` is the default one, which holds both blocks while it copies: the worst case.
struct Counting;

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let live = LIVE.fetch_add(layout.size(), SeqCst) + layout.size();
        PEAK.fetch_max(live, SeqCst);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), SeqCst);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// By how much the memory in use rose above its level at the start, at most, while `f` ran.
fn peak_of<V>(f: impl FnOnce() -> V) -> (usize, V) {
    let before = LIVE.load(SeqCst);
    PEAK.store(before, SeqCst);
    let value = f();
    (PEAK.load(SeqCst) - before, value)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const MIB: usize = 1 << 20;

#[test]
fn memory_follows_the_data_not_the_header() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tensor");

    // Sixteen bytes that claim 3 GiB, or 48 MiB (too little for a bomb), with nothing behind them.
    for rows in [3 << 10, 48] {
        let mut claim = vec![0, 0, 8, 3];
        claim.extend([1024u32, rows, 1024].iter().flat_map(|d| d.to_be_bytes()));
        for bytes in [gzip(&claim), claim] {
            fs::write(&path, &bytes).unwrap();
            let (peak, result) = peak_of(|| IdxTensor::open(&path));
            assert!(result.is_err() && peak < MIB, "{peak} bytes for a claim in a file");
            let (peak, result) = peak_of(|| IdxTensor::read(bytes.as_slice(), "stream"));
            assert!(result.is_err() && peak < MIB, "{peak} bytes for a claim in a stream");
        }
    }

    // A sparse file of 1 GiB whose header claims one byte more: its length tells, and nothing of it is read.
    let mut header = vec![0, 0, 8, 1];
    header.extend((1u32 << 30).to_be_bytes());
    fs::write(&path, &header).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_len(7 + (1 << 30)).unwrap();
    let (peak, result) = peak_of(|| IdxTensor::open(&path));
    assert!(result.is_err() && peak < MIB, "{peak} bytes for a sparse file");

    // A claim of 3 GiB with 100 KiB behind it, which gzip hardly makes smaller.
    let mut claim = vec![0, 0, 8, 3];
    claim.extend([1024u32, 3 << 10, 1024].iter().flat_map(|d| d.to_be_bytes()));
    claim.extend((0..100u32 << 10).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8));
    for bytes in [gzip(&claim), claim] {
        fs::write(&path, &bytes).unwrap();
        let (peak, result) = peak_of(|| IdxTensor::open(&path));
        assert!(result.is_err() && peak < 2 * MIB, "{peak} bytes for a tenth of a MiB in a file");
        let (peak, result) = peak_of(|| IdxTensor::read(bytes.as_slice(), "stream"));
        assert!(result.is_err() && peak < 2 * MIB, "{peak} bytes for a tenth of a MiB in a stream");
    }

    // 8 MiB that are there, of which gzip saves about one half: the data once, and less than a tenth for the reader.
    let size = 8 * MIB;
    let mut honest = vec![0, 0, 8, 1];
    honest.extend((size as u32).to_be_bytes());
    let mut noise = 1u32;
    honest.extend((0..size).map(|_| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (noise >> 28) as u8
    }));
    for bytes in [gzip(&honest), honest] {
        fs::write(&path, &bytes).unwrap();
        let (peak, result) = peak_of(|| IdxTensor::open(&path));
        assert_eq!(result.unwrap().data().len(), size);
        assert!(peak < size + size / 10, "{peak} bytes for {size}");
    }
}
