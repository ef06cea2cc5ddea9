//! PNG files of every kind are read as gray values, and folders of them as classes.

use std::fs::{self, File};
use std::path::Path;

use ::png::{BitDepth, ColorType, Encoder};
use gradus::data::png::{self, GrayImage};
use gradus::prelude::*;
use gradus::{Error, ImageProblem};

fn write(path: &Path, (width, height): (u32, u32), color: ColorType, depth: BitDepth, bytes: &[u8]) {
    let mut encoder = Encoder::new(File::create(path).unwrap(), width, height);
    encoder.set_color(color);
    encoder.set_depth(depth);
    if color == ColorType::Indexed {
        encoder.set_palette(vec![0, 0, 0, 255, 255, 255, 0, 255, 0]);
    }
    encoder.write_header().unwrap().write_image_data(bytes).unwrap();
}

#[test]
fn every_kind_becomes_gray() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("image.png");
    use BitDepth::{Eight, One, Sixteen};
    use ColorType::{Grayscale, GrayscaleAlpha, Indexed, Rgb, Rgba};
    for (color, depth, bytes, wanted) in [
        (Grayscale, Eight, vec![0, 7, 255, 100], [0, 7, 255, 100]),
        (Grayscale, Sixteen, vec![0, 9, 7, 9, 255, 255, 100, 0], [0, 7, 255, 100]),
        (Grayscale, One, vec![0b0100_0000, 0b1000_0000], [0, 255, 255, 0]),
        (GrayscaleAlpha, Eight, vec![200, 0, 200, 255, 100, 51, 9, 255], [0, 200, 20, 9]),
        (Rgb, Eight, vec![255, 0, 0, 0, 255, 0, 0, 0, 255, 8, 8, 8], [76, 150, 29, 8]),
        (
            Rgba,
            Eight,
            vec![255, 255, 255, 255, 255, 255, 255, 0, 255, 0, 0, 255, 8, 8, 8, 255],
            [255, 0, 76, 8],
        ),
        (Indexed, Eight, vec![0, 1, 2, 1], [0, 255, 150, 255]),
    ] {
        write(&path, (2, 2), color, depth, &bytes);
        let wanted = GrayImage { width: 2, height: 2, pixels: wanted.to_vec() };
        assert_eq!(png::open(&path).unwrap(), wanted, "{color:?} {depth:?}");
    }
}

#[test]
fn folders_are_classes() {
    let dir = tempfile::tempdir().unwrap();
    let gray = |folder: &str, file: &str, bytes: [u8; 2]| {
        fs::create_dir_all(dir.path().join(folder)).unwrap();
        write(&dir.path().join(folder).join(file), (2, 1), ColorType::Grayscale, BitDepth::Eight, &bytes);
    };
    gray("dog", "b.PNG", [0, 51]);
    let one = png::folders::<f64>(dir.path()).unwrap_err();
    assert!(matches!(one, Error::Image { problem: ImageProblem::Folders { found: 1, .. }, .. }), "{one}");
    gray("cat", "2.png", [255, 0]);
    gray("cat", "1.png", [0, 255]);
    fs::write(dir.path().join("cat/notes.txt"), "no image").unwrap();
    fs::write(dir.path().join("readme.txt"), "no folder").unwrap();
    fs::create_dir(dir.path().join(".hidden")).unwrap();
    let data = png::folders::<f64>(dir.path()).unwrap();
    assert_eq!(data.class_names(), ["cat", "dog"]);
    let (mut x, mut y) = (DMatrix::zeros(2, 3), DMatrix::zeros(2, 3));
    data.gather(1, &[0, 1, 2], &mut x, &mut y).unwrap();
    let expected = DMatrix::from_column_slice(2, 3, &[0.0, 1.0, 1.0, 0.0, 0.0, 0.2]);
    assert!((x - expected).amax() < 1e-15);
    assert_eq!(y, DMatrix::from_column_slice(2, 3, &[1.0, 0.0, 1.0, 0.0, 0.0, 1.0]));

    fs::create_dir(dir.path().join("empty")).unwrap();
    let empty = png::folders::<f64>(dir.path()).unwrap_err().to_string();
    assert!(empty.contains("empty: the directory holds 0 PNG files"), "{empty}");
    write(&dir.path().join("empty/1.png"), (1, 2), ColorType::Grayscale, BitDepth::Eight, &[1, 2]);
    let differs = png::folders::<f64>(dir.path()).unwrap_err().to_string();
    assert!(differs.contains("1 × 2 pixels, but") && differs.contains("has 2 × 1"), "{differs}");
}

/// Whatever is changed or cut, there is an image or an error, and no panic.
#[test]
fn damaged_files() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("image.png");
    write(&path, (3, 2), ColorType::Rgb, BitDepth::Eight, &[7; 18]);
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] ^= change;
            fs::write(&path, bytes).unwrap();
            let _ = png::open(&path);
        }
        // The last twelve bytes say only that the file ends.
        fs::write(&path, &whole[..at]).unwrap();
        let cut = png::open(&path);
        assert!(cut.is_err() || at >= whole.len() - 12, "cut at {at}: {cut:?}");
    }
    // A header that claims more than a gigabyte; its checksum is right.
    let mut encoder = Encoder::new(File::create(&path).unwrap(), 1 << 15, 1 << 15);
    encoder.set_color(ColorType::Grayscale);
    let _ = encoder.write_header().unwrap();
    let large = png::open(&path).unwrap_err();
    assert!(
        matches!(large, Error::Image { problem: ImageProblem::TooLarge { width: 32768, .. }, .. }),
        "{large}"
    );
    let directory = png::open(dir.path()).unwrap_err().to_string();
    assert!(directory.contains("this is a directory; give the path of a PNG file"), "{directory}");
    let file = png::folders::<f64>(&path).unwrap_err().to_string();
    assert!(file.contains("this is a file; give the path of a directory of folders"), "{file}");
    let missing = png::open(dir.path().join("no")).unwrap_err().to_string();
    assert!(missing.contains("check the path"), "{missing}");
}
