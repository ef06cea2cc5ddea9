//! The parts of a training step, and what surrounds it: `cargo bench --bench parts [FILTER]`.

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use gradus::linalg;
use gradus::prelude::*;

fn main() {
    // Every product on the calling thread: handing one to another thread costs more than a small product takes.
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().expect("a thread");
    divan::main();
}

/// A layer and its mini-batch: inputs, outputs, examples.
type Shape = (usize, usize, usize);

const SHAPES: [Shape; 6] =
    [(784, 30, 10), (30, 10, 10), (784, 100, 10), (784, 800, 100), (784, 1024, 128), (1024, 1024, 128)];

fn matrix<T: Real>(rows: usize, columns: usize) -> DMatrix<T> {
    DMatrix::from_fn(rows, columns, |i, j| T::cast(((i * 7 + j * 13) % 29) as f64 / 29.0 - 0.5))
}

/// Products: the items a second are multiplications with addition, half the FLOP/s. One thread.
mod products {
    use super::*;

    fn count((inputs, outputs, examples): Shape) -> ItemsCount {
        ItemsCount::new(inputs * outputs * examples)
    }

    #[divan::bench(types = [f32, f64], args = SHAPES)]
    fn forward<T: Real>(bencher: Bencher<'_, '_>, shape: Shape) {
        let (inputs, outputs, examples) = shape;
        let (w, b, x) = (matrix::<T>(outputs, inputs), DVector::zeros(outputs), matrix(inputs, examples));
        let mut z = matrix(outputs, examples);
        bencher.counter(count(shape)).bench_local(|| linalg::weighted_inputs(black_box(&w), &b, &x, &mut z));
    }

    #[divan::bench(types = [f32, f64], args = SHAPES)]
    fn gradient<T: Real>(bencher: Bencher<'_, '_>, shape: Shape) {
        let (inputs, outputs, examples) = shape;
        let (delta, a) = (matrix::<T>(outputs, examples), matrix(inputs, examples));
        let mut gradient = matrix(outputs, inputs);
        bencher
            .counter(count(shape))
            .bench_local(|| linalg::weight_gradient(black_box(&delta), &a, &mut gradient));
    }

    #[divan::bench(types = [f32, f64], args = SHAPES)]
    fn input_gradient<T: Real>(bencher: Bencher<'_, '_>, shape: Shape) {
        let (inputs, outputs, examples) = shape;
        let (w, delta) = (matrix::<T>(outputs, inputs), matrix(outputs, examples));
        let mut result = matrix(inputs, examples);
        bencher
            .counter(count(shape))
            .bench_local(|| linalg::input_gradient(black_box(&w), &delta, &mut result));
    }

    /// For comparison: nalgebra's own product, w x.
    #[divan::bench(types = [f32, f64], args = SHAPES)]
    fn forward_by_nalgebra<T: Real>(bencher: Bencher<'_, '_>, shape: Shape) {
        let (inputs, outputs, examples) = shape;
        let (w, x) = (matrix::<T>(outputs, inputs), matrix(inputs, examples));
        let mut z = matrix(outputs, examples);
        bencher.counter(count(shape)).bench_local(|| z.gemm(T::one(), black_box(&w), &x, T::zero()));
    }
}

/// Activations and costs on 1,000 × 100 numbers.
mod elementwise {
    use super::*;

    const ROWS: usize = 1000;
    const COLUMNS: usize = 100;

    fn activations() -> Vec<AnyActivation> {
        AnyActivation::NAMES.iter().map(|name| name.parse().expect("a name")).collect()
    }

    /// Bytes of so many matrices, read or written.
    fn bytes<T>(matrices: usize) -> BytesCount {
        BytesCount::new(matrices * ROWS * COLUMNS * size_of::<T>())
    }

    /// What the others are measured against: the same bytes without arithmetic.
    #[divan::bench(types = [f32, f64])]
    fn copy<T: Real>(bencher: Bencher<'_, '_>) {
        let (z, mut a) = (matrix::<T>(ROWS, COLUMNS), matrix::<T>(ROWS, COLUMNS));
        bencher.counter(bytes::<T>(2)).bench_local(|| black_box(&mut a).copy_from(black_box(&z)));
    }

