//! A custom training loop: a pole is balanced on a cart by policy gradient, with `Learner::step`.
//!
//! The inputs of the network are the state of the cart, its output is the probability of a push to the right. After
//! every ten episodes comes a training step: each action is an example, its target is the action itself, and its
//! weight is its advantage, how much longer than on average the pole stayed up afterwards. So actions that were better
//! than average become more probable, and worse ones less.
//!
//! Sources: Barto, Sutton and Anderson, *Neuronlike adaptive elements that can solve difficult learning control
//! problems*, 1983 (the cart); Williams, *Simple statistical gradient-following algorithms for connectionist
//! reinforcement learning*, 1992 (the gradient).

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;
use gradus::prelude::*;
use gradus::random::{Purpose, generator};
use rand::{Rng, RngExt};
use shared::plot;
use shared::plot::Chart;

mod shared;

/// Learns to balance a pole on a cart, in a custom training loop
#[derive(Debug, Parser)]
struct Options {
    /// Seeds of the network, of the carts and of the actions, comma-separated; one run for each
    #[arg(long, value_delimiter = ',', default_value = "1,2,3")]
    seeds: Vec<u64>,
    /// Maximum number of training steps, each after ten episodes
    #[arg(long, default_value_t = 300)]
    steps: usize,
    /// Learning rate η of Adam
    #[arg(long, default_value_t = 0.01)]
    eta: f64,
    /// A few seconds: one seed
    #[arg(long)]
    quick: bool,
}

/// Maximum number of steps of an episode.
const LONGEST: usize = 200;
/// Mean length of the last 100 episodes at which the task counts as solved.
const SOLVED: f64 = 195.0;
/// Episodes for each training step.
const EPISODES: usize = 10;
/// Discount factor of the returns, per step.
const DISCOUNT: f64 = 0.99;

/// A pole on a cart, in metres, kilograms, seconds and radians.
#[derive(Debug, Clone, Copy)]
struct Cart {
    position: f64,
    velocity: f64,
    angle: f64,
    rotation: f64,
}

impl Cart {
    /// Draws a cart nearly at rest with its pole nearly upright.
    fn new(rng: &mut impl Rng) -> Self {
        let mut near_zero = || rng.random_range(-0.05..0.05);
        Self { position: near_zero(), velocity: near_zero(), angle: near_zero(), rotation: near_zero() }
    }

    fn state(&self) -> [f64; 4] {
        [self.position, self.velocity, self.angle, self.rotation]
    }

    /// Pushes the cart to the right or to the left for 0.02 s, in one step of Euler's method.
    fn push(&mut self, right: bool) {
        const GRAVITY: f64 = 9.8;
        const CART: f64 = 1.0;
        const POLE: f64 = 0.1;
        const HALF_LENGTH: f64 = 0.5;
        const FORCE: f64 = 10.0;
        const SECONDS: f64 = 0.02;

        let force = if right { FORCE } else { -FORCE };
        let (sin, cos) = self.angle.sin_cos();
        let pushed = (force + POLE * HALF_LENGTH * self.rotation.powi(2) * sin) / (CART + POLE);
        let angular =
            (GRAVITY * sin - cos * pushed) / (HALF_LENGTH * (4.0 / 3.0 - POLE * cos.powi(2) / (CART + POLE)));
        let acceleration = pushed - POLE * HALF_LENGTH * angular * cos / (CART + POLE);
        self.position += SECONDS * self.velocity;
        self.velocity += SECONDS * acceleration;
        self.angle += SECONDS * self.rotation;
        self.rotation += SECONDS * angular;
    }

    /// Returns whether the cart is on its track of 4.8 m and the pole within 12° of upright.
    fn is_up(&self) -> bool {
        self.position.abs() <= 2.4 && self.angle.abs() <= 12.0f64.to_radians()
    }
}

type Policy = Network<f64, Tanh, Sigmoid>;

/// The states and actions of an episode.
#[derive(Debug, Default)]
struct Episode {
    states: Vec<[f64; 4]>,
    /// 1 for a push to the right, 0 for one to the left.
    actions: Vec<f64>,
}

