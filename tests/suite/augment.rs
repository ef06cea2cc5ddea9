//! The laws of distorted images.

use std::sync::OnceLock;

use approx::assert_relative_eq;
use gradus::data::augment::{Grid, distort};
use gradus::prelude::*;
use gradus::random::{Purpose, generator};
use proptest::prelude::*;
use rand::Rng;

/// `image` as `distortion` leaves it.
fn distorted<T: Real>(distortion: &dyn Distortion, image: &[T], shape: (usize, usize)) -> Vec<T> {
    let mut image = image.to_vec();
    distort(distortion, &mut image, shape, &mut generator(7, Purpose::User, 0, 0)).unwrap();
    image
}

/// A bell in the middle of a square image, 0 towards the edges.
fn blob(side: usize, right: f64, down: f64) -> Vec<f64> {
    let middle = (side - 1) as f64 / 2.0;
    let at = |p: usize| ((p % side) as f64 - middle - right, (p / side) as f64 - middle - down);
    (0..side * side).map(at).map(|(x, y)| (-(x * x + 2.0 * y * y) / 20.0).exp()).collect()
}

/// An image and its shape.
fn images<T: Real>() -> impl Strategy<Value = (Vec<T>, (usize, usize))> {
    (1usize..12, 1usize..12).prop_flat_map(|(rows, columns)| {
        let values = prop::collection::vec(0.0f64..1.0, rows * columns);
        (values.prop_map(|values| values.into_iter().map(T::cast).collect()), Just((rows, columns)))
    })
}

fn all_kinds() -> impl Distortion + Clone {
    Elastic::new(4.0, 34.0)
        .unwrap()
        .then(Rotation::up_to_degrees(15.0).unwrap())
        .then(Scaling::up_to(1.15).unwrap())
        .then(Translation::up_to(2.0).unwrap())
        .then(Shear::up_to(0.2).unwrap())
        .then(Contrast::up_to(1.5).unwrap())
        .then(Noise::new(0.1).unwrap())
        .then(Erasing::up_to(0.2).unwrap())
}

/// The samples `indices` of `epoch`, inputs and targets.
fn gathered<T: Real>(samples: &dyn Samples<T>, epoch: u64, indices: &[usize]) -> (DMatrix<T>, DMatrix<T>) {
    let mut x = DMatrix::zeros(samples.n_inputs(), indices.len());
    let mut y = DMatrix::zeros(samples.n_outputs(), indices.len());
    samples.gather(epoch, indices, &mut x, &mut y).unwrap();
    (x, y)
}

/// 40 digits with every kind of distortion.
fn digits() -> &'static Augmented<Dataset<f32>, impl Distortion> {
    fn make() -> Augmented<Dataset<f32>, Box<dyn Distortion>> {
        let distortion: Box<dyn Distortion> = Box::new(all_kinds());
        Augmented::new(Dataset::synthetic_digits(40, 1).unwrap(), (28, 28), distortion, 5).unwrap()
    }
    static DIGITS: OnceLock<Augmented<Dataset<f32>, Box<dyn Distortion>>> = OnceLock::new();
    DIGITS.get_or_init(make)
}

#[test]
fn nothing_by_nothing_is_the_identity() {
    fn holds<T: Real>(image: &[T], shape: (usize, usize)) {
        let none: [Box<dyn Distortion>; 15] = [
            Box::new(Rotation::up_to_degrees(0.0).unwrap()),
            Box::new(Rotation::by_degrees(0.0).unwrap()),
            Box::new(Translation::up_to(0.0).unwrap()),
            Box::new(Translation::by(0.0, 0.0).unwrap()),
            Box::new(Scaling::up_to(1.0).unwrap()),
            Box::new(Scaling::by(1.0).unwrap()),
            Box::new(Shear::up_to(0.0).unwrap()),
            Box::new(Shear::by(0.0).unwrap()),
            Box::new(Noise::new(0.0).unwrap()),
            Box::new(Contrast::up_to(1.0).unwrap()),
            Box::new(Contrast::by(1.0).unwrap()),
            Box::new(Erasing::up_to(0.0).unwrap()),
            Box::new(Elastic::new(4.0, 0.0).unwrap()),
            Box::new(Elastic::new(0.1, 0.0).unwrap()),
            Box::new(Rotation::by_degrees(0.0).unwrap().then(Elastic::new(2.0, 0.0).unwrap())),
        ];
        for distortion in none {
            assert_eq!(distorted(&distortion, image, shape), image, "{distortion:?}");
        }
    }
    proptest!(|((image, shape) in images::<f64>())| holds(&image, shape));
    proptest!(|((image, shape) in images::<f32>())| holds(&image, shape));
}

