//! Memory is taken in proportion to the length of a file, whatever the file says.
//!
//! One test in a binary of its own: the counter sees every thread.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use gradus::persist::Network2;
use gradus::prelude::*;

#[cfg(feature = "onnx")]
#[path = "suite/message.rs"]
mod message;
#[cfg(feature = "onnx")]
use message::part;

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

type AnyNetwork = Network<f32, AnyActivation, AnyActivation>;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// The file of a network with this text in its header in place of another, and the right checksum.
fn edited(from: &str, to: &str) -> Vec<u8> {
    let network = AnyNetwork::new(&[2, 2, 1], Tanh.into(), Sigmoid.into(), &ScaledGaussian, 1).unwrap();
    let bytes = network.to_bytes().unwrap();
    let length = usize::from_le_bytes(*bytes.first_chunk().unwrap());
    let mut header =
        String::from_utf8(bytes[8..8 + length].to_vec()).unwrap().trim_end().replacen(from, to, 1);
    while !header.len().is_multiple_of(8) {
        header.push(' ');
    }
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    file.extend_from_slice(&bytes[8 + length..]);
    file[48..56].fill(b'0');
    let checksum = format!("{:08x}", crc32fast::hash(&file));
    file[48..56].copy_from_slice(checksum.as_bytes());
    file
}

