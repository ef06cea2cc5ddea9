use super::*;

/// FNV-1a, 64 bits.
fn digest(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Returns the mean image of each digit.
fn means(count: usize, seed: u64) -> Vec<Vec<f64>> {
    let (pixels, labels) = generate(count, seed).unwrap();
    let mut means = vec![vec![0.0; PIXELS]; 10];
    for (image, &label) in pixels.chunks_exact(PIXELS).zip(&labels) {
        for (mean, &pixel) in means[usize::from(label)].iter_mut().zip(image) {
            *mean += f64::from(pixel) * 10.0 / count as f64;
        }
    }
    means
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

/// A change of these values changes all users' results: it belongs in the changelog.
#[test]
fn the_bytes_are_the_same_on_every_machine() {
    let (pixels, labels) = generate(500, 1).unwrap();
    assert_eq!(digest(labels.into_iter()), 0xfaa3_9af5_850a_804f, "labels");
    assert_eq!(digest(pixels.into_iter()), 0xce9b_7d65_aded_103f, "pixels");
}

#[test]
fn a_shorter_set_begins_a_longer_one() {
    let (pixels, labels) = generate(205, 3).unwrap();
    let (fewer_pixels, fewer_labels) = generate(97, 3).unwrap();
    assert_eq!(pixels[..97 * PIXELS], fewer_pixels);
    assert_eq!(labels[..97], fewer_labels);
    assert_eq!(sample(3, 200), (pixels[200 * PIXELS..201 * PIXELS].try_into().unwrap(), labels[200]));
    assert_eq!(generate(0, 3).unwrap(), (vec![], vec![]));
}

#[test]
fn seeds_and_indices_give_different_images() {
    let mut images: Vec<Image> = (0..4).flat_map(|seed| (0..250).map(move |i| sample(seed, i).0)).collect();
    images.push(sample(u64::MAX, u64::MAX).0);
    images.sort_unstable();
    assert!(images.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn every_ten_labels_are_a_permutation() {
    let (_, labels) = generate(300, 4).unwrap();
    for ten in labels.chunks_exact(10) {
        let mut sorted = ten.to_vec();
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
    assert_ne!(labels[..10], labels[10..20]);
}

#[test]
fn ink_is_present_and_stays_inside() {
    let (pixels, _) = generate(2000, 5).unwrap();
    let mut touched = 0;
    for (i, image) in pixels.chunks_exact(PIXELS).enumerate() {
        let ink = image.iter().filter(|&&pixel| pixel > 127).count();
        assert!((15..300).contains(&ink), "image {i} has {ink} dark pixels");
        let edge = |p: usize| [p % SIDE, p / SIDE].iter().any(|&c| c == 0 || c == SIDE - 1);
        touched += usize::from((0..PIXELS).any(|p| edge(p) && image[p] > 0));
    }
    assert!(touched < 100, "{touched} of 2000 images touch the edge");
}

/// The mean of a class is near the same class's mean in another set, and far from the means of the other classes.
#[test]
fn the_classes_differ() {
    let (these, those) = (means(2000, 6), means(2000, 7));
    for (a, this) in these.iter().enumerate() {
        for (b, that) in those.iter().enumerate().filter(|&(b, _)| b != a) {
            let (same, other) = (distance(this, &those[a]), distance(this, that));
            assert!(other > 2.0 * same, "{a}: {same} from itself, {other} from {b}");
        }
    }
}