proptest! {
    /// out[r, c] = image[r − down, c − right], and 0 outside: not a bit is lost.
    #[test]
    fn whole_pixels_are_moved_as_they_are(
        (image, (rows, columns)) in images::<f64>(), right in -13i32..13, down in -13i32..13
    ) {
        let shift = Translation::by(right.into(), down.into()).unwrap();
        let shifted = distorted(&shift, &image, (rows, columns));
        for (p, &found) in shifted.iter().enumerate() {
            let (row, column) = ((p / columns) as i32 - down, (p % columns) as i32 - right);
            let inside = (0..rows as i32).contains(&row) && (0..columns as i32).contains(&column);
            let wanted = if inside { image[row as usize * columns + column as usize] } else { 0.0 };
            prop_assert_eq!(found, wanted);
        }
    }

    /// A quarter turn of a square moves [r, c] to [side − 1 − c, r], and turns that sum to 0° change nothing:
    /// sine and cosine are so near to 0 and ±1 that the coordinates round to those of the pixels.
    #[test]
    fn a_quarter_turn_is_a_permutation(side in 1usize..30, seed: u64) {
        let mut rng = generator(seed, Purpose::User, 0, 0);
        let image: Vec<f64> = (0..side * side).map(|_| f64::from(rng.next_u32())).collect();
        let turned = distorted(&Rotation::by_degrees(90.0).unwrap(), &image, (side, side));
        for (p, &value) in image.iter().enumerate() {
            prop_assert_eq!(turned[(side - 1 - p % side) * side + p / side], value);
        }
        let round = [180.0, -270.0, 90.0].iter().fold(image.clone(), |image, &angle| {
            distorted(&Rotation::by_degrees(angle).unwrap(), &image, (side, side))
        });
        prop_assert_eq!(round, image);
    }

    /// Interpolation errs by at most (|f_xx| + |f_yy|)/8 ≤ (0.1 + 0.2)/8 for this bell f, and there are two.
    #[test]
    fn there_and_back_again(angle in -180.0f64..180.0, right in -3.0f64..3.0, down in -3.0f64..3.0) {
        let image = blob(28, right, down);
        let turn = |angle, image: &[f64]| distorted(&Rotation::by_degrees(angle).unwrap(), image, (28, 28));
        let back = turn(-angle, &turn(angle, &image));
        for (back, value) in back.iter().zip(&image) {
            assert_relative_eq!(*back, value, epsilon = 0.075);
        }
        // As one distortion nothing is interpolated in between, and only the rounding of the coordinates remains.
        let both = Rotation::by_degrees(angle).unwrap().then(Rotation::by_degrees(-angle).unwrap());
        for (back, value) in distorted(&both, &image, (28, 28)).iter().zip(&image) {
            assert_relative_eq!(*back, value, epsilon = 1e-4);
        }
    }

    /// A rotation preserves areas, an enlargement by f multiplies them by f².
    #[test]
    fn ink_is_preserved(angle in -30.0f64..30.0, factor in 0.8f64..1.25) {
        let image = blob(28, 2.0, -1.0);
        let ink = |distortion: &dyn Distortion| distorted(distortion, &image, (28, 28)).iter().sum::<f64>();
        let before: f64 = image.iter().sum();
        assert_relative_eq!(ink(&Rotation::by_degrees(angle).unwrap()), before, max_relative = 0.01);
        assert_relative_eq!(ink(&Scaling::by(factor).unwrap()), before * factor * factor, max_relative = 0.02);
    }

    /// Interpolation never leaves the range of the values, however wildly the image is distorted.
    #[test]
    fn values_stay_between_the_values((image, shape) in images::<f32>(), sigma in 0.01f64..8.0, alpha in 0.0f64..1e4) {
        let wild = Elastic::new(sigma, alpha).unwrap().then(Scaling::up_to(100.0).unwrap());
        prop_assert!(distorted(&wild, &image, shape).iter().all(|v| (0.0..=1.0).contains(v)));
    }

    /// A row is shifted by as many pixels as it lies below the middle, times the slope.
    #[test]
    fn a_shear_shifts_rows((image, (rows, columns)) in images::<f64>(), slope in -3i32..=3) {
        // An odd number of rows, so that each shift is a whole number of pixels.
        let rows = rows - (rows + 1) % 2;
        let image = &image[..rows * columns];
        let slanted = distorted(&Shear::by(slope.into()).unwrap(), image, (rows, columns));
        for (row, (found, before)) in slanted.chunks(columns).zip(image.chunks(columns)).enumerate() {
            let down = row as i32 - (rows as i32 - 1) / 2;
            let shifted = distorted(&Translation::by((-slope * down).into(), 0.0).unwrap(), before, (1, columns));
            prop_assert_eq!(found, &shifted);
        }
    }

    /// The mean stays, and each distance from it is multiplied by the factor.
    #[test]
    fn contrast_moves_values_away_from_their_mean((image, shape) in images::<f64>(), factor in 0.0f64..4.0) {
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let changed = distorted(&Contrast::by(factor).unwrap(), &image, shape);
        let before = mean(&image);
        prop_assert!((mean(&changed) - before).abs() < 1e-12);
        for (found, value) in changed.iter().zip(&image) {
            prop_assert!((found - before - factor * (value - before)).abs() < 1e-12);
        }
    }

    /// What is erased is one rectangle, no larger than the fraction; all else stays to the bit.
    #[test]
    fn one_rectangle_is_erased((rows, columns) in (1usize..20, 1usize..20), most in 0.0f64..=1.0, seed: u64) {
        let mut image: Vec<f64> = (1..=rows * columns).map(|v| v as f64).collect();
        let before = image.clone();
        let mut rng = generator(seed, Purpose::User, 0, 0);
        distort(&Erasing::up_to(most).unwrap(), &mut image, (rows, columns), &mut rng).unwrap();
        let erased: Vec<(usize, usize)> =
            (0..image.len()).filter(|&p| image[p] == 0.0).map(|p| (p / columns, p % columns)).collect();
        prop_assert!(image.iter().zip(&before).all(|(now, before)| *now == 0.0 || now == before));
        if let (Some(first), Some(last)) = (erased.first(), erased.last()) {
            let rectangle = (first.0..=last.0).flat_map(|row| (first.1..=last.1).map(move |column| (row, column)));
            prop_assert_eq!(erased.clone(), rectangle.collect::<Vec<_>>());
        }
        prop_assert!(erased.len() as f64 <= most * (rows * columns) as f64);
    }

    /// What is returned for a sample does not depend on what else is asked for.
    #[test]
    fn any_samples_in_any_order_are_the_same(indices in prop::collection::vec(0usize..40, 1..20), epoch in 1u64..50) {
        let (x, y) = gathered(digits(), epoch, &indices);
        for (j, &index) in indices.iter().enumerate() {
            let (x_alone, y_alone) = gathered(digits(), epoch, &[index]);
            prop_assert_eq!(x.column(j), x_alone.column(0));
            prop_assert_eq!(y.column(j), y_alone.column(0));
        }
    }
}

