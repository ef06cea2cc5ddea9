//! A cache of blocks, with a thread that reads ahead.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::file::{Block, SampleFile};
use crate::error::Result;

/// The blocks of some files, a limited number of which is in memory.
#[derive(Debug)]
pub(super) struct Cache {
    shared: Arc<Shared>,
    /// The thread that reads ahead; `None` without the feature `parallel`, or if no thread could be started.
    reader: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    files: Vec<SampleFile>,
    /// The file of each block, and the number of the block in the file.
    places: Vec<(usize, usize)>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    slots: HashMap<usize, Slot>,
    /// The blocks in memory in the order in which they were read.
    age: VecDeque<usize>,
    /// The blocks that will be needed soon, and in `queue` those of them that are still to be read.
    wanted: HashSet<usize>,
    queue: VecDeque<usize>,
    /// The maximum number of blocks in memory, and in `least` its lower bound, however few blocks are wanted.
    capacity: usize,
    least: usize,
    /// The buffers of dropped blocks, for reuse: allocating new memory takes longer than reading a block.
    spare: Vec<Vec<u8>>,
    closing: bool,
}

#[derive(Debug, Clone)]
enum Slot {
    /// A thread is reading the block.
    Reading,
    Ready(Arc<Block>),
}

impl Cache {
    pub fn new(files: Vec<SampleFile>, capacity: usize) -> Self {
        let blocks = |(file, opened): (usize, &SampleFile)| {
            (0..opened.header.blocks()).map(move |block| (file, block))
        };
        let places = files.iter().enumerate().flat_map(blocks).collect();
        let state = Mutex::new(State { capacity, least: capacity, ..State::default() });
        let shared = Arc::new(Shared { files, places, state, changed: Condvar::new() });
        let reading = shared.clone();
        let start = move || {
            thread::Builder::new().name("gradus-read".to_owned()).spawn(move || reading.read_ahead()).ok()
        };
        let reader = cfg!(feature = "parallel").then(start).flatten();
        Self { shared, reader }
    }

    pub fn files(&self) -> &[SampleFile] {
        &self.shared.files
    }

    /// Returns the file of block `block`, and the number of the block in the file.
    pub fn place(&self, block: usize) -> (&SampleFile, usize) {
        let (file, index) = self.shared.places[block];
        (&self.shared.files[file], index)
    }

    /// Returns block `block`, and reads it if it is not in memory.
    pub fn get(&self, block: usize) -> Result<Arc<Block>> {
        let mut state = self.shared.lock();
        loop {
            match state.slots.get(&block) {
                Some(Slot::Ready(ready)) => return Ok(ready.clone()),
                Some(Slot::Reading) => {
                    state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                None => {
                    state.slots.insert(block, Slot::Reading);
                    drop(state);
                    return self.shared.read(block);
                }
            }
        }
    }

    /// Declares which blocks will be needed soon, so that they are read ahead and kept.
    pub fn want(&self, blocks: impl Iterator<Item = usize> + Clone) {
        if self.reader.is_none() {
            return;
        }
        let mut state = self.shared.lock();
        state.wanted = blocks.clone().collect();
        state.capacity = state.least.max(state.wanted.len() + 2);
        let missing = |block: &usize| !state.slots.contains_key(block);
        let queue = blocks.filter(missing).collect();
        state.queue = queue;
        drop(state);
        self.shared.changed.notify_all();
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        self.shared.lock().closing = true;
        self.shared.changed.notify_all();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a block that is marked as being read, and wakes the threads that wait for it. After a failure each of them
    /// tries itself, and gets the error.
    fn read(&self, block: usize) -> Result<Arc<Block>> {
        let ended = Ended { shared: self, block };
        let (file, index) = self.places[block];
        let spare = self.lock().spare.pop().unwrap_or_default();
        let read = Arc::new(self.files[file].read(index, spare)?);
        let mut state = self.lock();
        state.slots.insert(block, Slot::Ready(read.clone()));
        state.age.push_back(block);
        state.shrink();
        drop(state);
        drop(ended);
        Ok(read)
    }

    /// The loop of the thread that reads ahead.
    fn read_ahead(&self) {
        let mut state = self.lock();
        while !state.closing {
            match state.queue.pop_front() {
                Some(block) if state.slots.contains_key(&block) => {}
                Some(block) => {
                    state.slots.insert(block, Slot::Reading);
                    drop(state);
                    // An error occurs again, and is reported, on the thread that needs the block.
                    let _ = self.read(block);
                    state = self.lock();
                }
                None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

impl State {
    /// Drops the oldest blocks beyond the capacity, first those that are not wanted.
    fn shrink(&mut self) {
        while self.age.len() > self.capacity.max(1) {
            let unwanted = self.age.iter().position(|block| !self.wanted.contains(block)).unwrap_or(0);
            if let Some(number) = self.age.remove(unwanted)
                && let Some(Slot::Ready(block)) = self.slots.remove(&number)
            {
                self.spare.extend(Arc::into_inner(block).map(Block::into_bytes));
            }
        }
    }
}

/// Wakes the threads that wait for a block when reading it has ended, also by a panic.
struct Ended<'a> {
    shared: &'a Shared,
    block: usize,
}

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        if matches!(state.slots.get(&self.block), Some(Slot::Reading)) {
            state.slots.remove(&self.block);
        }
        drop(state);
        self.shared.changed.notify_all();
    }
}