    #[divan::bench(types = [f32, f64], args = activations())]
    fn activate<T: Real>(bencher: Bencher<'_, '_>, f: &AnyActivation) {
        let (z, mut a) = (matrix::<T>(ROWS, COLUMNS), matrix(ROWS, COLUMNS));
        bencher.counter(bytes::<T>(2)).bench_local(|| f.activate(black_box(&z), &mut a));
    }

    /// A fresh gradient each time: one that is multiplied again and again would underflow, which is slow.
    fn pull_back_at<T: Real>(bencher: Bencher<'_, '_>, f: &AnyActivation, z: &DMatrix<T>) {
        let (mut a, g, mut grad) = (z.clone(), matrix::<T>(ROWS, COLUMNS), matrix(ROWS, COLUMNS));
        f.activate(z, &mut a);
        bencher.counter(bytes::<T>(6)).bench_local(|| {
            grad.copy_from(black_box(&g));
            f.pull_back(black_box(z), &a, &mut grad);
        });
    }

    #[divan::bench(types = [f32, f64], args = activations())]
    fn pull_back<T: Real>(bencher: Bencher<'_, '_>, f: &AnyActivation) {
        pull_back_at(bencher, f, &matrix::<T>(ROWS, COLUMNS));
    }

    /// Weighted inputs of which a third lie where the derivative is computed from z.
    #[divan::bench(types = [f32, f64], args = ["sigmoid", "tanh", "elu"])]
    fn pull_back_of_saturated<T: Real>(bencher: Bencher<'_, '_>, name: &str) {
        pull_back_at(bencher, &name.parse().expect("a name"), &(matrix::<T>(ROWS, COLUMNS) * T::cast(14.0)));
    }

    const OPTIMIZERS: [&str; 12] = [
        "sgd",
        "momentum",
        "nesterov",
        "ada_grad",
        "ada_delta",
        "rms_prop",
        "rms_prop(centred=true, mu=0.9)",
        "adam",
        "lion",
        "clip_by_norm(sgd)",
        "polyak_average(sgd)",
        "exponential_average(sgd)",
    ];

    /// Parameters, gradient and each slot are read, and all but the gradient are written.
    #[divan::bench(types = [f32, f64], args = OPTIMIZERS)]
    fn optimize<T: Real>(bencher: Bencher<'_, '_>, name: &str) {
        let optimizer: Box<dyn Optimizer<T>> = Box::new(name.parse::<AnyOptimizer>().expect("a name"));
        let (mut w, g, mut gradient) =
            (matrix::<T>(ROWS, COLUMNS), matrix::<T>(ROWS, COLUMNS), matrix(ROWS, COLUMNS));
        let mut slots = vec![DMatrix::from_element(ROWS, COLUMNS, T::cast(0.1)); optimizer.slots()];
        let mut t = 0;
        // The copy of the gradient, of 2 matrices, is counted too: optimizers may change it.
        bencher.counter(bytes::<T>(5 + 2 * slots.len())).bench_local(|| {
            t += 1;
            gradient.copy_from(black_box(&g));
            let mut slots: Vec<&mut [T]> = slots.iter_mut().map(DMatrix::as_mut_slice).collect();
            let at = StepInfo { t, ..StepInfo::first(ROWS) };
            optimizer.step(&at, &mut slots, w.as_mut_slice(), gradient.as_mut_slice(), T::cast(1e-3));
        });
    }

    fn cost<T: Real, A: Activation<T>, C: Cost<T, A>>(bencher: Bencher<'_, '_>, cost: C, output: A) {
        let (z, mut a, y) =
            (matrix::<T>(10, 10_000), matrix(10, 10_000), DMatrix::from_element(10, 10_000, T::cast(0.1)));
        let mut delta = matrix(10, 10_000);
        output.activate(&z, &mut a);
        bencher.counter(ItemsCount::new(z.len())).bench_local(|| {
            cost.delta(&output, black_box(&z), &a, &y, &mut delta);
            cost.value(&output, &z, &a, &y)
        });
    }

    #[divan::bench(types = [f32, f64])]
    fn cross_entropy<T: Real>(bencher: Bencher<'_, '_>) {
        cost::<T, _, _>(bencher, CrossEntropy, Sigmoid);
    }