/// f then g is g of the result of f, but for the interpolation in between; whole pixels and quarter turns have none.
#[test]
fn then_is_one_after_the_other() {
    let image = blob(20, 3.0, -2.0);
    let (f, g) = (Translation::by(3.0, -1.0).unwrap(), Rotation::by_degrees(90.0).unwrap());
    let one_by_one = distorted(&g, &distorted(&f, &image, (20, 20)), (20, 20));
    let other_order = distorted(&f, &distorted(&g, &image, (20, 20)), (20, 20));
    let at_once = distorted(&f.then(g), &image, (20, 20));
    assert!(at_once.iter().zip(&one_by_one).all(|(a, b)| (a - b).abs() < 1e-4));
    assert!(at_once.iter().zip(&other_order).any(|(a, b)| (a - b).abs() > 0.1));
}

#[test]
fn epochs_seeds_and_samples_differ_and_repeat() {
    let all: Vec<usize> = (0..40).collect();
    let (first, targets) = gathered(digits(), 1, &all);
    let (second, same_targets) = gathered(digits(), 2, &all);
    for index in 0..40 {
        assert_ne!(first.column(index), second.column(index), "sample {index}");
    }
    assert_eq!(targets, same_targets);
    assert_eq!(gathered(digits(), 1, &all).0, first);

    let same_image = Dataset::new(DMatrix::from_element(784, 2, 0.5f32), DMatrix::zeros(1, 2)).unwrap();
    let of_seed = |seed| {
        let augmented =
            Augmented::new(&same_image, (28, 28), Translation::up_to(2.0).unwrap(), seed).unwrap();
        gathered(&augmented, 1, &[0, 1]).0
    };
    assert_ne!(of_seed(1).column(0), of_seed(1).column(1));
    assert_ne!(of_seed(1), of_seed(2));
}

