//! Converts IDX files to a file of samples, one block at a time.

use std::path::Path;

use super::Writer;
use super::format::Element;
use crate::data::Task;
use crate::data::idx::{self, Accepts};
use crate::error::{IdxField, IdxProblem, Result, check_setting};

/// Size of the header of a file of labels in bytes.
const LABELS_HEADER: u64 = 8;

/// Number of images that are read at a time.
const PIECE: usize = 256;

/// See [`Streamed::write_idx`](super::Streamed::write_idx).
pub(super) fn idx(images_path: &Path, labels_path: &Path, n_classes: usize, path: &Path) -> Result<()> {
    let why = "one class alone leaves nothing to be learned";
    check_setting("number of classes", n_classes as f64, n_classes >= 2, "[2, ∞)", why)?;
    let images = idx::open(images_path, Accepts::Pieces, Some(3))?;
    let labels = idx::open(labels_path, Accepts::Pieces, Some(1))?;
    let (n, n_labels) = (images.dims()[0], labels.dims()[0]);
    if n != n_labels {
        let images_path = images_path.to_path_buf();
        let problem = IdxProblem::CountsDiffer { labels: n_labels, images: n, images_path };
        return Err(idx::error(labels_path, 4, IdxField::Dimension(0), problem));
    }
    let n_inputs = images.dims().iter().skip(1).product();
    let elements = (Element::Compact, Element::Compact);
    let mut writer = Writer::create(path, elements, (n_inputs, n_classes), Task::Classes)?;
    let (mut images, mut labels) = (images, labels);
    let (mut some_images, mut some_labels) = (Vec::new(), Vec::new());
    while writer.len() < n {
        let count = PIECE.min(n - writer.len());
        some_images.resize(count * n_inputs, 0);
        some_labels.resize(count, 0);
        images.next(&mut some_images)?;
        labels.next(&mut some_labels)?;
        for (image, &label) in some_images.chunks_exact(n_inputs).zip(&some_labels) {
            let (found, at) = (label.into(), writer.len());
            if usize::from(label) >= n_classes {
                let problem = IdxProblem::LabelOutOfRange { found, first: 0, n_classes };
                return Err(idx::error(labels_path, LABELS_HEADER + at as u64, IdxField::Label(at), problem));
            }
            writer.push(image, &u32::from(label).to_le_bytes())?;
        }
    }
    images.end()?;
    labels.end()?;
    writer.finish()
}
