//! A mini-batch in leaves: each summed by itself, and their sums in one fixed tree.

use gradus::Error;
use gradus::prelude::*;
use proptest::prelude::*;

fn digits() -> Dataset<f32> {
    Dataset::synthetic_digits(230, 1).unwrap()
}

/// One step of descent with η = 1, so that the parameters move by the gradient itself.
fn gradient<T: Real>(network: &Network<T, Tanh, Softmax>, batch: &Batch<T>, leaves: usize) -> Vec<T> {
    let trainer = Trainer::new(LogLikelihood).leaves(leaves);
    let mut moved = network.clone();
    trainer.learner(network).unwrap().step(&mut moved, batch, 1.0).unwrap();
    ParameterArrays::from_network(&moved).values().to_vec()
}

/// The gradient of some neighbouring examples of `batch`, divided by the size of the whole batch.
fn part<T: Real>(
    network: &Network<T, Tanh, Softmax>,
    batch: &Batch<T>,
    first: usize,
    count: usize,
) -> Vec<T> {
    let columns = |matrix: &DMatrix<T>| matrix.columns(first, count).into_owned();
    let mut part = Batch::new(columns(&batch.x), columns(&batch.y)).unwrap();
    part.weights.copy_from_slice(&batch.weights[first..first + count]);
    let mut workspace = Workspace::new(&network.sizes(), count).unwrap();
    let mut gradient = ParameterArrays::zeros(&network.sizes());
    network.forward(&part.x, &mut workspace);
    network.cost(&LogLikelihood, &part, &mut workspace);
    network.backward(&LogLikelihood, &part, &mut workspace, &mut gradient);
    // Both sizes are powers of two: the quotient loses nothing.
    let share = T::cast(count as f64 / batch.examples() as f64);
    gradient.values().iter().map(|&value| value * share).collect()
}

fn assert_tree<T: Real>(leaves: usize, m: usize) {
    let network =
        Network::<T, _, _>::new(&[20, 70, 3], Tanh, Softmax::default(), &ScaledGaussian, 1).unwrap();
    let x = DMatrix::from_fn(20, m, |i, j| T::cast(((i * 7 + j * 13) % 29) as f64 / 11.0));
    let y = DMatrix::from_fn(3, m, |i, j| T::cast(f64::from(u8::from(i == j % 3))));
    let mut batch = Batch::new(x, y).unwrap();
    batch
        .weights
        .iter_mut()
        .enumerate()
        .for_each(|(j, weight)| *weight = T::cast(0.5 + (j % 5) as f64 / 4.0));
    let size = m / leaves;
    let mut sums: Vec<Vec<T>> = (0..leaves).map(|leaf| part(&network, &batch, leaf * size, size)).collect();
    while sums.len() > 1 {
        let added = |pair: &[Vec<T>]| pair[0].iter().zip(&pair[1]).map(|(&a, &b)| a + b).collect();
        sums = sums.chunks(2).map(added).collect();
    }
    let before = ParameterArrays::from_network(&network);
    let wanted: Vec<T> = before.values().iter().zip(&sums[0]).map(|(&w, &g)| w - g).collect();
    assert!(gradient(&network, &batch, leaves) == wanted, "{leaves} leaves");
}

#[test]
fn the_gradient_is_the_sum_of_the_leaves_in_a_binary_tree() {
    // Sums over more than 1,024 examples are made of several.
    for leaves in [1, 2, 4, 8] {
        assert_tree::<f32>(leaves, 4096);
    }
    for leaves in [1, 2, 4, 8, 32] {
        assert_tree::<f32>(leaves, 32);
        assert_tree::<f64>(leaves, 32);
    }
}

/// The running cost of an epoch whose one step does not move the network is the mean cost, whatever the leaves.
#[test]
fn the_cost_is_the_sum_over_the_leaves() {
    let data = digits();
    let mut network =
        Network::<f32, Tanh, _>::new(&[784, 10], Tanh, Softmax::default(), &ScaledGaussian, 1).unwrap();
    let mean = evaluate(&network, &LogLikelihood, &data).unwrap().scores.cost();
    for leaves in [1, 2, 8] {
        let trainer = Trainer::new(LogLikelihood)
            .schedule(Constant::new(1e-30).unwrap())
            .stop(MaxEpochs::new(1).unwrap())
            .mini_batch(230)
            .leaves(leaves);
        let report = trainer.fit(&mut network, &data, None).unwrap();
        let cost = report.history.last().unwrap().running_cost;
        assert!((cost / mean - 1.0).abs() < 1e-5, "{leaves} leaves: {cost} instead of {mean}");
    }
}

#[test]
fn the_number_of_leaves_is_a_power_of_two() {
    let network =
        Network::<f32, Tanh, _>::new(&[784, 10], Tanh, Softmax::default(), &ScaledGaussian, 1).unwrap();
    for leaves in [0, 3, 6, 8192] {
        let trainer = Trainer::new(LogLikelihood).leaves(leaves);
        assert!(matches!(
            trainer.learner(&network),
            Err(Error::Setting { name: "leaves of a mini-batch", .. })
        ));
        assert!(matches!(
            trainer.fit(&mut network.clone(), &digits(), None),
            Err(Error::Setting { name: "leaves of a mini-batch", .. })
        ));
    }
    let full_batch = Trainer::new(LogLikelihood).leaves(2).optimizer(Lbfgs::default());
    assert!(matches!(full_batch.fit(&mut network.clone(), &digits(), None), Err(Error::Search { .. })));
}

#[test]
fn a_run_goes_on_with_as_many_leaves_only() {
    let begin =
        || Network::<f32, Tanh, _>::new(&[784, 10], Tanh, Softmax::default(), &ScaledGaussian, 1).unwrap();
    let trainer = Trainer::new(LogLikelihood).stop(MaxEpochs::new(1).unwrap());
    let run = trainer.clone().leaves(4).fit(&mut begin(), &digits(), None).unwrap().run;
    let error = trainer.leaves(2).resume(run, &mut begin(), &digits(), None).unwrap_err();
    assert!(error.to_string().contains("leaves of a mini-batch = 4"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// With blocks in the cache and with a whole gradient, on one thread and on two, in ragged batches smaller than the
    /// leaves are many.
    #[test]
    fn leaves_have_the_same_bits_on_every_path(depth in 0_u32..5, m in 1_usize..60, n in 2_usize..230, dropout in any::<bool>()) {
        let (data, leaves) = (digits().slice(0..n).unwrap(), 1 << depth);
        let train = |threads, optimizer: &str| {
            let mut network = Network::new(&[784, 300, 10], Tanh, Softmax::default(), &ScaledGaussian, 1).unwrap();
            let mut trainer = Trainer::new(LogLikelihood)
                .optimizer(optimizer.parse::<AnyOptimizer>().unwrap())
                .regularizer(L2::new(0.5).unwrap())
                .leaves(leaves)
                .mini_batch(m)
                .threads(threads);
            if dropout {
                trainer = trainer.dropout(Dropout::new(0.1, 0.4).unwrap());
            }
            trainer.stop(MaxEpochs::new(1).unwrap()).fit(&mut network, &data, None).unwrap();
            network
        };
        let blocks = train(1, "adam");
        prop_assert!(train(2, "adam") == blocks);
        prop_assert!(train(1, "clip_by_global_norm(adam, limit=1e30)") == blocks);
        prop_assert!(train(2, "clip_by_global_norm(adam, limit=1e30)") == blocks);
    }
}
