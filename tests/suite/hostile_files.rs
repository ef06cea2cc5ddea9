//! A file from a stranger gives a valid network or a typed error: no panic, no end, no quiet acceptance.

use std::fs;
use std::path::Path;

use gradus::persist::{MAX_BYTES, Model, Network2};
use gradus::prelude::*;
use gradus::{Error, FileProblem};
use proptest::prelude::{any, prop, prop_assert_eq, proptest};

type AnyNetwork = Network<f32, AnyActivation, AnyActivation>;

fn small() -> AnyNetwork {
    let hidden = AnyActivation::from(Tanh);
    AnyNetwork::new(&[2, 2, 1], hidden, Sigmoid.into(), &ScaledGaussian, 11).unwrap()
}

fn problem<V: std::fmt::Debug>(result: gradus::Result<V>) -> FileProblem {
    match result.unwrap_err() {
        Error::File { problem, .. } => problem,
        other => panic!("not about a file: {other}"),
    }
}

/// The header of the small network's file, without the spaces at its end, and the data.
fn taken_apart() -> (String, Vec<u8>) {
    let bytes = small().to_bytes().unwrap();
    let length = usize::from_le_bytes(*bytes.first_chunk().unwrap());
    let header = String::from_utf8(bytes[8..8 + length].to_vec()).unwrap();
    (header.trim_end().to_string(), bytes[8 + length..].to_vec())
}

/// A file of this header and these data with the right lengths and the right checksum.
fn forged(header: &str, data: &[u8]) -> Vec<u8> {
    let mut header = header.to_string();
    while !header.len().is_multiple_of(8) {
        header.push(' ');
    }
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    file.extend_from_slice(data);
    signed(file)
}

/// The file with the checksum that belongs to it.
pub(super) fn signed(mut file: Vec<u8>) -> Vec<u8> {
    if let Some(digits) = file.get_mut(48..56) {
        digits.fill(b'0');
        let checksum = format!("{:08x}", crc32fast::hash(&file));
        file[48..56].copy_from_slice(checksum.as_bytes());
    }
    file
}

/// The file whose header was changed in one place, with the right lengths and the right checksum.
fn edited(from: &str, to: &str) -> Vec<u8> {
    let (header, data) = taken_apart();
    assert_eq!(header.matches(from).count(), 1, "{from} in {header}");
    forged(&header.replace(from, to), &data)
}

#[test]
fn the_forger_is_a_good_one() {
    let (header, data) = taken_apart();
    assert_eq!(forged(&header, &data), small().to_bytes().unwrap());
}

#[test]
fn a_model_cut_anywhere_is_refused() {
    let bytes = small().to_bytes().unwrap();
    for length in 0..bytes.len() {
        let cut = problem(AnyNetwork::from_bytes(&bytes[..length]));
        let expected = match length {
            0..56 => matches!(cut, FileProblem::NotSafetensors { .. }),
            _ => matches!(cut, FileProblem::Checksum { .. }),
        };
        assert!(expected, "{length}: {cut}");
        // Also if somebody made the checksum right.
        problem(AnyNetwork::from_bytes(&signed(bytes[..length].to_vec())));
    }
}

#[test]
fn a_model_with_any_bit_flipped_is_refused() {
    let bytes = small().to_bytes().unwrap();
    for bit in 0..8 * bytes.len() {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        problem(AnyNetwork::from_bytes(&flipped));
    }
}

#[test]
fn a_model_with_bytes_after_its_end_is_refused() {
    let mut bytes = small().to_bytes().unwrap();
    bytes.push(0);
    assert!(matches!(problem(AnyNetwork::from_bytes(&bytes)), FileProblem::Checksum { .. }));
    assert!(matches!(problem(AnyNetwork::from_bytes(&signed(bytes))), FileProblem::NotSafetensors { .. }));
}