/// The angle is uniform: of 4000 angles up to 60°, the mean and the mean square are those of a uniform distribution
/// within 5 standard errors (a false alarm in less than a million runs).
#[test]
fn angles_are_uniform_up_to_the_largest() {
    let rotation = Rotation::up_to_degrees(60.0).unwrap();
    let angles: Vec<f64> = (0..4000)
        .map(|sample| {
            let mut grid = Grid::new(1, 3);
            rotation.distort(&mut grid, &mut generator(1, Purpose::Augment, 1, sample));
            f64::from(grid.y()[2]).atan2(f64::from(grid.x()[2])).to_degrees()
        })
        .collect();
    assert!(angles.iter().all(|angle| angle.abs() <= 60.001));
    let n = angles.len() as f64;
    let (mean, square) = (angles.iter().sum::<f64>() / n, angles.iter().map(|a| a * a).sum::<f64>() / n);
    // Var θ = a²/3, Var θ² = 4 a⁴/45.
    assert!(mean.abs() < 5.0 * (1200.0 / n).sqrt(), "{mean}");
    assert!((square - 1200.0).abs() < 5.0 * (4.0 * 60f64.powi(4) / 45.0 / n).sqrt(), "{square}");
}

/// Noise has the mean 0 and the deviation σ in every pixel, and neighbours have nothing to do with each other, nor have
/// two samples: of 4000 images within 5 standard errors.
#[test]
fn noise_is_as_strong_as_its_page_says() {
    let (sigma, n) = (0.3, 4000);
    let noise = Noise::new(sigma).unwrap();
    let mut sums = [[0.0; 4]; 3];
    for sample in 0..n {
        let mut image = [1.0f64; 4];
        distort(&noise, &mut image, (2, 2), &mut generator(1, Purpose::Augment, 1, sample)).unwrap();
        for p in 0..4 {
            sums[0][p] += image[p] - 1.0;
            sums[1][p] += (image[p] - 1.0).powi(2);
            sums[2][p] += (image[p] - 1.0) * (image[(p + 1) % 4] - 1.0);
        }
    }
    let (n, variance) = (n as f64, sigma * sigma);
    for p in 0..4 {
        assert!((sums[0][p] / n).abs() < 5.0 * sigma / n.sqrt(), "{sums:?}");
        assert!((sums[1][p] / n - variance).abs() < 5.0 * variance * (2.0 / n).sqrt(), "{sums:?}");
        assert!((sums[2][p] / n).abs() < 5.0 * variance / n.sqrt(), "{sums:?}");
    }
}

