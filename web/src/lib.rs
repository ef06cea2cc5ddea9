//! Training on a web page: the functions that its worker calls.
//!
//! A call has its argument in the input buffer and leaves its result in the output buffer: JSON, or numbers as they
//! are in memory. It returns whether it succeeded; otherwise the output is the text of the error. There is one state,
//! of the run that is being watched.

pub mod digits;
pub mod lessons;
pub mod session;
pub mod settings;

use std::cell::RefCell;
use std::fmt::Display;

use digits::Digits;
use gradus::prelude::*;
use serde::{Deserialize, Serialize};
use session::Session;
use settings::Settings;

#[derive(Default)]
struct State {
    input: Vec<u8>,
    output: Vec<u8>,
    digits: Option<Digits>,
    session: Option<Box<dyn Session>>,
}

thread_local!(static STATE: RefCell<State> = RefCell::default());

/// The result of a call.
type Answer = Result<Vec<u8>, String>;

/// Runs a call on the state and its input.
fn call(answer: impl FnOnce(&mut State, &[u8]) -> Answer) -> bool {
    STATE.with(|state| {
        let Ok(mut state) = state.try_borrow_mut() else { return false };
        let input = std::mem::take(&mut state.input);
        let answer = answer(&mut state, &input);
        state.input = input;
        let is_ok = answer.is_ok();
        state.output = answer.unwrap_or_else(String::into_bytes);
        is_ok
    })
}

fn text(error: impl Display) -> String {
    error.to_string()
}

fn parse<'a, D: Deserialize<'a>>(input: &'a [u8]) -> Result<D, String> {
    serde_json::from_slice(input).map_err(text)
}

fn json(value: &impl Serialize) -> Answer {
    serde_json::to_vec(value).map_err(text)
}

fn bytes<'a>(numbers: impl IntoIterator<Item = &'a f32>) -> Vec<u8> {
    numbers.into_iter().flat_map(|number| number.to_le_bytes()).collect()
}

impl State {
    fn session(&mut self) -> Result<&mut Box<dyn Session>, String> {
        self.session.as_mut().ok_or_else(|| "There is no network yet.".to_owned())
    }
}

/// Resizes the input buffer to `length` bytes, and returns its address.
#[unsafe(no_mangle)]
pub extern "C" fn input(length: usize) -> *mut u8 {
    STATE.with(|state| {
        state.try_borrow_mut().map_or(std::ptr::null_mut(), |mut state| {
            state.input.resize(length, 0);
            state.input.as_mut_ptr()
        })
    })
}

/// Returns the address of the output.
#[unsafe(no_mangle)]
pub extern "C" fn output() -> *const u8 {
    STATE.with(|state| state.try_borrow().map_or(std::ptr::null(), |state| state.output.as_ptr()))
}

/// Returns the length of the output.
#[unsafe(no_mangle)]
pub extern "C" fn output_length() -> usize {
    STATE.with(|state| state.try_borrow().map_or(0, |state| state.output.len()))
}

/// Reads digits from the bytes of two IDX files, one after the other, the images first, which are `images` bytes long.
#[unsafe(no_mangle)]
pub extern "C" fn read_files(images: usize) -> bool {
    call(|state, input| {
        let (images, labels) =
            input.split_at_checked(images).ok_or("The length of the image file exceeds the input.")?;
        let digits = Digits::read(images, labels)?;
        let count = digits.count();
        (state.digits, state.session) = (Some(digits), None);
        json(&count)
    })
}

/// Returns to synthetic digits.
#[unsafe(no_mangle)]
pub extern "C" fn forget_files() -> bool {
    call(|state, _| {
        (state.digits, state.session) = (None, None);
        Ok(Vec::new())
    })
}

/// Begins a run with the [`Settings`] in the input.
#[unsafe(no_mangle)]
pub extern "C" fn begin() -> bool {
    call(|state, input| {
        let settings: Settings = parse(input)?;
        let (training, seed) = (settings.training, settings.seed);
        let digits = match state.digits.take().filter(|digits| digits.serve(training, seed)) {
            Some(digits) => digits,
            None => Digits::draw(training, seed).map_err(text)?,
        };
        let sets = digits.divide(training);
        state.digits = Some(digits);
        state.session = Some(session::begin(&settings, sets.map_err(text)?).map_err(text)?);
        Ok(Vec::new())
    })
}

/// Makes some training steps, and returns the [`Progress`](session::Progress).
#[unsafe(no_mangle)]
pub extern "C" fn advance(steps: usize) -> bool {
    call(|state, _| json(&state.session()?.advance(steps).map_err(text)?))
}

/// Evaluates the network, and returns [`Measured`](session::Measured).
#[unsafe(no_mangle)]
pub extern "C" fn measure() -> bool {
    call(|state, _| json(&state.session()?.measure().map_err(text)?))
}

/// New η and λ of a run.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Adjusted {
    eta: f64,
    lambda: f64,
}

/// Changes η and λ of the run.
#[unsafe(no_mangle)]
pub extern "C" fn adjust() -> bool {
    call(|state, input| {
        let Adjusted { eta, lambda } = parse(input)?;
        state.session()?.adjust(eta, lambda).map_err(text)?;
        Ok(Vec::new())
    })
}

/// Returns the weights of the first layer, neuron by neuron.
#[unsafe(no_mangle)]
pub extern "C" fn weights() -> bool {
    call(|state, _| Ok(bytes(&state.session()?.weights().transpose())))
}

/// Returns the outputs for the 784 numbers in the input.
#[unsafe(no_mangle)]
pub extern "C" fn predict() -> bool {
    call(|state, input| {
        let x = input.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes));
        let x: Vec<f32> = x.map(|x| if x.is_finite() { x.clamp(0.0, 1.0) } else { 0.0 }).collect();
        if x.len() != 784 {
            return Err(format!("The image has {} pixels, and not 784.", x.len()));
        }
        let outputs = state.session()?.predict(&DMatrix::from_vec(784, 1, x)).map_err(text)?;
        Ok(bytes(&outputs))
    })
}

/// Returns the pixels of `count` digits from number `first` on, and then their labels. The first 1,000 are for
/// validation.
#[unsafe(no_mangle)]
pub extern "C" fn samples(first: usize, count: usize) -> bool {
    call(|state, _| {
        let digits = state.digits.as_ref().ok_or("There are no digits yet.")?;
        let (mut pixels, labels) = digits.samples(first, count).map_err(text)?;
        pixels.extend(labels);
        Ok(pixels)
    })
}

/// Returns the outputs of the [`Neuron`](lessons::Neuron) in the input while it learns.
#[unsafe(no_mangle)]
pub extern "C" fn neuron() -> bool {
    call(|_, input| json(&parse::<lessons::Neuron>(input)?.learn().map_err(text)?))
}

/// Returns the softmax of the weighted inputs in the input.
#[unsafe(no_mangle)]
pub extern "C" fn softmax() -> bool {
    call(|_, input| json(&lessons::softmax(&parse::<Vec<f32>>(input)?)))
}