#[test]
fn memory_follows_the_length_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");

    // An honest model: the file and the network, and little more.
    let honest = AnyNetwork::new(&[784, 300, 10], Tanh.into(), Sigmoid.into(), &ScaledGaussian, 1).unwrap();
    honest.save(&path).unwrap();
    let length = fs::metadata(&path).unwrap().len() as usize;
    let (peak, network) = peak_of(|| AnyNetwork::load(&path).unwrap());
    assert_eq!(network, honest);
    assert!(peak < length + 256 * KIB, "{peak} for {length}");
    let (peak, bytes) = peak_of(|| honest.to_bytes().unwrap());
    assert!(peak < bytes.len() + 64 * KIB, "{peak}");

    // Sizes that are not there.
    for sizes in ["[1000000,1000000,1000000]", "[9007199254740992,2,1]"] {
        let file = edited("[2,2,1]", sizes);
        let (peak, result) = peak_of(|| AnyNetwork::from_bytes(&file).map(|_| ()));
        assert!(result.is_err());
        assert!(peak < 64 * KIB, "{peak}");
    }
    // A header length that is not there.
    let mut file = edited("[2,2,1]", "[2,2,1]");
    file[..8].copy_from_slice(&99_999_999u64.to_le_bytes());
    let (peak, result) = peak_of(|| AnyNetwork::from_bytes(&file).map(|_| ()));
    assert!(result.is_err() && peak < 64 * KIB, "{peak}");

    // Headers full of what takes the most memory for its length.
    let entry = |i| format!(r#""{i:x}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}},"#);
    let many: String = (0..40_000).map(entry).collect();
    let tensors = edited(r#""layers.0.bias""#, &format!(r#"{many}"layers.0.bias""#));
    let dimensions = edited(r#""shape":[2]"#, &format!(r#""shape":[2{}]"#, ",1".repeat(MIB)));
    let activations = edited(r#"[\"tanh\""#, &format!(r#"[{}\"tanh\""#, r#"\"\","#.repeat(MIB / 4)));
    let sizes = edited("[2,2,1]", &format!("[{}1]", "1,".repeat(MIB)));
    let names = ["many tensors", "many dimensions", "many activations", "many sizes"];
    for (what, file) in names.into_iter().zip([tensors, dimensions, activations, sizes]) {
        let (peak, result) = peak_of(|| AnyNetwork::from_bytes(&file).map(|_| ()));
        assert!(result.is_err(), "{what}");
        assert!(peak < 20 * file.len(), "{what}: {peak} for {}", file.len());
    }

    // JSON that takes the most memory for its length: short numbers, rows and matrices.
    for (what, repeated) in [("numbers", "[[0,0,0,0,0,0,0,0]],"), ("matrices", "[[0]],"), ("nothing", "[],")]
    {
        let weights = repeated.repeat(MIB / repeated.len());
        let json = format!(
            r#"{{"sizes":[1,1],"weights":[{}],"biases":[[[0]]],"cost":"QuadraticCost"}}"#,
            &weights[..weights.len() - 1]
        );
        let (peak, result) = peak_of(|| Network2::from_json(json.as_bytes()).map(|_| ()));
        assert!(result.is_err(), "{what}");
        assert!(peak < 9 * json.len(), "{what}: {peak} for {}", json.len());
    }

    #[cfg(feature = "onnx")]
    onnx_follows_the_length_too(&honest, &path);

    // A file of zeros, 4 GiB that take no place on the disk: known by its first bytes.
    let sparse = fs::File::create(folder.path().join("sparse")).unwrap();
    if sparse.set_len(4 << 30).is_ok() {
        let (peak, result) = peak_of(|| AnyNetwork::load(folder.path().join("sparse")).map(|_| ()));
        assert!(result.is_err());
        assert!(peak < 64 * KIB, "{peak}");
    }
}

/// A file whose graph is this, with the version of the operators.
#[cfg(feature = "onnx")]
fn onnx(graph: &[u8]) -> Vec<u8> {
    [part(7, graph), part(8, [16, 13])].concat()
}

#[cfg(feature = "onnx")]
fn onnx_follows_the_length_too(honest: &AnyNetwork, path: &std::path::Path) {
    honest.to_onnx(path).unwrap();
    let length = fs::metadata(path).unwrap().len() as usize;
    let (peak, network) = peak_of(|| AnyNetwork::from_onnx(path).unwrap());
    assert_eq!(&network, honest);
    // The file, and the network.
    assert!(peak < 2 * length + 64 * KIB, "{peak} for {length}");
    let (peak, bytes) = peak_of(|| honest.to_onnx_bytes().unwrap());
    println!("written: {} times", peak as f64 / bytes.len() as f64);
    assert!(peak < 5 * bytes.len(), "{peak}");

    // What takes the most memory for its length.
    let name = |i: usize| format!("{i:x}").into_bytes();
    let node = part(1, [part(4, b"A"), part(2, b"")].concat());
    let attributes = |i| part(5, part(1, name(i)));
    let node_of_attributes = part(1, [part(4, b"A"), (0..32).flat_map(attributes).collect()].concat());
    let tensors = |i| part(5, [part(1, name(i)), part(5, part(1, [1]))].concat());
    let node_of_tensors = part(1, [part(4, b"A"), (0..32).flat_map(tensors).collect()].concat());
    let node_of_integers =
        part(1, [part(4, b"A"), part(5, [part(1, b"a"), part(8, [1; 32])].concat())].concat());
    let node_of_names = part(1, [part(4, b"A"), part(1, b"").repeat(32), part(2, b"").repeat(32)].concat());
    let tensor = |i| part(5, part(8, name(i)));
    let tensor_of_sizes = |i| part(5, [part(8, name(i)), part(1, [1; 32])].concat());
    let tensor_of_integers = |i| part(5, [part(8, name(i)), vec![16, 7], part(7, [1; 1 << 12])].concat());
    let input = part(11, b"");
    let shape = part(2, part(1, part(2, part(1, b"").repeat(32))));
    let input_of_sizes = part(11, &shape);
    let attribute_of_sizes = part(5, [part(1, b"t"), part(5, part(1, [1; 32]))].concat());
    let node_of_sizes = part(1, [part(4, b"A"), attribute_of_sizes].concat());
    let metadata = part(14, part(1, b"k"));
    for (what, file) in [
        ("nodes", onnx(&node.repeat(4096))),
        ("attributes", onnx(&node_of_attributes.repeat(4096))),
        ("tensors of attributes", onnx(&node_of_tensors.repeat(4096))),
        ("sizes of attributes", onnx(&node_of_sizes.repeat(4096))),
        ("integers of attributes", onnx(&node_of_integers.repeat(4096))),
        ("names", onnx(&node_of_names.repeat(4096))),
        ("tensors", onnx(&(0..4096).flat_map(tensor).collect::<Vec<_>>())),
        ("sizes", onnx(&(0..4096).flat_map(tensor_of_sizes).collect::<Vec<_>>())),
        ("integers", onnx(&(0..256).flat_map(tensor_of_integers).collect::<Vec<_>>())),
        ("inputs", onnx(&input.repeat(4096))),
        ("sizes of inputs", onnx(&input_of_sizes.repeat(4096))),
        ("metadata", metadata.repeat(MIB / 4)),
    ] {
        let (peak, result) = peak_of(|| AnyNetwork::from_onnx_bytes(&file).map(|_| ()));
        assert!(result.is_err(), "{what}");
        println!("{what}: {peak} for {}, {:.1} times", file.len(), peak as f64 / file.len() as f64);
        assert!(peak < 16 * file.len() + MIB, "{what}: {peak} for {}", file.len());
    }

    // Weights of sizes that are not there.
    let wide = [
        part(1, [part(1, b"x"), part(1, b"w"), part(2, b"y"), part(4, b"MatMul")].concat()),
        part(
            5,
            [&part(8, b"w")[..], &[8, 0xff, 0xff, 0xff, 0xff, 7, 8, 0xff, 0xff, 0xff, 0xff, 7, 16, 1]]
                .concat(),
        ),
        part(11, part(1, b"x")),
        part(12, part(1, b"y")),
    ];
    let file = onnx(&wide.concat());
    let (peak, result) = peak_of(|| AnyNetwork::from_onnx_bytes(&file).map(|_| ()));
    let error = result.unwrap_err().to_string();
    assert!(error.contains("tensor `w`") && peak < 8 * KIB, "{peak}: {error}");
}