    #[divan::bench(types = [f32, f64])]
    fn log_likelihood<T: Real>(bencher: Bencher<'_, '_>) {
        cost::<T, _, _>(bencher, LogLikelihood, Softmax::default());
    }

    #[divan::bench(types = [f32, f64])]
    fn quadratic<T: Real>(bencher: Bencher<'_, '_>) {
        cost::<T, _, _>(bencher, Quadratic, Sigmoid);
    }

    #[divan::bench(types = [f32, f64])]
    fn huber<T: Real>(bencher: Bencher<'_, '_>) {
        cost::<T, _, _>(bencher, Huber::default(), Linear);
    }

    #[divan::bench(types = [f32, f64])]
    fn log_cosh<T: Real>(bencher: Bencher<'_, '_>) {
        cost::<T, _, _>(bencher, LogCosh, Linear);
    }

    #[divan::bench(types = [f32, f64])]
    fn focal_sigmoid<T: Real>(bencher: Bencher<'_, '_>) {
        cost::<T, _, _>(bencher, Focal::default(), Sigmoid);
    }

    #[divan::bench(types = [f32, f64])]
    fn focal_softmax<T: Real>(bencher: Bencher<'_, '_>) {
        cost::<T, _, _>(bencher, Focal::default(), Softmax::default());
    }

    #[divan::bench(types = [f32, f64])]
    fn gaussian_nll<T: Real>(bencher: Bencher<'_, '_>) {
        cost::<T, _, _>(bencher, GaussianNll::default(), Linear);
    }

    #[divan::bench(types = [f32, f64])]
    fn poisson<T: Real>(bencher: Bencher<'_, '_>) {
        cost::<T, _, _>(bencher, Poisson, Exponential);
    }
}

/// Whole steps of 784-30-10 with mini-batches of 10.
mod steps {
    use super::*;

    fn network<T: Real>() -> Network<T, Sigmoid, Sigmoid> {
        Network::new(&[784, 30, 10], Sigmoid, Sigmoid, &ScaledGaussian, 1).expect("three layers")
    }

    #[divan::bench(types = [f32, f64])]
    fn forward_and_backward<T: Real>(bencher: Bencher<'_, '_>) {
        let network = network::<T>();
        let (mut workspace, mut gradient) =
            (Workspace::new(&network.sizes(), 10).unwrap(), ParameterArrays::zeros(&network.sizes()));
        let mut batch = Batch::zeros(784, 10, 10).unwrap();
        batch.x.copy_from(&matrix(784, 10));
        bencher.bench_local(|| {
            network.forward(black_box(&batch.x), &mut workspace);
            network.backward(&CrossEntropy, &batch, &mut workspace, &mut gradient);
        });
    }

    /// A run of one epoch over 10,000 samples, its checks and set-up included.
    #[divan::bench(types = [f32, f64], sample_count = 5)]
    fn epoch_of_10_000<T: Real>(bencher: Bencher<'_, '_>) {
        let data = Dataset::<T>::synthetic_digits(10_000, 1).expect("digits");
        bencher.bench_local(|| {
            let stop = MaxEpochs::new(1).expect("an epoch");
            Trainer::new(CrossEntropy).stop(stop).fit(&mut network::<T>(), &data, None).expect("a run")
        });
    }

    #[divan::bench(types = [f32, f64], sample_count = 20)]
    fn evaluation_of_10_000<T: Real>(bencher: Bencher<'_, '_>) {
        let (data, network) = (Dataset::<T>::synthetic_digits(10_000, 1).expect("digits"), network::<T>());
        bencher.bench_local(|| evaluate(&network, &CrossEntropy, &data).expect("an evaluation"));
    }

    /// Reading and unpacking MNIST, where GRADUS_MNIST names its directory.
    #[divan::bench(sample_count = 5)]
    fn loading_of_mnist(bencher: Bencher<'_, '_>) {
        let Some(dir) = std::env::var_os("GRADUS_MNIST") else { return };
        bencher.bench_local(|| Mnist::<f32>::load(&dir).expect("the files of MNIST"));
    }
}