/// The erased fraction is uniform up to the largest, within what rounding to pixels takes away, and every pixel of the
/// middle is erased about equally often.
#[test]
fn erasing_reaches_every_part_of_an_image() {
    let (side, n) = (40, 2000);
    let erasing = Erasing::up_to(0.25).unwrap();
    let (mut counts, mut areas) = (vec![0.0; side * side], Vec::new());
    for sample in 0..n {
        let mut image = vec![1.0f64; side * side];
        distort(&erasing, &mut image, (side, side), &mut generator(1, Purpose::Augment, 1, sample)).unwrap();
        image.iter().zip(&mut counts).for_each(|(v, count)| *count += 1.0 - v);
        areas.push(image.iter().filter(|v| **v == 0.0).count() as f64 / (side * side) as f64);
    }
    let n = n as f64;
    let mean = areas.iter().sum::<f64>() / n;
    // Sides of about 14 pixels lose half a pixel each. The standard error of the mean is 0.25/√(12 n) = 0.0016.
    assert!(mean > 0.110 && mean < 0.125 + 0.008, "{mean}");
    assert!(areas.iter().any(|area| *area > 0.23) && areas.iter().any(|area| *area < 0.01));
    for (row, column) in [(20, 20), (14, 26), (26, 14)] {
        let often = counts[row * side + column] / n;
        assert!((0.1..0.3).contains(&often), "{often}");
    }
    assert!(counts.iter().all(|&count| count > 0.0), "no corner is safe");
}

/// Points are moved first, whatever the order in which distortions are named; values are then changed in that order.
#[test]
fn values_are_changed_after_points() {
    let image = [1.0, 2.0, 3.0, 6.0];
    let (shift, darker) = (Translation::by(1.0, 0.0).unwrap(), Contrast::by(0.5).unwrap());
    let after = distorted(&shift.then(darker), &image, (1, 4));
    assert_eq!(after, distorted(&darker.then(shift), &image, (1, 4)));
    assert_eq!(after, [0.75, 1.25, 1.75, 2.25]);
    // Grey from what was erased, or grey of which a part is erased.
    let (image, grey, erasing) = ([2.0f64; 100], Contrast::by(0.0).unwrap(), Erasing::up_to(0.5).unwrap());
    let even = distorted(&erasing.then(grey), &image, (10, 10));
    assert!(even.iter().all(|v| (v - even[0]).abs() < 1e-12) && even[0] < 2.0, "{even:?}");
    let holey = distorted(&grey.then(erasing), &image, (10, 10));
    assert!(holey.contains(&0.0) && holey.contains(&2.0), "{holey:?}");
}

/// A field of σ and α has the standard deviation α / (2σ √(3π)) in every pixel, at the edge as in the middle, and
/// neighbouring pixels move together: their correlation is exp(−1/4σ²).
#[test]
fn an_elastic_field_is_as_strong_and_smooth_as_its_page_says() {
    let (sigma, alpha, n) = (2.0, 10.0, 3000);
    let elastic = Elastic::new(sigma, alpha).unwrap();
    let home = Grid::new(5, 7);
    let mut sums = [[0.0; 35]; 3];
    for sample in 0..n {
        let mut grid = Grid::new(5, 7);
        elastic.distort(&mut grid, &mut generator(1, Purpose::Augment, 1, sample));
        let dx: Vec<f64> = grid.x().iter().zip(home.x()).map(|(x, home)| f64::from(x - home)).collect();
        let dy: Vec<f64> = grid.y().iter().zip(home.y()).map(|(y, home)| f64::from(y - home)).collect();
        for p in 0..35 {
            sums[0][p] += dx[p] * dx[p];
            sums[1][p] += dy[p] * dy[p];
            sums[2][p] += if p % 7 < 6 { dx[p] * dx[p + 1] } else { dx[p] * dx[p - 1] };
        }
    }
    let variance = (alpha / (2.0 * sigma * (3.0 * std::f64::consts::PI).sqrt())).powi(2);
    let wanted = [variance, variance, variance * (-0.25 / (sigma * sigma)).exp()];
    for (sums, wanted) in sums.iter().zip(wanted) {
        for sum in sums {
            // The mean square of n normal numbers has the relative standard error √(2/n) = 2.6 %; the bell's tails,
            // cut off, account for another per cent.
            assert_relative_eq!(sum / n as f64, wanted, max_relative = 0.15);
        }
    }
}

