//! Training and validation digits.

use gradus::data::IdxTensor;
use gradus::data::digits::PIXELS;
use gradus::prelude::*;

/// The number of validation samples, which are not used for training.
pub const VALIDATION: usize = 1_000;

/// Images and labels. The first [`VALIDATION`] are for validation, so that they stay the same ones however many are
/// learned.
#[derive(Debug)]
pub struct Digits {
    data: Dataset<f32>,
    /// The seed of synthetic digits; `None` for a visitor's files.
    seed: Option<u64>,
}

/// Training and validation sets.
pub struct Sets {
    pub training: Dataset<f32>,
    pub validation: Dataset<f32>,
}

impl Digits {
    /// Generates synthetic digits for validation and `training` more.
    pub fn draw(training: usize, seed: u64) -> gradus::Result<Self> {
        let data = Dataset::synthetic_digits(VALIDATION.saturating_add(training), seed)?;
        Ok(Self { data, seed: Some(seed) })
    }

    /// Reads a file of images and one of labels in the IDX format, plain or gzip.
    pub fn read(images: &[u8], labels: &[u8]) -> Result<Self, String> {
        let read = |bytes, name| IdxTensor::read(bytes, name).map_err(|error| error.to_string());
        let (images, labels) = (read(images, "images")?, read(labels, "labels")?);
        let &[count, 28, 28] = images.dims() else {
            return Err(format!(
                "The file of images has the dimensions {:?} instead of count × 28 × 28: are the two files exchanged?",
                images.dims()
            ));
        };
        if labels.dims() != [count] {
            return Err(format!(
                "There are {count} images, and labels with the dimensions {:?}.",
                labels.dims()
            ));
        }
        if count < 2 * VALIDATION {
            return Err(format!("There are {count} images; at least {} are needed.", 2 * VALIDATION));
        }
        let data = Dataset::from_pixels(images.into_data(), PIXELS, labels.into_data(), 10);
        Ok(Self { data: data.map_err(|error| error.to_string())?, seed: None })
    }

    pub fn count(&self) -> usize {
        self.data.len()
    }

    /// Returns whether these digits can serve a run with `training` samples and `seed`. A visitor's files always can.
    pub fn serve(&self, training: usize, seed: u64) -> bool {
        let enough = self.count() >= VALIDATION.saturating_add(training);
        self.seed.is_none_or(|own| own == seed && enough)
    }

    /// Returns `training` samples, or as many as there are, and the validation samples.
    pub fn divide(&self, training: usize) -> gradus::Result<Sets> {
        let end = VALIDATION.saturating_add(training).min(self.count());
        let (training, validation) = (self.data.slice(VALIDATION..end)?, self.data.slice(0..VALIDATION)?);
        Ok(Sets { training, validation })
    }

    /// Returns pixels and labels of `count` digits from index `first` on, or of as many as there are.
    pub fn samples(&self, first: usize, count: usize) -> gradus::Result<(Vec<u8>, Vec<u8>)> {
        let indices: Vec<usize> = (first..self.count()).take(count).collect();
        let mut batch = Batch::zeros(PIXELS, 10, indices.len())?;
        batch.gather(&self.data, 1, &indices)?;
        let labels = indices.iter().filter_map(|&index| self.data.label(index)).map(|label| label as u8);
        Ok((batch.x.iter().map(|&x| (255.0 * x).round() as u8).collect(), labels.collect()))
    }
}