#[test]
fn headers_that_lie_are_refused() {
    let (header, data) = taken_apart();
    let whole = forged(&header, &data);
    for length in [0, 1, 55, whole.len() as u64 - 8, whole.len() as u64, 99_999_999, 1 << 40, u64::MAX] {
        let mut lying = whole.clone();
        lying[..8].copy_from_slice(&length.to_le_bytes());
        let found = problem(AnyNetwork::from_bytes(&signed(lying)));
        assert!(matches!(found, FileProblem::NotSafetensors { .. }), "{length}: {found}");
    }
    let weight = r#""shape":[2,2],"data_offsets":[8,24]"#;
    for lie in [
        r#""shape":[2,3],"data_offsets":[8,24]"#,
        r#""shape":[4294967296,4294967296],"data_offsets":[8,24]"#,
        r#""shape":[18446744073709551615,2],"data_offsets":[8,24]"#,
        r#""shape":[18446744073709551616,2],"data_offsets":[8,24]"#,
        r#""shape":[-2,-2],"data_offsets":[8,24]"#,
        r#""shape":[2,2],"data_offsets":[8,25]"#,
        r#""shape":[2,2],"data_offsets":[9,24]"#,
        r#""shape":[2,2],"data_offsets":[24,8]"#,
        r#""shape":[2,2],"data_offsets":[0,16]"#,
        r#""shape":[2,2],"data_offsets":[8,18446744073709551615]"#,
        r#""shape":[2.0,2],"data_offsets":[8,24]"#,
        r#""shape":"many","data_offsets":[8,24]"#,
        r#""shape":[2,2]"#,
        r#""shape":[2,2],"data_offsets":[8,24],"more":1"#,
        r#""shape":[2,2],"shape":[2,2],"data_offsets":[8,24]"#,
        r#""shape": [2,2],"data_offsets":[8,24]"#,
    ] {
        let found = problem(AnyNetwork::from_bytes(&edited(weight, lie)));
        assert!(matches!(found, FileProblem::NotSafetensors { .. }), "{lie}: {found}");
    }
}