#[test]
fn expanding_keeps_the_originals_first() {
    let digits = digits();
    let expanded = digits.expand::<f32>(2).unwrap();
    assert_eq!((expanded.len(), expanded.n_inputs(), expanded.n_outputs()), (120, 784, 10));
    let plain = Samples::<f32>::unaugmented(digits).unwrap();
    for index in 0..40 {
        assert_eq!(gathered(&expanded, 1, &[index]), gathered(plain, 1, &[index]));
        assert_eq!(gathered(&expanded, 1, &[index + 40]), gathered(digits, 1, &[index]));
        assert_eq!(gathered(&expanded, 9, &[index + 80]), gathered(digits, 2, &[index]));
    }
    assert_eq!(digits.expand::<f32>(0).unwrap().len(), 40);
}

#[test]
fn bad_input_is_refused_with_its_reason() {
    for outcome in [
        Rotation::up_to_degrees(181.0).map(drop),
        Rotation::up_to_degrees(f64::NAN).map(drop),
        Rotation::by_degrees(f64::INFINITY).map(drop),
        Translation::up_to(-1.0).map(drop),
        Translation::by(0.0, f64::NAN).map(drop),
        Scaling::up_to(0.9).map(drop),
        Scaling::by(-1.0).map(drop),
        Scaling::by(f64::NAN).map(drop),
        Shear::up_to(-0.1).map(drop),
        Shear::up_to(11.0).map(drop),
        Shear::by(f64::NAN).map(drop),
        Noise::new(-1.0).map(drop),
        Noise::new(f64::INFINITY).map(drop),
        Contrast::up_to(0.5).map(drop),
        Contrast::by(-0.1).map(drop),
        Contrast::by(f64::NAN).map(drop),
        Erasing::up_to(1.1).map(drop),
        Erasing::up_to(f64::NAN).map(drop),
        Mixup::<_, f32>::new(digits(), 0.0, 1).map(drop),
        Mixup::<_, f32>::new(digits(), f64::NAN, 1).map(drop),
        Elastic::new(-1.0, 1.0).map(drop),
        Elastic::new(f64::INFINITY, 1.0).map(drop),
        Elastic::new(1.0, -1.0).map(drop),
        Elastic::new(1.0, f64::INFINITY).map(drop),
        Augmented::new(digits(), ((1 << 20) + 1, 0), Rotation::by_degrees(1.0).unwrap(), 1).map(drop),
    ] {
        assert!(matches!(outcome, Err(gradus::Error::Setting { .. })), "{outcome:?}");
    }
    let rotation = Rotation::up_to_degrees(1.0).unwrap();
    let images = Dataset::<f32>::synthetic_digits(2, 1).unwrap();
    for shape in [(28, 27), (0, 0), (1 << 20, 1 << 20), (1, 783)] {
        let outcome = Augmented::new(&images, shape, rotation, 1);
        assert!(matches!(outcome, Err(gradus::Error::SizeMismatch { found: 784, .. })), "{outcome:?}");
    }
    // An index beyond the last sample is the data set's to refuse.
    let (mut x, mut y) = (DMatrix::zeros(784, 1), DMatrix::zeros(10, 1));
    assert!(digits().gather(1, &[40], &mut x, &mut y).is_err());
    // A matrix of another shape than the images'.
    assert!(
        Augmented::new(&OneTooFew, (2, 2), rotation, 1).unwrap().gather(1, &[0], &mut x, &mut y).is_err()
    );
}

/// Says that it has four inputs, and does not mind a matrix with others.
#[derive(Debug)]
struct OneTooFew;

impl Samples<f32> for OneTooFew {
    fn len(&self) -> usize {
        1
    }
    fn n_inputs(&self) -> usize {
        4
    }
    fn n_outputs(&self) -> usize {
        1
    }
    fn gather(&self, _: u64, _: &[usize], _: &mut DMatrix<f32>, _: &mut DMatrix<f32>) -> gradus::Result<()> {
        Ok(())
    }
}

