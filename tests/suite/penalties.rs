//! Penalties: their gradients are those of their proximal operators, and each layer gets its own.

use gradus::prelude::*;
use proptest::prelude::*;

/// ‖v‖.
fn norm(v: &[f64]) -> f64 {
    v.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// The gradient of `penalty` at `w`.
fn gradient(penalty: &dyn Regularizer<f64>, at: &LayerInfo, w: &[f64]) -> Vec<f64> {
    let mut gradient = vec![0.0; w.len()];
    penalty.add_gradient(at, w, 1.0, &mut gradient);
    gradient
}

/// Which weights of a matrix with `rows` rows form a group, by a number that they share.
fn group_of(i: usize, rows: usize, by_neuron: bool) -> usize {
    if by_neuron { i % rows } else { i / rows }
}

/// prox(w) = argmin_p Ω(p) + ‖p − w‖²/(2t) of the group lasso: each group is shortened by t λ √n, or becomes 0.
fn shortened(w: &[f64], rows: usize, by_neuron: bool, t_lambda: f64) -> Vec<f64> {
    let groups = if by_neuron { rows } else { w.len() / rows };
    let mut p = w.to_vec();
    for group in 0..groups {
        let of_group: Vec<usize> = (0..w.len()).filter(|&i| group_of(i, rows, by_neuron) == group).collect();
        let length = norm(&of_group.iter().map(|&i| w[i]).collect::<Vec<_>>());
        let rest = (1.0 - t_lambda * (of_group.len() as f64).sqrt() / length).max(0.0);
        of_group.iter().for_each(|&i| p[i] *= rest);
    }
    p
}

proptest! {
    /// p = prox(w) if and only if (w − p)/t is a slope of Ω at p: the gradient, where there is one, and otherwise, at 0,
    /// no longer than the slopes there.
    #[test]
    fn the_gradient_at_the_proximal_point_is_the_step_that_led_there(
        w in prop::collection::vec(-3.0..3.0f64, 12),
        rows in prop::sample::select(&[1usize, 2, 3, 4, 6, 12]),
        (lambda, t, d) in (0.1..2.0f64, 0.05..1.0f64, 0.1..2.0f64),
    ) {
        let at = LayerInfo::first(rows);
        let s = t * lambda;
        let each = |f: &dyn Fn(f64) -> f64| w.iter().map(|&w| f(w)).collect::<Vec<f64>>();
        let huber = |w: f64| if w.abs() <= d + s { w / (1.0 + s / d) } else { w - s * w.signum() };
        let cases: [(Box<dyn Regularizer<f64>>, Vec<f64>); 5] = [
            (Box::new(L1::new(lambda).unwrap()), each(&|w| w.signum() * (w.abs() - s).max(0.0))),
            (Box::new(L2::new(lambda).unwrap()), each(&|w| w / (1.0 + s))),
            (Box::new(HuberPenalty::new(lambda, d).unwrap()), each(&huber)),
            (Box::new(GroupLasso::by_neuron(lambda).unwrap()), shortened(&w, rows, true, s)),
            (Box::new(GroupLasso::by_input(lambda).unwrap()), shortened(&w, rows, false, s)),
        ];
        for (penalty, p) in &cases {
            let slope = gradient(penalty, &at, p);
            for i in 0..w.len() {
                let step = (w[i] - p[i]) / t;
                if p[i] == 0.0 {
                    prop_assert_eq!(slope[i], 0.0);
                    prop_assert!(step.abs() <= lambda * 12f64.sqrt() * (1.0 + 1e-12), "{:?}", penalty);
                } else {
                    prop_assert!((slope[i] - step).abs() <= 1e-12 * (1.0 + step.abs()) / t, "{:?} {i}", penalty);
                }
            }
        }
    }

    /// Groups of one weight are L1's, and so is a Huber penalty of a small width; a large one is L2's with λ/d.
    #[test]
    fn limits_are_l1_and_l2(w in prop::collection::vec(0.01..3.0f64, 8), lambda in 0.1..2.0f64) {
        let (l1, l2) = (L1::new(lambda).unwrap(), L2::new(lambda / 100.0).unwrap());
        let (narrow, wide) = (HuberPenalty::new(lambda, 1e-9).unwrap(), HuberPenalty::new(lambda, 100.0).unwrap());
        let neuron = GroupLasso::by_neuron(lambda).unwrap();
        let input = GroupLasso::by_input(lambda).unwrap();
        let (row, column) = (LayerInfo::first(1), LayerInfo::first(8));
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-8 * (1.0 + b.abs());
        let l1_penalty = l1.penalty(&row, &w);
        // Where the two formulas of the Huber penalty meet they agree.
        let huber = HuberPenalty::new(lambda, w[0]).unwrap();
        let next = huber.penalty(&row, &[w[0] * (1.0 + f64::EPSILON)]);
        prop_assert!(close(huber.penalty(&row, &[w[0]]), next), "{huber:?}");
        prop_assert!(close(input.penalty(&row, &w), l1_penalty) && close(neuron.penalty(&column, &w), l1_penalty));
        prop_assert!(close(narrow.penalty(&row, &w), l1_penalty));
        prop_assert!(close(wide.penalty(&row, &w), l2.penalty(&row, &w)));
        prop_assert_eq!(gradient(&narrow, &row, &w), gradient(&l1, &row, &w));
        for (a, b) in gradient(&wide, &row, &w).iter().zip(gradient(&l2, &row, &w)) {
            prop_assert!(close(*a, b));
        }
    }
}

/// In single precision a gradient is that in double precision to its rounding.
#[test]
fn single_precision_agrees_with_double() {
    let w: Vec<f64> = (0..12).map(|i| f64::from((f64::from(i) * 1.7).sin() as f32)).collect();
    let w32: Vec<f32> = w.iter().map(|&w| w as f32).collect();
    fn penalties<T: Real>() -> [Box<dyn Regularizer<T>>; 3] {
        [
            Box::new(HuberPenalty::new(0.7, 0.3).unwrap()),
            Box::new(GroupLasso::by_neuron(0.7).unwrap()),
            Box::new(GroupLasso::by_input(0.7).unwrap()),
        ]
    }
    let at = LayerInfo::first(3);
    for (double, single) in penalties::<f64>().iter().zip(penalties::<f32>()) {
        let (wanted, mut found) = (gradient(double, &at, &w), [0.0f32; 12]);
        single.add_gradient(&at, &w32, 1.0, &mut found);
        for (found, wanted) in found.iter().zip(wanted) {
            let tolerance = 4.0 * f64::from(f32::EPSILON) * wanted.abs();
            assert!((f64::from(*found) - wanted).abs() <= tolerance, "{double:?}: {found} is not {wanted}");
        }
    }
}

/// A network trained with one rule for every layer, and with the same rule said once: the same bits. With another rule for
/// the last layer the first weights of the others differ.
#[test]
fn each_layer_is_trained_with_its_own_penalty() {
    let data = Dataset::<f64>::synthetic_digits(40, 1).unwrap();
    let trained = |regularizer: Box<dyn Regularizer<f64>>| {
        let mut network =
            Network::new(&[784, 8, 6, 10], Tanh, Softmax::default(), &ScaledGaussian, 1).unwrap();
        Trainer::new(LogLikelihood)
            .regularizer(regularizer)
            .schedule(Constant::new(0.1).unwrap())
            .stop(MaxEpochs::new(1).unwrap())
            .mini_batch(40)
            .fit(&mut network, &data, None)
            .unwrap();
        network.layers().map(|layer| layer.weights.clone()).collect::<Vec<_>>()
    };
    let (l2, l1) = (L2::new(2.0).unwrap(), L1::new(0.5).unwrap());
    let (all, other) = (trained(Box::new(l2)), trained(Box::new(l1)));
    assert_eq!(trained(Box::new(PerLayer::new(l2))), all);
    assert_eq!(trained(Box::new(PerLayer::new(l2).then(l2))), all);
    // A single step from the same weights: each layer moves as its own penalty says.
    assert_eq!(
        trained(Box::new(PerLayer::new(l2).then(l1))),
        [all[0].clone(), other[1].clone(), other[2].clone()]
    );
    let mixed = trained(Box::new(PerLayer::new(l1).then(l2).then(GroupLasso::by_input(0.5).unwrap())));
    assert_eq!(mixed[..2], [other[0].clone(), all[1].clone()]);
    assert!(mixed[2] != all[2] && mixed[2] != other[2]);
}

/// No penalty is none.
#[test]
fn no_regularizer_has_no_penalty() {
    let (w, at) = ([3.0, -4.0], LayerInfo::first(1));
    assert_eq!(NoRegularizer.penalty(&at, &w), 0.0);
    assert_eq!(gradient(&NoRegularizer, &at, &w), [0.0; 2]);
}

/// A penalty says with which λ it was made, and whether it knows the weights only one by one.
#[test]
fn settings_are_returned() {
    for lambda in [0.25, 2.0] {
        assert_eq!(L1::new(lambda).unwrap().lambda(), lambda);
        assert_eq!(L2::new(lambda).unwrap().lambda(), lambda);
        assert_eq!(GroupLasso::by_input(lambda).unwrap().lambda(), lambda);
        let huber = HuberPenalty::new(lambda, 0.5 * lambda).unwrap();
        assert_eq!((huber.lambda(), huber.width()), (lambda, 0.5 * lambda));
        assert!(GroupLasso::by_neuron(lambda).unwrap().is_by_neuron());
        assert!(!GroupLasso::by_input(lambda).unwrap().is_by_neuron());
    }
    let (l1, l2) = (L1::new(1.0).unwrap(), L2::new(1.0).unwrap());
    let (huber, group) = (HuberPenalty::new(1.0, 0.5).unwrap(), GroupLasso::by_input(1.0).unwrap());
    let one_by_one: [&dyn Regularizer<f64>; 6] =
        [&NoRegularizer, &l1, &l2, &huber, &Plus(l1, l2), &PerLayer::new(l1).then(huber)];
    for penalty in one_by_one {
        assert!(penalty.elementwise(), "{penalty:?}");
    }
    let in_groups: [&dyn Regularizer<f64>; 5] = [
        &group,
        &Plus(l1, group),
        &Plus(group, l2),
        &PerLayer::new(l1).then(group),
        &PerLayer::new(group).then(l2),
    ];
    for penalty in in_groups {
        assert!(!penalty.elementwise(), "{penalty:?}");
    }
    let named = |name: &str| name.parse::<AnyRegularizer>().unwrap();
    for name in ["none", "l1", "l2", "huber", "l1 + l2", "l1 then huber"] {
        assert!(Regularizer::<f64>::elementwise(&named(name)), "{name}");
    }
    for name in ["group_lasso_by_input", "l1 + group_lasso_by_neuron", "l1 then group_lasso_by_input"] {
        assert!(!Regularizer::<f64>::elementwise(&named(name)), "{name}");
    }
}
