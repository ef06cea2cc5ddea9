//! A training step allocates nothing, counted by the allocator itself over all threads.
//!
//! One test in a binary of its own: the test runner allocates too, whenever a test ends.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use gradus::cost::HasCosts;
use gradus::prelude::*;

/// The system's allocator, which counts what it is asked for.
struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::SeqCst);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::SeqCst);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::SeqCst);
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn allocations() -> usize {
    ALLOCATIONS.load(Ordering::SeqCst)
}

/// Writes down the counter after every step, into room that was made before.
#[derive(Debug)]
struct Watch {
    after: Arc<Mutex<Vec<After>>>,
}

/// A step, and the counter after it.
#[derive(Debug)]
struct After {
    epoch: usize,
    step: usize,
    allocations: usize,
}

impl<T: Real> Observer<T> for Watch {
    fn on_step(&self, running: &Running<'_, T>) -> ControlFlow<()> {
        let mut after = self.after.lock().unwrap();
        assert!(after.len() < after.capacity(), "the watch itself must not allocate");
        after.push(After { epoch: running.epoch, step: running.step, allocations: allocations() });
        ControlFlow::Continue(())
    }
}

/// Waits until the threads of the run before have ended: what they do in the end is not part of a step.
fn until_alone() {
    let threads = || std::fs::read_dir("/proc/self/task").map_or(2, |tasks| tasks.count());
    while threads() > 2 {
        std::thread::yield_now();
    }
}

/// Trains for two epochs and asserts that nothing is allocated between the first step of an epoch and its last.
fn assert_steps_allocate_nothing(
    sizes: &[usize],
    data: &Dataset<f32>,
    m: usize,
    optimizer: impl Optimizer<f32> + 'static,
    regularizer: &str,
    dropout: Option<Dropout>,
    threads: Option<usize>,
) {
    let name = format!("{optimizer:?}");
    until_alone();
    let after = Arc::new(Mutex::new(Vec::with_capacity(10_000)));
    let mut network = Network::new(sizes, Sigmoid, Softmax::default(), &ScaledGaussian, 1).unwrap();
    let mut trainer = Trainer::new(LogLikelihood)
        .optimizer(optimizer)
        .regularizer(regularizer.parse::<AnyRegularizer>().unwrap())
        .schedule(Constant::new(0.1).unwrap())
        .stop(MaxEpochs::new(2).unwrap())
        .mini_batch(m)
        .observe(Watch { after: after.clone() });
    if let Some(dropout) = dropout {
        trainer = trainer.dropout(dropout);
    }
    if let Some(threads) = threads {
        trainer = trainer.threads(threads);
    }
    trainer.fit(&mut network, data, Some(data)).unwrap();

    let after = after.lock().unwrap();
    let steps = data.len().div_ceil(m);
    assert_eq!(after.len(), 2 * steps);
    for epoch in [1, 2] {
        let of_epoch: Vec<_> = after.iter().filter(|after| after.epoch == epoch).collect();
        for pair in of_epoch.windows(2) {
            let (step, new) = (pair[1].step, pair[1].allocations - pair[0].allocations);
            assert_eq!(
                new, 0,
                "{sizes:?}, m = {m}, {threads:?} threads, {name}, {regularizer}, {dropout:?}: allocations in step {step} of epoch {epoch}"
            );
        }
    }
}

/// Regularizers of one weight at a time, and of whole matrices.
const ELEMENTWISE: &str = "l1(lambda=0.1) + l2(lambda=0.1) then huber(lambda=0.1)";
const GROUPS: &str =
    "group_lasso_by_neuron(lambda=0.1) + l1(lambda=0.1) then group_lasso_by_input(lambda=0.1)";

fn optimizers() -> Vec<Arc<dyn Optimizer<f32>>> {
    let names = [
        "sgd",
        "ada_grad",
        "ada_delta",
        "rms_prop",
        "rms_prop(centred=true, mu=0.5, epsilon=1e-3)",
        "adam",
        "adamw(lambda=0.1)",
        "lion(lambda=0.1)",
        "clip_by_value(momentum(mu=0.5), limit=0.01)",
        "clip_by_norm(momentum(mu=0.5), limit=0.1)",
        "clip_by_global_norm(adam, limit=0.1)",
        "max_norm(momentum(mu=0.5), limit=1)",
        "polyak_average(momentum, skip=3)",
        "exponential_average(clip_by_norm(adam), beta=0.9)",
    ];
    let parse = |name: &str| Arc::new(name.parse::<AnyOptimizer>().unwrap()) as Arc<dyn Optimizer<f32>>;
    names.map(parse).into()
}