/// A custom distortion may move points to infinity, and may distort images itself: an infinite point is outside.
#[test]
fn a_careless_distortion_does_no_harm() {
    #[derive(Debug)]
    struct Careless;
    impl Distortion for Careless {
        fn distort(&self, grid: &mut Grid, rng: &mut dyn Rng) {
            let mut other = [1.0f64; 6];
            distort(&Translation::by(1.0, 0.0).unwrap(), &mut other, (2, 3), rng).unwrap();
            assert_eq!(other, [0.0, 1.0, 1.0, 0.0, 1.0, 1.0]);
            grid.map(|x, y| (if x < 0.0 { f32::NEG_INFINITY } else { f32::INFINITY }, -y * f32::MAX));
        }
    }
    assert_eq!(distorted(&Careless, &[1.0f32; 12], (3, 4)), [0.0; 12]);
}

#[test]
fn an_expanded_data_set_has_the_task_of_its_samples() {
    let y = DMatrix::from_column_slice(1, 3, &[0.0, 1.0, 1.0]);
    let counts =
        Dataset::new(DMatrix::from_element(4, 3, 0.5), y).unwrap().with_task(Task::Regression).unwrap();
    let rotation = Rotation::by_degrees(1.0).unwrap();
    let expanded = Augmented::new(counts, (2, 2), rotation, 1).unwrap().expand::<f64>(1).unwrap();
    assert_eq!(expanded.task(), Task::Regression);
}

/// Samples whose only input is their number, and whose targets are one-hot by its parity.
fn numbered(n: usize) -> Dataset<f64> {
    let x = DMatrix::from_fn(1, n, |_, j| j as f64);
    Dataset::new(x, DMatrix::from_fn(2, n, |i, j| f64::from(u8::from(j % 2 == i)))).unwrap()
}

/// Each sample lies between itself and another one, its targets as far as its inputs, and other samples and epochs have
/// other partners; the laws of samples hold, also for augmented ones and for mixtures of mixtures.
#[test]
fn mixup_blends_pairs() {
    let n = 500;
    let mixed = Mixup::new(numbered(n), 1.0, 7).unwrap();
    gradus::check::samples(&mixed).unwrap();
    gradus::check::samples::<f32>(&Mixup::new(digits(), 0.2, 1).unwrap()).unwrap();
    gradus::check::samples(&Mixup::new(Mixup::new(numbered(20), 0.5, 1).unwrap(), 0.5, 2).unwrap()).unwrap();

    let all: Vec<usize> = (0..n).collect();
    let (x, y) = gathered(&mixed, 1, &all);
    let mut fractions = Vec::new();
    for index in 0..n {
        assert!((y.column(index).sum() - 1.0).abs() < 1e-12);
        // With a partner of the other parity the targets tell the fraction, and the fraction tells the partner.
        let fraction = y[(index % 2, index)];
        if fraction < 1.0 - 1e-9 {
            let partner = (x[index] - fraction * index as f64) / (1.0 - fraction);
            assert!((partner - partner.round()).abs() < 1e-6 * (1.0 + 1.0 / (1.0 - fraction)), "{partner}");
            assert!((0.0..n as f64).contains(&partner.round()) && partner.round() as usize % 2 != index % 2);
            fractions.push(fraction);
        }
    }
    // Half of the partners are of the other parity, and Beta(1, 1) is uniform: mean 1/2, deviation 1/√12.
    let count = fractions.len() as f64;
    assert!((count - 250.0).abs() < 5.0 * 125f64.sqrt(), "{count}");
    let mean = fractions.iter().sum::<f64>() / count;
    assert!((mean - 0.5).abs() < 5.0 / (12.0 * count).sqrt(), "{mean}");
    assert!(x != gathered(&mixed, 2, &all).0);
    assert!(x != gathered(&Mixup::new(numbered(n), 1.0, 8).unwrap(), 1, &all).0);
    // A small α leaves nearly every sample nearly as it is or as its partner is, a large one blends half and half.
    let spread = |alpha| {
        let (_, y) = gathered(&Mixup::new(numbered(n), alpha, 7).unwrap(), 1, &all);
        let off: Vec<f64> = y.iter().map(|y| (y - 0.5).abs()).filter(|off| *off < 0.5 - 1e-12).collect();
        off.iter().sum::<f64>() / off.len() as f64
    };
    assert!(spread(0.05) > 0.4 && spread(500.0) < 0.05, "{} {}", spread(0.05), spread(500.0));
}

