//! Images from PNG files, and data sets from folders of them; needs the feature `png`.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use ::png::{ColorType, Decoder, DecodingError, Limits, Transformations};

use super::Dataset;
use crate::error::{Error, ImageProblem, MemoryProblem, Result};
use crate::memory;
use crate::real::Real;

/// The maximum number of pixels of an image: a dense network cannot have more inputs in practice.
pub const MAX_PIXELS: u64 = 1 << 24;

/// An image of gray values, row by row from the top.
///
/// # Examples
///
/// The input of a network, scaled as in a data set of [`folders`]:
///
/// ```
/// use gradus::data::png::GrayImage;
/// use gradus::prelude::*;
///
/// let image = GrayImage { width: 3, height: 2, pixels: vec![0, 0, 255, 51, 0, 0] };
/// let n_inputs = image.width * image.height;
/// let values = image.pixels.iter().map(|&pixel| f32::from(pixel) / 255.0);
/// let x = DMatrix::from_iterator(n_inputs, 1, values);
/// assert_eq!((x[2], x[3]), (1.0, 0.2)); // row 0, column 2 and row 1, column 0
///
/// let softmax = Softmax::default();
/// let network = Network::<f32, _, _>::new(&[n_inputs, 2], Tanh, softmax, &ByActivation, 1)?;
/// assert_eq!(network.predict(&x)?.shape(), (2, 1));
/// # Ok::<(), gradus::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrayImage {
    /// The number of columns.
    pub width: usize,
    /// The number of rows.
    pub height: usize,
    /// A byte for each pixel, 0 for black.
    pub pixels: Vec<u8>,
}

/// Reads a PNG file of any color type as gray values.
///
/// Colors become their luma (299 R + 587 G + 114 B)/1000, values of 16 bits lose the lower 8, and transparent pixels
/// are blended with black, the background of MNIST.
///
/// # Errors
///
/// Returns [`Error::Image`] if the file is missing, unreadable or not a regular file, if it is damaged or not a PNG, or
/// if it has more than [`MAX_PIXELS`] pixels.
///
/// # Examples
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("image.png");
/// # gradus::plot::save(&path, "", 1, &[gradus::plot::Chart::new("", "x", "y")])?;
/// let image = gradus::data::png::open(&path)?;
/// assert_eq!(image.pixels.len(), image.width * image.height);
/// # Ok::<(), gradus::Error>(())
/// ```
pub fn open(path: impl AsRef<Path>) -> Result<GrayImage> {
    let path = path.as_ref();
    let failed = |problem| failed(path, problem);
    let unreadable = |source| failed(ImageProblem::Unreadable { source });
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        let found = if metadata.is_dir() { "a directory" } else { "a pipe or a device" };
        return Err(failed(ImageProblem::WrongKind { found, wanted: "a PNG file" }));
    }
    let file = BufReader::new(File::open(path).map_err(unreadable)?);
    decode(file).map_err(failed)
}

/// Reads a data set from the folders in `dir`, one folder of PNG files for each class.
///
/// The classes are the names of the folders in alphabetical order, and the samples of a class its files in alphabetical
/// order. Other files and hidden folders are ignored.
///
/// # Shapes
///
/// All images have the same size; a sample has width × height inputs, row by row, and a target for each class.
///
/// # Errors
///
/// Returns [`Error::Image`] if `dir` cannot be read or has fewer than two folders, if a folder has no PNG file, or if
/// an image differs in size from the first one; the errors of [`open`]; and [`Error::Memory`] if the images do not fit
/// in memory.
///
/// # Examples
///
/// ```no_run
/// use gradus::data::png;
/// use gradus::prelude::*;
///
/// // pets/cat/1.png, pets/cat/2.png, …, pets/dog/1.png, …
/// let pets: Dataset<f32> = png::folders("pets")?;
/// assert_eq!(pets.class_names(), ["cat", "dog"]);
/// # Ok::<(), gradus::Error>(())
/// ```
pub fn folders<T: Real>(dir: impl AsRef<Path>) -> Result<Dataset<T>> {
    let dir = dir.as_ref();
    let is_hidden = |path: &PathBuf| name(path).starts_with('.');
    let classes: Vec<PathBuf> =
        entries(dir)?.into_iter().filter(|path| path.is_dir() && !is_hidden(path)).collect();
    if classes.len() < 2 {
        return Err(failed(dir, ImageProblem::Folders { found: classes.len(), what: "folders" }));
    }
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    let mut first: Option<(PathBuf, (usize, usize))> = None;
    for (label, folder) in (0u32..).zip(&classes) {
        let is_png = |path: &PathBuf| path.extension().is_some_and(|end| end.eq_ignore_ascii_case("png"));
        let files: Vec<PathBuf> = entries(folder)?.into_iter().filter(is_png).collect();
        if files.is_empty() {
            return Err(failed(folder, ImageProblem::Folders { found: 0, what: "PNG files" }));
        }
        for path in files {
            let image = open(&path)?;
            let found = (image.width, image.height);
            let (first, expected) = first.get_or_insert_with(|| (path.clone(), found));
            if found != *expected {
                let (expected, first) = (*expected, first.clone());
                return Err(failed(&path, ImageProblem::SizesDiffer { found, expected, first }));
            }
            append(&mut pixels, &image.pixels)?;
            labels.push(label);
        }
    }
    let n_inputs = first.map_or(0, |(_, (width, height))| width * height);
    let names: Vec<String> = classes.iter().map(|class| name(class)).collect();
    Dataset::from_pixels(pixels, n_inputs, labels, names.len())?.with_class_names(&names)
}

