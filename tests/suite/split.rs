//! The parts of a split hold each sample once, in the sizes and proportions that were asked for.

use std::collections::BTreeSet;

use gradus::prelude::*;
use gradus::{Error, SplitProblem};
use proptest::prelude::*;

/// Sample i has the input i; its label is `labels[i]`.
fn numbered(labels: &[usize], n_classes: usize) -> Dataset<f64> {
    Dataset::from_labels(DMatrix::from_fn(1, labels.len(), |_, j| j as f64), labels, n_classes).unwrap()
}

/// Which samples of [`numbered`] `part` holds.
fn samples(part: &Dataset<f64>) -> Vec<usize> {
    let mut x = DMatrix::zeros(1, part.len());
    let mut y = DMatrix::zeros(part.n_outputs(), part.len());
    part.gather(1, &(0..part.len()).collect::<Vec<_>>(), &mut x, &mut y).unwrap();
    x.iter().map(|&x| x as usize).collect()
}

/// Asserts that no sample occurs twice, and returns how many there are.
fn count_distinct(parts: &[&Dataset<f64>]) -> usize {
    let all: Vec<usize> = parts.iter().flat_map(|part| samples(part)).collect();
    let distinct: BTreeSet<usize> = all.iter().copied().collect();
    assert_eq!(distinct.len(), all.len());
    all.len()
}

fn count_class(part: &Dataset<f64>, class: usize) -> usize {
    (0..part.len()).filter(|&index| part.label(index) == Some(class)).count()
}

/// Every class at least twice, so that no fold's training data lacks one.
fn labels() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0usize..4, 12..80).prop_map(|mut labels| {
        labels.extend([0, 0, 1, 1, 2, 2, 3, 3]);
        labels
    })
}

proptest! {
    #[test]
    fn fractions_have_their_sizes(labels in labels(), a in 0.5f64..0.8, b in 0.05f64..0.2, seed in any::<u64>()) {
        let data = numbered(&labels, 4);
        let n = labels.len() as f64;
        for split in [Split::shuffled(seed), Split::stratified(seed)] {
            let Ok([first, second]) = split.fractions(&data, [a, b]) else {
                // A class may be missing from the first part by chance, but not if it is stratified.
                prop_assert_eq!(split, Split::shuffled(seed));
                continue;
            };
            prop_assert!((first.len() as f64 - n * a).abs() <= 0.5 && (second.len() as f64 - n * b).abs() <= 1.0);
            prop_assert_eq!(count_distinct(&[&first, &second]), first.len() + second.len());
            let [again, _] = split.fractions(&data, [a, b]).unwrap();
            prop_assert_eq!(samples(&again), samples(&first));
        }
    }

    /// Each class is within one sample of its proportion in both parts.
    #[test]
    fn stratified_parts_have_the_proportions_of_the_whole(labels in labels(), test in 1usize..16, seed in any::<u64>()) {
        let data = numbered(&labels, 4);
        let counts = [labels.len() - test, test];
        let parts = Split::stratified(seed).counts(&data, counts).unwrap();
        prop_assert_eq!(count_distinct(&[&parts[0], &parts[1]]), labels.len());
        for class in 0..4 {
            let all = count_class(&data, class) as f64;
            prop_assert!(count_class(&parts[0], class) >= 1);
            // A class of few samples may have to give up its place in the second part to another.
            if all >= 5.0 {
                let exact = all * test as f64 / labels.len() as f64;
                prop_assert!((count_class(&parts[1], class) as f64 - exact).abs() < 1.0);
            }
        }
    }

    #[test]
    fn folds_are_a_partition(labels in labels(), k in 2usize..8, seed in any::<u64>()) {
        let data = numbered(&labels, 4);
        let groups: Vec<usize> = (0..labels.len()).map(|i| i * 7 % 11).collect();
        for split in [Split::in_order(), Split::shuffled(seed), Split::stratified(seed), Split::grouped(&groups, seed)] {
            let Ok(folds) = split.folds(&data, k) else {
                prop_assert_ne!(split, Split::stratified(seed));
                continue;
            };
            let validation: Vec<&Dataset<f64>> = folds.iter().map(|fold| &fold.validation).collect();
            prop_assert_eq!(count_distinct(&validation), labels.len());
            for fold in &folds {
                prop_assert_eq!(count_distinct(&[&fold.training, &fold.validation]), labels.len());
                let group = |part| samples(part).into_iter().map(|i| groups[i]).collect::<BTreeSet<_>>();
                if split == Split::grouped(&groups, seed) {
                    prop_assert!(group(&fold.training).is_disjoint(&group(&fold.validation)));
                    continue;
                }
                let exact = labels.len() as f64 / k as f64;
                prop_assert!((fold.validation.len() as f64 - exact).abs() < 1.0);
                for class in 0..4 {
                    let exact = count_class(&data, class) as f64 / k as f64;
                    let found = count_class(&fold.validation, class) as f64;
                    prop_assert!(split != Split::stratified(seed) || (found - exact).abs() < 1.0);
                }
            }
        }
    }

    /// Greedily, largest first, no part misses its size by more than the largest group.
    #[test]
    fn groups_stay_together(groups in prop::collection::vec(0u8..9, 20..60), share in 0.2f64..0.8, seed in any::<u64>()) {
        let data = Dataset::new(DMatrix::from_fn(1, groups.len(), |_, j| j as f64), DMatrix::zeros(1, groups.len())).unwrap();
        let distinct: BTreeSet<u8> = groups.iter().copied().collect();
        prop_assume!(distinct.len() >= 2);
        let [a, b] = Split::grouped(&groups, seed).fractions(&data, [share, 1.0 - share]).unwrap();
        prop_assert_eq!(count_distinct(&[&a, &b]), groups.len());
        let of = |part| samples(part).into_iter().map(|i| groups[i]).collect::<BTreeSet<u8>>();
        prop_assert!(of(&a).is_disjoint(&of(&b)));
        let largest = distinct.iter().map(|g| groups.iter().filter(|h| *h == g).count()).max().unwrap();
        prop_assert!((a.len() as f64 - share * groups.len() as f64).abs() <= largest as f64 + 1.0);
    }
}

