//! A data set hands out the samples that it was given, whole, in parts, and in parts of parts.

use gradus::prelude::*;
use proptest::prelude::*;

/// Sample i has the inputs i and 255 − i, and the class i mod 3.
fn pixels(n: u8) -> Dataset<f64> {
    let images = (0..n).flat_map(|i| [i, 255 - i]).collect();
    Dataset::from_pixels(images, 2, (0..n).map(|i| i % 3).collect(), 3).unwrap()
}

/// The inputs and targets of sample `index`, gathered with others around it.
fn sample(data: &Dataset<f64>, index: usize) -> (Vec<f64>, Vec<f64>) {
    let indices = [0, index, data.len() - 1];
    let (mut x, mut y) =
        (DMatrix::zeros(data.n_inputs(), 3), DMatrix::from_element(data.n_outputs(), 3, 9.0));
    data.gather(1, &indices, &mut x, &mut y).unwrap();
    (x.column(1).iter().copied().collect(), y.column(1).iter().copied().collect())
}

/// Asserts that sample `index` of `data` is sample i of [`pixels`].
fn assert_is(data: &Dataset<f64>, index: usize, i: usize) {
    let (x, y) = sample(data, index);
    let value = |byte: usize| byte as f64 / 255.0;
    for (found, wanted) in x.iter().zip([value(i), value(255 - i)]) {
        assert!((found - wanted).abs() <= f64::EPSILON * wanted, "{found} for {wanted}");
    }
    let target: Vec<f64> = (0..3).map(|class| f64::from(u8::from(class == i % 3))).collect();
    assert_eq!(y, target);
    assert_eq!(data.label(index), Some(i % 3));
}

#[test]
fn bytes_become_numbers_from_0_to_1() {
    let all = pixels(255);
    for i in 0..255 {
        assert_is(&all, i, i);
    }
    let (x, _) = sample(&all, 0);
    assert_eq!(x, [0.0, 1.0], "the ends are exact");
}

proptest! {
    /// Samples are counted from the beginning of the part, however deep it lies.
    #[test]
    fn parts_of_parts(a in 0usize..50, b in 1usize..50, c in 0usize..50, d in 1usize..50, numbers in any::<bool>()) {
        let all = pixels(200);
        let outer = all.slice(a..a + b + c + d).unwrap();
        let inner = outer.slice(c..c + d).unwrap();
        let inner = if numbers { inner.to_floats().unwrap() } else { inner };
        prop_assert_eq!(inner.len(), d);
        for index in 0..d {
            assert_is(&inner, index, a + c + index);
        }
        prop_assert_eq!(inner.label(d), None);
        if d > 1 {
            let (first, rest) = inner.split_at(d / 2).unwrap();
            prop_assert_eq!(first.len() + rest.len(), d);
            assert_is(&first, 0, a + c);
            assert_is(&rest, 0, a + c + d / 2);
        }
    }
}

/// A part is no door to the samples beside it.
#[test]
fn a_part_ends_where_it_ends() {
    let part = pixels(20).slice(5..10).unwrap();
    assert!(part.slice(0..6).is_err() && part.split_at(5).is_err());
    let (mut x, mut y) = (DMatrix::zeros(2, 1), DMatrix::zeros(3, 1));
    assert!(part.gather(1, &[5], &mut x, &mut y).is_err());
    assert!(part.gather(1, &[4], &mut x, &mut y).is_ok());
}

#[test]
fn matrices_of_another_shape_are_refused() {
    let data = pixels(20);
    let gather = |x: (usize, usize), y: (usize, usize)| {
        data.gather(1, &[3, 4], &mut DMatrix::zeros(x.0, x.1), &mut DMatrix::zeros(y.0, y.1))
    };
    assert!(gather((2, 2), (3, 2)).is_ok());
    for (x, y) in [((1, 2), (3, 2)), ((2, 3), (3, 2)), ((2, 2), (4, 2)), ((2, 2), (3, 1)), ((4, 1), (3, 2))] {
        assert!(matches!(gather(x, y), Err(gradus::Error::SizeMismatch { .. })), "{x:?} {y:?}");
    }
}