fn failed(path: &Path, problem: ImageProblem) -> Error {
    Error::Image { path: path.to_path_buf(), problem }
}

/// Returns the last component of a path as text.
fn name(path: &Path) -> String {
    path.file_name().unwrap_or(OsStr::new("")).to_string_lossy().into_owned()
}

/// Returns the entries of a directory in alphabetical order.
fn entries(dir: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |source: io::Error| match source.kind() {
        io::ErrorKind::NotADirectory => {
            failed(dir, ImageProblem::WrongKind { found: "a file", wanted: "a directory of folders" })
        }
        _ => failed(dir, ImageProblem::Unreadable { source }),
    };
    let entries = fs::read_dir(dir).map_err(unreadable)?;
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()
        .map_err(unreadable)?;
    paths.sort();
    Ok(paths)
}

fn append(pixels: &mut Vec<u8>, image: &[u8]) -> Result<()> {
    // `try_reserve` at least doubles the capacity, so that the images are seldom moved.
    let fits = memory::fits::<u8>(image.len()) && pixels.try_reserve(image.len()).is_ok();
    if !fits {
        return Err(Error::Memory(MemoryProblem::Array {
            what: "the images",
            rows: pixels.len() + image.len(),
            columns: 1,
        }));
    }
    pixels.extend_from_slice(image);
    Ok(())
}

fn decode(file: impl io::BufRead + io::Seek) -> std::result::Result<GrayImage, ImageProblem> {
    let problem = |error: DecodingError| match error {
        DecodingError::IoError(source) if source.kind() != io::ErrorKind::UnexpectedEof => {
            ImageProblem::Unreadable { source }
        }
        other => ImageProblem::Damaged { reason: other.to_string() },
    };
    // Four channels of 16 bits for each pixel are 8 bytes; the rest is for the decoder's buffers.
    let mut decoder = Decoder::new_with_limits(file, Limits { bytes: 10 * MAX_PIXELS as usize });
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let (width, height) = decoder.read_header_info().map_err(problem)?.size();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(ImageProblem::TooLarge { width, height, allowed: MAX_PIXELS });
    }
    let mut reader = decoder.read_info().map_err(problem)?;
    let size = reader.output_buffer_size();
    let mut bytes = vec![0; size.ok_or(ImageProblem::TooLarge { width, height, allowed: MAX_PIXELS })?];
    let info = reader.next_frame(&mut bytes).map_err(problem)?;
    bytes.truncate(info.buffer_size());
    let pixels = match info.color_type {
        ColorType::Grayscale | ColorType::Indexed => bytes,
        ColorType::GrayscaleAlpha => bytes.chunks_exact(2).map(|p| before_black(p[0], p[1])).collect(),
        ColorType::Rgb => bytes.chunks_exact(3).map(luma).collect(),
        ColorType::Rgba => bytes.chunks_exact(4).map(|p| before_black(luma(p), p[3])).collect(),
    };
    Ok(GrayImage { width: width as usize, height: height as usize, pixels })
}

/// Returns the luma of red, green and blue with the weights of Rec. 601.
fn luma(pixel: &[u8]) -> u8 {
    let weighted = pixel.iter().zip([299u32, 587, 114]).map(|(&value, weight)| u32::from(value) * weight);
    ((weighted.sum::<u32>() + 500) / 1000) as u8
}

/// Returns the gray value blended with a black background; `alpha` is its opacity.
fn before_black(gray: u8, alpha: u8) -> u8 {
    ((u32::from(gray) * u32::from(alpha) + 127) / 255) as u8
}