impl Episode {
    fn play(policy: &Policy, rng: &mut impl Rng) -> gradus::Result<Self> {
        let (mut cart, mut episode) = (Cart::new(rng), Self::default());
        while cart.is_up() && episode.states.len() < LONGEST {
            let state = cart.state();
            let right = policy.predict(&DMatrix::from_column_slice(4, 1, &state))?[0];
            let action = rng.random::<f64>() < right;
            episode.states.push(state);
            episode.actions.push(f64::from(u8::from(action)));
            cart.push(action);
        }
        Ok(episode)
    }

    fn len(&self) -> usize {
        self.states.len()
    }

    /// Returns for each action the discounted number of steps that the pole stayed up from then on.
    fn returns(&self) -> Vec<f64> {
        let mut returns: Vec<f64> = (0..self.len())
            .scan(0.0, |after, _| {
                *after = 1.0 + DISCOUNT * *after;
                Some(*after)
            })
            .collect();
        returns.reverse();
        returns
    }
}

/// Returns all actions of `episodes` as one batch, weighted by their advantages: the returns, standardized to mean 0
/// and standard deviation 1.
fn batch(episodes: &[Episode]) -> gradus::Result<Batch<f64>> {
    let states: Vec<f64> =
        episodes.iter().flat_map(|episode| episode.states.iter().flatten().copied()).collect();
    let actions: Vec<f64> = episodes.iter().flat_map(|episode| episode.actions.iter().copied()).collect();
    let returns: Vec<f64> = episodes.iter().flat_map(Episode::returns).collect();
    let n = actions.len();
    let mut batch = Batch::new(DMatrix::from_vec(4, n, states), DMatrix::from_vec(1, n, actions))?;
    let mean = returns.iter().sum::<f64>() / n as f64;
    let deviation = (returns.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n as f64).sqrt();
    batch.weights = returns.iter().map(|value| (value - mean) / deviation.max(1e-9)).collect();
    Ok(batch)
}

/// Returns the mean of the last 100 of `lengths`.
fn mean_of_last(lengths: &[usize]) -> f64 {
    let last = &lengths[lengths.len().saturating_sub(100)..];
    last.iter().sum::<usize>() as f64 / last.len() as f64
}

/// Trains until the task is solved. Returns the lengths of all episodes.
fn train(options: &Options, seed: u64) -> gradus::Result<Vec<usize>> {
    let mut policy = Policy::new(&[4, 16, 1], Tanh, Sigmoid, &ScaledGaussian, seed)?;
    let trainer = Trainer::new(CrossEntropy).optimizer(Adam::default()).seed(seed);
    let mut learner = trainer.learner(&policy)?;
    let mut rng = generator(seed, Purpose::User, 0, 0);
    let mut lengths = Vec::new();
    for step in 1..=options.steps {
        let episodes =
            (0..EPISODES).map(|_| Episode::play(&policy, &mut rng)).collect::<gradus::Result<Vec<_>>>()?;
        lengths.extend(episodes.iter().map(Episode::len));
        let mean = mean_of_last(&lengths);
        if step % 10 == 0 {
            println!("{seed:4} {step:5} {:8} {mean:10.1}", lengths.len());
        }
        if lengths.len() >= 100 && mean >= SOLVED {
            println!(
                "seed {seed}: solved, {mean:.1} steps on average over the last 100 of {} episodes",
                lengths.len()
            );
            return Ok(lengths);
        }
        learner.step(&mut policy, &batch(&episodes)?, options.eta)?;
    }
    println!(
        "seed {seed}: not solved, {:.1} steps on average over the last 100 episodes",
        mean_of_last(&lengths)
    );
    Ok(lengths)
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    println!("seed  step episodes  mean of the last 100 lengths, {LONGEST} at most");
    let mut chart =
        Chart::new("A pole on a cart", "episode", "steps until the pole falls, mean of the last 100");
    for &seed in &options.seeds {
        let lengths = train(options, seed)?;
        let means = (1..=lengths.len()).map(|n| (n as f64, mean_of_last(&lengths[..n])));
        chart = chart.line(&format!("seed {seed}"), means);
    }
    println!(
        "{}",
        plot::save("own_loop", "Policy gradient in a custom training loop", 1, &[chart])?.display()
    );
    Ok(())
}

fn main() -> ExitCode {
    let mut options = Options::parse();
    if options.quick {
        options.seeds.truncate(1);
    }
    shared::exit(run(&options))
}