#[test]
fn seeds_differ_and_order_is_kept() {
    let data = numbered(&[0; 40], 1);
    let part = |split: Split| samples(&split.fractions(&data, [0.5, 0.5]).unwrap()[0]);
    assert_ne!(part(Split::shuffled(1)), part(Split::shuffled(2)));
    assert_ne!(part(Split::stratified(1)), part(Split::stratified(2)));
    assert_eq!(part(Split::in_order()), (0..20).collect::<Vec<_>>());
}

/// One-hot columns and a single row of zeros and ones are classes too.
#[test]
fn targets_that_are_classes() {
    let x = || DMatrix::from_fn(1, 40, |_, j| j as f64);
    let single = DMatrix::from_fn(1, 40, |_, j| f64::from(u8::from(j % 4 == 0)));
    let one_hot = DMatrix::from_fn(2, 40, |i, j| f64::from(u8::from((j % 4 == 0) == (i == 0))));
    for (y, row) in [(single, 0), (one_hot, 0)] {
        let data = Dataset::new(x(), y.clone()).unwrap();
        let [_, test] = Split::stratified(3).fractions(&data, [0.8, 0.2]).unwrap();
        assert_eq!(samples(&test).iter().filter(|&&i| y[(row, i)] == 1.0).count(), 2);
    }
    let numbers = Dataset::new(x(), x()).unwrap();
    let error = Split::stratified(3).fractions(&numbers, [0.8, 0.2]).unwrap_err();
    assert!(matches!(error, Error::Split(SplitProblem::NoClasses)), "{error}");
}

#[test]
fn splits_that_cannot_be() {
    let data = numbered(&[0, 0, 0, 1, 1, 1, 2, 2, 2, 3], 4);
    let fractions = |f: [f64; 2]| Split::shuffled(1).fractions(&data, f).unwrap_err();
    for (f, wrong) in
        [([0.8, 0.3], 2), ([0.0, 0.5], 1), ([-0.1, 0.5], 1), ([f64::NAN, 0.5], 1), ([8.0, 2.0], 1)]
    {
        assert!(
            matches!(fractions(f), Error::Split(SplitProblem::Fraction { part, .. }) if part == wrong),
            "{f:?}"
        );
    }
    assert!(matches!(fractions([0.9, 0.01]), Error::Split(SplitProblem::EmptyPart { part: 2, samples: 10 })));
    let counts = |split: Split, c: [usize; 2]| split.counts(&data, c).unwrap_err();
    assert!(matches!(
        counts(Split::shuffled(1), [8, 3]),
        Error::Split(SplitProblem::TooFewSamples { wanted: 11, samples: 10 })
    ));
    assert!(matches!(
        counts(Split::shuffled(1), [usize::MAX, 2]),
        Error::Split(SplitProblem::TooFewSamples { .. })
    ));
    assert!(matches!(
        counts(Split::stratified(1), [3, 7]),
        Error::Split(SplitProblem::FewerThanClasses { samples: 3, classes: 4 })
    ));
    // The last class is at the end, where the test set is.
    let error = counts(Split::in_order(), [8, 2]);
    assert!(
        matches!(&error, Error::Split(SplitProblem::MissingClass { class, samples: 1 }) if class == "3"),
        "{error}"
    );
    assert!(error.to_string().contains("Split::stratified"));
    let folds = |split: Split, k| split.folds(&data, k).unwrap_err();
    for k in [0, 1, 11, usize::MAX] {
        assert!(
            matches!(folds(Split::shuffled(1), k), Error::Split(SplitProblem::Parts { parts, available: 10, .. }) if parts == k)
        );
    }
    assert!(matches!(
        folds(Split::stratified(1), 3),
        Error::Split(SplitProblem::MissingClass { samples: 1, .. })
    ));
    assert!(matches!(
        folds(Split::grouped(&[1, 2], 1), 2),
        Error::Split(SplitProblem::Groups { groups: 2, samples: 10 })
    ));
    assert!(matches!(
        folds(Split::grouped(&[1; 10], 1), 2),
        Error::Split(SplitProblem::Parts { available: 1, of: "groups", .. })
    ));
}