#[test]
fn other_versions_kinds_and_fields_are_refused() {
    let check = |from: &str, to: &str, expected: fn(&FileProblem) -> bool| {
        let found = problem(AnyNetwork::from_bytes(&edited(from, to)));
        assert!(expected(&found), "{to}: {found}");
    };
    let json = |found: &FileProblem| matches!(found, FileProblem::Json { .. });
    let format = r#"\"format\":1"#;
    check(format, r#"\"format\":2"#, |found| {
        matches!(found, FileProblem::Version { found: 2, supported: 1 })
    });
    check(format, r#"\"format\":0"#, |found| matches!(found, FileProblem::Version { found: 0, .. }));
    check(format, r#"\"format\":-1"#, json);
    check(format, r#"\"format\":1,\"format\":1"#, json);
    check(format, r#"\"format\":2,\"new\":true"#, |found| {
        matches!(found, FileProblem::Version { found: 2, .. })
    });
    check(
        r#"\"model\""#,
        r#"\"checkpoint\""#,
        |found| matches!(found, FileProblem::Kind { found, expected: "model" } if found == "checkpoint"),
    );
    check(format, r#"\"format\":1,\"new\":true"#, json);
    check(r#"\"dtype\""#, r#"\"type\""#, json);
    check(r#"\"dtype\""#, r#"\"new\":1,\"dtype\""#, json);
    check(r#"\"sizes\""#, r#"\"sizes\":[2,1],\"sizes\""#, json);
    check(r#"\"dtype\":\"f32\""#, r#"\"dtype\":\"f64\""#, |found| matches!(found, FileProblem::Dtype { .. }));
    check(r#"\"description\":null"#, r#"\"description\":{}"#, |found| {
        matches!(found, FileProblem::Described)
    });
    check(r#"\"tanh\""#, r#"\"tan\""#, |found| matches!(found, FileProblem::Activation { layer: 1, .. }));
    check(r#"\"tanh\""#, r#"\"softmax(sharpness=0)\""#, |found| {
        matches!(found, FileProblem::Activation { .. })
    });
    check(r#"}"}"#, r#"}","pt":""}"#, |found| {
        matches!(found, FileProblem::Foreign | FileProblem::NotSafetensors { .. })
    });
    check(r#"{"gradus":"#, r#"{"grades":"#, |found| matches!(found, FileProblem::Foreign));
}

#[test]
fn sizes_that_do_not_fit_the_tensors_are_refused() {
    for sizes in [
        "[]",
        "[2]",
        "[2,1]",
        "[2,2,2]",
        "[2,3,1]",
        "[3,2,1]",
        "[2,0,1]",
        "[0,2,1]",
        "[2,2,0]",
        "[2,2,1,1]",
        "[18446744073709551615,18446744073709551615,1]",
        "[2,18446744073709551615,1]",
        "[-2,2,1]",
        "[2.5,2,1]",
    ] {
        let found = problem(AnyNetwork::from_bytes(&edited("[2,2,1]", sizes)));
        let expected = matches!(
            found,
            FileProblem::Network { .. } | FileProblem::Shape { .. } | FileProblem::Json { .. }
        );
        assert!(expected, "{sizes}: {found}");
    }
    for names in [r#"[\"tanh\"]"#, "[]", r#"[\"tanh\",\"tanh\",\"sigmoid\"]"#] {
        let found = problem(AnyNetwork::from_bytes(&edited(r#"[\"tanh\",\"sigmoid\"]"#, names)));
        assert!(matches!(found, FileProblem::Network { .. }), "{names}: {found}");
    }
}

#[test]
fn missing_duplicate_unknown_and_mistyped_tensors_are_refused() {
    let check = |from: &str, to: &str, expected: fn(&FileProblem) -> bool| {
        let found = problem(AnyNetwork::from_bytes(&edited(from, to)));
        assert!(expected(&found), "{to}: {found}");
    };
    let bias = "layers.0.bias";
    check(
        bias,
        "layers.0.biases",
        |found| matches!(found, FileProblem::MissingTensor { name } if name == "layers.0.bias"),
    );
    check(bias, "layers.0.weight", |found| matches!(found, FileProblem::NotSafetensors { .. }));
    check(bias, "__metadata__", |found| matches!(found, FileProblem::NotSafetensors { .. }));

    let entry = r#""layers.0.bias":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#;
    let not_safetensors = |found: &FileProblem| matches!(found, FileProblem::NotSafetensors { .. });
    check(entry, &format!("{entry},{entry}"), not_safetensors);
    check(entry, &format!("{entry},\"layers.0.bias\":1"), not_safetensors);
    let empty = r#""layers.2.bias":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}"#;
    check(
        entry,
        &format!("{empty},{entry}"),
        |found| matches!(found, FileProblem::UnknownTensor { name } if name == "layers.2.bias"),
    );
    for dtype in ["F64", "F16", "BF16", "I64", "U8", "BOOL", "F8_E4M3", "F4", "none"] {
        check(entry, &entry.replace("F32", dtype), not_safetensors);
    }
    // As many bytes, but no floats.
    for dtype in ["I32", "U32"] {
        check(entry, &entry.replace("F32", dtype), |found| matches!(found, FileProblem::Dtype { .. }));
    }
    let half = entry.replace("F32", "F16").replace("[2]", "[4]");
    check(entry, &half, |found| matches!(found, FileProblem::Dtype { .. }));
}

#[test]
fn other_formats_are_told_apart_from_damage() {
    for (bytes, foreign) in [
        (&b""[..], false),
        (b"\x7fELF\x02\x01\x01\0", false),
        (b"<!doctype html><html><head><title>Not found</title></head></html>", false),
        (b"{\"sizes\": [2, 1], \"weights\": [[[1.0, 2.0]]], \"biases\": [[[0.5]]]}", false),
        (b"\x40\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}            \0\0\0\0", true),
    ] {
        let found = problem(AnyNetwork::from_bytes(bytes));
        assert_eq!(matches!(found, FileProblem::Foreign), foreign, "{found}");
        assert_eq!(matches!(found, FileProblem::NotSafetensors { .. }), !foreign, "{found}");
    }
}

#[test]
fn deep_nesting_is_refused() {
    let depth = 200_000;
    let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let description = edited(r#"\"description\":null"#, &format!(r#"\"description\":{deep}"#));
    // What is not wanted is skipped without recursion.
    assert!(matches!(problem(AnyNetwork::from_bytes(&description)), FileProblem::Described));
    type Described = Model<AnyNetwork, serde_json::Value>;
    assert!(matches!(problem(Described::from_bytes(&description)), FileProblem::Json { .. }));
    let entry = r#""layers.0.bias":{"dtype":"F32""#;
    let header = edited(entry, &format!(r#""layers.0.bias":{{"deep":{deep},"dtype":"F32""#));
    assert!(matches!(problem(AnyNetwork::from_bytes(&header)), FileProblem::NotSafetensors { .. }));
    assert!(matches!(problem(Network2::from_json(deep.as_bytes())), FileProblem::Json { .. }));
    assert!(serde_json::from_str::<AnyNetwork>(&format!(r#"{{"hidden":{deep}}}"#)).is_err());
}

proptest! {
    /// Random damage behind which somebody made the checksum right: an error, or a network that is saved and loaded again.
    #[test]
    fn forged_models_give_an_error_or_a_network(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
        cuts in any::<bool>(),
    ) {
        let mut bytes = small().to_bytes().unwrap();
        for (index, byte) in changes {
            let length = bytes.len();
            bytes[index.index(length)] = byte;
        }
        if cuts {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(network) = AnyNetwork::from_bytes(&signed(bytes)) {
            let again = AnyNetwork::from_bytes(&network.to_bytes().unwrap()).unwrap();
            prop_assert_eq!(again, network);
        }
    }
}

const BOOK: &str = r#"{"sizes": [2, 2, 1], "weights": [[[0.5, -1.0], [2.0, 3e-1]], [[1.0, 1.5]]], "biases": [[[0.25], [0.0]], [[-1]]], "cost": "QuadraticCost"}"#;

#[test]
fn a_network_of_the_book_cut_anywhere_is_refused() {
    assert!(Network2::from_json(BOOK.as_bytes()).is_ok());
    for length in 0..BOOK.len() {
        assert!(matches!(problem(Network2::from_json(&BOOK.as_bytes()[..length])), FileProblem::Json { .. }));
    }
}

/// JSON has no checksum: a flipped bit may give another valid file, but nothing else.
#[test]
fn a_network_of_the_book_with_a_bit_flipped_is_valid_or_refused() {
    for bit in 0..8 * BOOK.len() {
        let mut flipped = BOOK.as_bytes().to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        if let Ok(book) = Network2::from_json(&flipped) {
            assert_eq!(Network2::from_json(&book.to_json().unwrap()).unwrap(), book);
            let outputs = book.network.predict(&DMatrix::from_element(2, 1, 1.0)).unwrap();
            assert!(outputs.iter().all(|output| output.is_finite()));
        }
    }
}

#[test]
fn networks_of_the_book_that_do_not_fit_are_refused() {
    for (from, to) in [
        ("[2, 2, 1]", "[2, 1]"),
        ("[2, 2, 1]", "[2, 2, 2]"),
        ("[2, 2, 1]", "[2, 3, 1]"),
        ("[2, 2, 1]", "[2, 2, 1, 1]"),
        ("[2, 2, 1]", "[]"),
        ("[2, 2, 1]", "[0, 2, 1]"),
        ("[2, 2, 1]", "[18446744073709551615, 2, 1]"),
        ("[2, 2, 1]", "[2, 2, -1]"),
        ("[[1.0, 1.5]]", "[[1.0]]"),
        ("[[1.0, 1.5]]", "[[1.0, 1.5], [1.0, 1.5]]"),
        ("[[1.0, 1.5]]", "[[]]"),
        ("[[1.0, 1.5]]", "[]"),
        ("[[1.0, 1.5]]", "[[1.0, NaN]]"),
        ("[[1.0, 1.5]]", "[[1.0, Infinity]]"),
        ("[[1.0, 1.5]]", "[[1.0, 1e400]]"),
        ("[[1.0, 1.5]]", "[[1.0, null]]"),
        ("[[1.0, 1.5]]", "[[1.0, \"1.5\"]]"),
        ("[2.0, 3e-1]", "[2.0]"),
        ("[2.0, 3e-1]", "[2.0, 3e-1, 4.0]"),
        ("[[0.25], [0.0]]", "[[0.25, 0.0]]"),
        ("[[0.25], [0.0]]", "[0.25, 0.0]"),
        ("[[0.25], [0.0]]", "[[0.25]]"),
        ("[[-1]]", "[[-1, 2]]"),
        ("QuadraticCost", "LogLikelihoodCost"),
        ("\"cost\"", "\"price\""),
        ("\"cost\"", "\"cost\": \"QuadraticCost\", \"cost\""),
        ("\"cost\"", "\"more\": 1, \"cost\""),
        (", \"cost\": \"QuadraticCost\"", ""),
        ("QuadraticCost\"}", "QuadraticCost\"}}"),
        ("{\"sizes\"", "\u{feff}{\"sizes\""),
    ] {
        assert_eq!(BOOK.matches(from).count(), 1, "{from}");
        let found = problem(Network2::from_json(BOOK.replace(from, to).as_bytes()));
        assert!(
            matches!(found, FileProblem::Json { .. } | FileProblem::Network { .. }),
            "{from} → {to}: {found}"
        );
    }
}

#[test]
fn paths_that_lead_to_no_regular_file_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let check = |path: &Path, expected: fn(&FileProblem) -> bool| {
        for found in [
            problem(AnyNetwork::load(path)),
            problem(Model::<AnyNetwork, u8>::load(path)),
            problem(Network2::load(path)),
        ] {
            assert!(expected(&found), "{}: {found}", path.display());
        }
    };
    check(folder.path(), |found| matches!(found, FileProblem::IsADirectory));
    check(&folder.path().join("none"), |found| matches!(found, FileProblem::NotFound));
    check(Path::new(""), |found| matches!(found, FileProblem::NotFound));
    check(Path::new("a\0b"), |found| matches!(found, FileProblem::Unreadable { .. }));
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    check(&file.join("model"), |found| matches!(found, FileProblem::Unreadable { .. }));
    assert!(matches!(problem(AnyNetwork::load(&file)), FileProblem::NotSafetensors { .. }));
    assert!(matches!(problem(Network2::load(&file)), FileProblem::Json { .. }));

    #[cfg(unix)]
    {
        check(Path::new("/dev/null"), |found| matches!(found, FileProblem::NotAFile));
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        if made.is_ok_and(|status| status.success()) {
            check(&pipe, |found| matches!(found, FileProblem::NotAFile));
            assert!(matches!(problem(small().save(&pipe)), FileProblem::NotAFile));
        }
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        check(&socket, |found| matches!(found, FileProblem::NotAFile));
    }
}

#[test]
fn files_over_the_limit_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let (model, book) = (folder.path().join("model"), folder.path().join("book"));
    small().save(&model).unwrap();
    fs::write(&book, BOOK).unwrap();
    let length = fs::metadata(&model).unwrap().len();
    assert!(AnyNetwork::load_within(&model, length).is_ok());
    match problem(AnyNetwork::load_within(&model, length - 1)) {
        FileProblem::TooLarge { length: found, allowed } => {
            assert_eq!((found, allowed), (length, length - 1))
        }
        other => panic!("{other}"),
    }
    assert!(Network2::load_within(&book, BOOK.len() as u64).is_ok());
    assert!(matches!(problem(Network2::load_within(&book, 10)), FileProblem::TooLarge { .. }));

    // A file of zeros that takes no place on the disk: just over the limit, and at the limit.
    let sparse = folder.path().join("sparse");
    let file = fs::File::create(&sparse).unwrap();
    if file.set_len(MAX_BYTES + 1).is_ok() {
        assert!(matches!(problem(AnyNetwork::load(&sparse)), FileProblem::TooLarge { .. }));
        file.set_len(MAX_BYTES).unwrap();
        assert!(matches!(problem(AnyNetwork::load(&sparse)), FileProblem::NotSafetensors { .. }));
    }
}