/// Mixing knows the task, the weights and the plain samples of what it mixes.
#[test]
fn mixup_keeps_what_belongs_to_the_samples() {
    let weighted = Weighted::new(numbered(4), vec![0.5, 1.0, 1.5, 1.0]).unwrap();
    let mixed = Mixup::new(weighted, 0.4, 1).unwrap();
    let mut weights = [0.0; 2];
    mixed.weights(&[2, 0], &mut weights);
    assert_eq!(weights, [1.5, 0.5]);
    assert_eq!(mixed.task(), numbered(4).task().into());
    let plain = mixed.unaugmented().unwrap();
    assert_eq!(gathered(plain, 3, &[2, 1]), gathered(&numbered(4), 1, &[2, 1]));
    let augmented = Mixup::new(digits(), 0.4, 1).unwrap();
    let plain = Samples::<f32>::unaugmented(&augmented).unwrap();
    let original = Samples::<f32>::unaugmented(digits()).unwrap();
    assert_eq!(gathered(plain, 3, &[5]), gathered(original, 1, &[5]));
}

/// The trainer repeats a run on augmented data bit for bit, whatever the number of threads.
#[test]
fn training_on_distorted_images_repeats() {
    let train = |threads| {
        let mut network = Network::new(&[784, 10, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1).unwrap();
        let stop = MaxEpochs::new(2).unwrap();
        Trainer::new(CrossEntropy).stop(stop).threads(threads).fit(&mut network, digits(), None).unwrap();
        network
    };
    let bits = |network: Network<f32, Sigmoid, Sigmoid>| -> Vec<u32> {
        network.parameters().flatten().map(|v| v.to_bits()).collect()
    };
    assert_eq!(bits(train(1)), bits(train(2)));
}

/// Exercise 12: a network that learned upright digits still knows them when they are turned a little, no longer when
/// they are turned a lot, and turned upside down a 6 looks like a 9 and a 9 like a 6.
#[test]
fn exercise_12_rotations_preserve_labels_only_for_small_angles() {
    let (training, test) = Dataset::<f32>::synthetic_digits(5000, 3).unwrap().split_at(4000).unwrap();
    let mut network = Network::new(&[784, 30, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1).unwrap();
    let stop = MaxEpochs::new(8).unwrap();
    Trainer::new(LogLikelihood).stop(stop).fit(&mut network, &training, None).unwrap();

    let turned = |angle| {
        let images = Augmented::new(&test, (28, 28), Rotation::by_degrees(angle).unwrap(), 1).unwrap();
        evaluate(&network, &LogLikelihood, &images).unwrap()
    };
    let accuracy = |angle| turned(angle).scores.accuracy();
    let upright = accuracy(0.0);
    assert!(upright > 0.9, "{upright}");
    for angle in [5.0, -5.0, 10.0, -10.0] {
        assert!(accuracy(angle) > upright - 0.1, "{angle}°: {}, upright {upright}", accuracy(angle));
    }
    for angle in [90.0, -90.0, 180.0] {
        assert!(accuracy(angle) < 0.5, "{angle}°: {}", accuracy(angle));
    }
    let (upright, upside_down) = (turned(0.0).confusion.unwrap(), turned(180.0).confusion.unwrap());
    for (digit, other) in [(6, 9), (9, 6)] {
        assert!(upside_down.get(digit, other) > 20 + upright.get(digit, other), "{upside_down}");
        let most = (0..10).max_by_key(|&answer| upside_down.get(digit, answer));
        assert_eq!(most, Some(other), "{upside_down}");
    }
}