/// Asserts that a learner's second step and those after it allocate nothing, on the calling thread.
fn assert_learner_allocates_nothing<A: HasCosts<f32>>(
    hidden: &str,
    (output, cost): (A, &str),
    optimizer: &str,
    regularizer: &str,
) {
    let hidden: AnyActivation = hidden.parse().unwrap();
    let mut network = Network::<f32, _, _>::new(&[6, 5, 4], hidden, output, &ByActivation, 1).unwrap();
    let x = DMatrix::from_fn(6, 8, |i, j| ((i * 5 + j * 3) % 7) as f32 / 7.0);
    // One-hot, and of the first two outputs only, as the Gaussian likelihood wants them.
    let y = DMatrix::from_fn(4, 8, |i, j| if i == j % 2 { 1.0 } else { 0.0 });
    let batch = Batch::new(x, y).unwrap();
    let trainer = Trainer::new(cost.parse::<AnyCost<f32, A>>().unwrap())
        .optimizer(optimizer.parse::<AnyOptimizer>().unwrap())
        .regularizer(regularizer.parse::<AnyRegularizer>().unwrap());
    let mut learner = trainer.learner(&network).unwrap();
    learner.step(&mut network, &batch, 1e-3).unwrap();
    let before = allocations();
    for _ in 0..5 {
        learner.step(&mut network, &batch, 1e-3).unwrap();
    }
    let new = allocations() - before;
    assert_eq!(new, 0, "{cost}, {optimizer}, {regularizer}: allocations in 5 steps");
}

/// Issue 10: whatever has a name, a search included.
fn no_part_allocates() {
    let softmax = || (Softmax::default(), "log_likelihood");
    for hidden in AnyActivation::NAMES {
        assert_learner_allocates_nothing(hidden, softmax(), "sgd", "none");
    }
    for optimizer in AnyOptimizer::NAMES {
        let around = format!("{optimizer}(adam)");
        let name = if optimizer.parse::<AnyOptimizer>().is_ok() { optimizer } else { &around[..] };
        assert_learner_allocates_nothing("tanh", softmax(), name, "l2(lambda=0.1)");
    }
    for regularizer in AnyRegularizer::NAMES {
        assert_learner_allocates_nothing("tanh", softmax(), "momentum", regularizer);
    }
    fn costs<A: HasCosts<f32> + Clone>(output: A) {
        for cost in A::COSTS {
            assert_learner_allocates_nothing("tanh", (output.clone(), cost), "sgd", "none");
        }
    }
    costs(Sigmoid);
    costs(Softmax::default());
    costs(Linear);
    costs(Exponential);
}

#[test]
fn a_step_allocates_nothing() {
    let before = allocations();
    drop(std::hint::black_box(vec![1u8; 100]));
    assert!(allocations() > before, "the counter counts");

    // 107 samples: a last mini-batch of 7.
    let pixels: Dataset<f32> = Dataset::synthetic_digits(107, 1).unwrap();
    let numbers = pixels.to_floats().unwrap();
    let (momentum, nesterov) = (Momentum::new(0.5).unwrap(), Nesterov::new(0.5).unwrap());
    for threads in [Some(1), Some(2), None] {
        for data in [&pixels, &numbers] {
            assert_steps_allocate_nothing(&[784, 10], data, 10, Sgd, ELEMENTWISE, None, threads);
            assert_steps_allocate_nothing(&[784, 30, 10], data, 10, momentum, ELEMENTWISE, None, threads);
            assert_steps_allocate_nothing(
                &[784, 30, 10],
                data,
                50,
                Box::new(nesterov),
                ELEMENTWISE,
                None,
                threads,
            );
            assert_steps_allocate_nothing(&[784, 12, 7, 10], data, 1, nesterov, ELEMENTWISE, None, threads);
        }
    }

    // Large enough for products to be divided among threads, of which each needs room of its own; 20 of 250 are left.
    let data: Dataset<f32> = Dataset::synthetic_digits(250, 1).unwrap();
    for threads in [Some(1), Some(3), Some(8), None] {
        assert_steps_allocate_nothing(&[784, 300, 200, 10], &data, 46, Sgd, ELEMENTWISE, None, threads);
    }

    // What looks at whole arrays or at the whole network, and what draws numbers.
    let dropouts = [None, Some(Dropout::new(0.2, 0.5).unwrap())];
    for threads in [Some(1), Some(3), None] {
        for (dropout, optimizer) in
            dropouts.into_iter().flat_map(|dropout| optimizers().into_iter().map(move |o| (dropout, o)))
        {
            assert_steps_allocate_nothing(
                &[784, 300, 200, 10],
                &data,
                120,
                optimizer,
                GROUPS,
                dropout,
                threads,
            );
        }
        for (dropout, optimizer) in
            dropouts.into_iter().flat_map(|dropout| optimizers().into_iter().map(move |o| (dropout, o)))
        {
            assert_steps_allocate_nothing(
                &[784, 30, 10],
                &pixels,
                10,
                optimizer,
                ELEMENTWISE,
                dropout,
                threads,
            );
        }
    }

    // In the end, as a learner outside of a run starts threads that stay.
    no_part_allocates();
}
