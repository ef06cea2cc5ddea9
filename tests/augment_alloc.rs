//! Distorting images allocates nothing once a thread has done it for the first time.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use gradus::prelude::*;

/// The system's allocator, counting.
struct Counting;

static COUNT: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The only test of this program, so that nothing else allocates meanwhile.
#[test]
fn nothing_is_allocated_after_the_first_batch() -> gradus::Result<()> {
    let distortion = Elastic::new(4.0, 34.0)?
        .then(Rotation::up_to_degrees(15.0)?)
        .then(Scaling::up_to(1.15)?)
        .then(Translation::up_to(2.0)?)
        .then(Shear::up_to(0.2)?)
        .then(Contrast::up_to(1.5)?)
        .then(Noise::new(0.1)?)
        .then(Erasing::up_to(0.2)?);
    let images = Augmented::new(Dataset::<f32>::synthetic_digits(100, 1)?, (28, 28), distortion, 1)?;
    let images = Mixup::new(images, 0.4, 1)?;
    let (mut x, mut y) = (DMatrix::zeros(784, 10), DMatrix::zeros(10, 10));
    let indices: Vec<usize> = (0..100).collect();

    images.gather(1, &indices[..10], &mut x, &mut y)?;
    let before = COUNT.load(Ordering::Relaxed);
    for batch in indices.chunks(10) {
        images.gather(2, batch, &mut x, &mut y)?;
    }
    assert_eq!(COUNT.load(Ordering::Relaxed) - before, 0);
    Ok(())
}
