//! Loads a model, classifies images, and draws them in the terminal.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use gradus::data::{IdxTensor, png};
use gradus::prelude::*;

mod shared;

/// Classifies images with a saved model, and draws them in the terminal
///
/// The images come from a PNG file, from an IDX file such as MNIST's t10k-images-idx3-ubyte, or else are synthetic
/// digits. Without --model a small network is trained and saved first.
#[derive(Debug, Parser)]
struct Options {
    /// Model that Predictor::save wrote [default: train one now]
    #[arg(long)]
    model: Option<PathBuf>,
    /// PNG file
    #[arg(long, conflicts_with = "idx")]
    png: Option<PathBuf>,
    /// IDX file of images
    #[arg(long)]
    idx: Option<PathBuf>,
    /// The first image of the IDX file or of the synthetic digits, counted from 0
    #[arg(long, default_value_t = 0)]
    index: usize,
    /// Number of images of the IDX file or of the synthetic digits
    #[arg(long, default_value_t = 3)]
    count: usize,
    /// A few seconds: one image, 1,000 training images, 3 epochs
    #[arg(long)]
    quick: bool,
}

/// The gray values of images, one image after the other.
struct Images {
    width: usize,
    pixels: Vec<u8>,
    /// Pixels per image.
    size: usize,
}

fn main() -> ExitCode {
    let mut options = Options::parse();
    if options.quick {
        options.count = 1;
    }
    shared::exit(run(&options))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let path = match &options.model {
        Some(path) => path.clone(),
        None => train(options.quick)?,
    };
    // The activations, class names and scaling come from the file.
    let mut predictor = Predictor::<f32>::load(&path)?;
    println!("{}: {}", path.display(), predictor.network());

    let Images { width, pixels, size } = images(options)?;
    for pixels in pixels.chunks_exact(size) {
        let x: Vec<f32> = pixels.iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
        let prediction = predictor.predict(&x)?;
        println!("\n{}\n{prediction}", draw(pixels, width));
        if let Some(probabilities) = prediction.probabilities() {
            print_bars(probabilities, prediction.meaning().class_names());
        }
    }
    Ok(())
}

/// Trains on MNIST, or on synthetic digits, and saves a predictor. Returns its path.
fn train(quick: bool) -> Result<PathBuf, Box<dyn Error>> {
    let digits = shared::digits::<f32>(None, if quick { 1_000 } else { 10_000 }, 1_000)?;
    println!("{}", digits.source);
    let names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    let mut network = Network::new(&[784, 100, 10], Relu, Softmax::default(), &ByActivation, 1)?;
    let report = Trainer::new(LogLikelihood)
        .optimizer(Adam::default())
        .stop(NoImprovement::new(3)?.or(MaxEpochs::new(if quick { 3 } else { 20 })?))
        .fit(&mut network, &digits.training, Some(&digits.validation))?;
    println!("{report}");
    let path = Path::new("target").join("inference.safetensors");
    fs::create_dir_all("target")?;
    Predictor::new(network, Meaning::of(&digits.training).with_class_names(&names))?.save(&path)?;
    Ok(path)
}

/// Reads or generates the images that the options name.
fn images(options: &Options) -> Result<Images, Box<dyn Error>> {
    let Options { index, count, .. } = *options;
    let some = |pixels: &[u8], width: usize, size: usize| {
        let pixels =
            pixels.chunks_exact(size).skip(index).take(count).flatten().copied().collect::<Vec<u8>>();
        if pixels.is_empty() {
            return Err(format!(
                "--index {index}: there are fewer images (counted from 0); choose a smaller index"
            )
            .into());
        }
        Ok(Images { width, pixels, size })
    };
    if let Some(path) = &options.png {
        let png::GrayImage { width, height, pixels } = png::open(path)?;
        return Ok(Images { width, pixels, size: width * height });
    }
    match &options.idx {
        None => some(&gradus::data::digits::generate(index.saturating_add(count), 7)?.0, 28, 784),
        Some(path) => {
            let tensor = IdxTensor::open(path)?;
            match *tensor.dims() {
                [_, height, width] => some(tensor.data(), width, width * height),
                ref dims => Err(format!(
                    "{}: has the dimensions {dims:?}; images have 3: count × height × width",
                    path.display()
                )
                .into()),
            }
        }
    }
}

/// Returns the image as text. Each line of text shows two rows, as a character is about twice as high as wide.
fn draw(pixels: &[u8], width: usize) -> String {
    const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];
    let shade = |a: u8, b: u8| SHADES[(usize::from(a) + usize::from(b)) * (SHADES.len() - 1) / 510];
    let line = |rows: &[u8]| -> String {
        let (upper, lower) = rows.split_at(width.min(rows.len()));
        (0..width).map(|at| shade(upper[at], lower.get(at).copied().unwrap_or(0))).collect()
    };
    let lines: Vec<String> = pixels.chunks(2 * width).map(|rows| line(rows).trim_end().to_owned()).collect();
    lines.join("\n").trim_end().to_owned()
}

/// Prints the three most probable classes.
fn print_bars(probabilities: &[f32], names: &[String]) {
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
    for class in order.into_iter().take(3) {
        let name = names.get(class).cloned().unwrap_or(class.to_string());
        let percent = 100.0 * probabilities[class];
        println!("{name:>12} {percent:>6.2} % {}", "▇".repeat((percent / 4.0).round() as usize));
    }
}
