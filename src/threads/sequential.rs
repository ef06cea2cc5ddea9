//! Everything on the caller's thread: the crate without the feature `parallel`.

use crate::error::Result;

pub(crate) fn count() -> usize {
    1
}

pub(crate) fn available() -> usize {
    1
}

pub(super) fn is_awake() -> bool {
    false
}

pub(crate) fn join<A, B>(a: impl FnOnce() -> A, b: impl FnOnce() -> B) -> (A, B) {
    (a(), b())
}

pub(crate) fn alone<V>(work: impl FnOnce() -> V) -> V {
    work()
}

pub(crate) fn broadcast(work: impl Fn()) {
    work();
}

pub(crate) fn run<V>(_threads: Option<usize>, _keep_awake: bool, work: impl FnOnce() -> V) -> Result<V> {
    Ok(work())
}
