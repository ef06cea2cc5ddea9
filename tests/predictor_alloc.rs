//! A prediction allocates nothing, counted by the allocator itself over all threads.
//!
//! One test in a binary of its own: the test runner allocates too, whenever a test ends.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

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

/// Predicts for single samples, for several blocks of them and for a partial one, and returns what that allocated.
fn allocations_of<T: Real, H: Activation<T>, O: Activation<T>>(
    mut predictor: Predictor<T, H, O>,
    n_inputs: usize,
) -> usize {
    let x = DMatrix::from_fn(n_inputs, 300, |i, j| T::cast(((i * 7 + j * 3) % 11) as f64 / 11.0));
    let mut seen = 0;
    let before = allocations();
    for column in x.as_slice().chunks_exact(n_inputs) {
        let prediction = predictor.predict(column).unwrap();
        seen += prediction.values().len() + prediction.class().unwrap_or(0);
        seen +=
            prediction.class_name().map_or(0, str::len) + prediction.probabilities().map_or(0, <[T]>::len);
    }
    predictor.predict_each(&x, |_, prediction| seen += prediction.values().len()).unwrap();
    let after = allocations();
    assert!(seen > 0);
    after - before
}

#[test]
fn a_prediction_allocates_nothing() {
    let before = allocations();
    drop(std::hint::black_box(vec![1u8; 100]));
    assert!(allocations() > before, "the counter counts");

    let outputs: [(&str, Task); 5] = [
        ("softmax", Task::Classes),
        ("sigmoid", Task::Classes),
        ("sigmoid", Task::Labels { threshold: 0.5 }),
        ("linear", Task::Regression),
        ("exponential", Task::Regression),
    ];
    // The last one is large enough for products that would be divided among threads.
    for sizes in [&[3, 2][..], &[30, 40, 5], &[784, 30, 10], &[784, 400, 300, 10]] {
        for hidden in ["tanh", "relu", "gelu", "softmax"] {
            for (output, task) in &outputs {
                let hidden: AnyActivation = hidden.parse().unwrap();
                let output: AnyActivation = output.parse().unwrap();
                let (n_inputs, n_outputs) = (sizes[0], sizes[sizes.len() - 1]);
                let data = Dataset::new(
                    DMatrix::from_fn(n_inputs, 10, |i, j| (i + j * j) as f32),
                    DMatrix::from_fn(n_outputs, 10, |i, j| (i + j * j) as f32),
                )
                .unwrap();
                let mut meaning = Meaning::new(*task).with_input_scaler(Standardize.fit(&data).unwrap());
                meaning = match task {
                    Task::Regression => meaning.with_target_scaler(Standardize.fit_targets(&data).unwrap()),
                    _ => meaning.with_class_names(&vec!["a class"; n_outputs]),
                };
                let network = Network::<f32, _, _>::new(sizes, hidden, output, &ScaledGaussian, 1).unwrap();
                let bytes = Predictor::new(network, meaning).unwrap().to_bytes().unwrap();
                let loaded = Predictor::<f32>::from_bytes(&bytes).unwrap();
                assert_eq!(allocations_of(loaded, n_inputs), 0, "{sizes:?} {hidden} {output}, {task}");
            }
        }
    }
    let network =
        Network::<f64, _, _>::new(&[784, 30, 10], Sigmoid, Softmax::default(), &ScaledGaussian, 1).unwrap();
    let predictor = Predictor::new(network, Meaning::new(Task::Classes)).unwrap();
    assert_eq!(allocations_of(predictor, 784), 0);
}
