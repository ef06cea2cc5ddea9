//! Small training runs that between them use every part of the crate, and a hash of the bits of each.
//!
//! The test `same_bits` compares the hashes with those in `expected.txt`; `tools/same-bits` computes them on other machines.
//! The runs are so small because a fused multiply-add in software, on a processor that is itself emulated, takes microseconds.

use gradus::cost::HasCosts;
use gradus::data::Scale;
use gradus::data::augment::Then;
use gradus::metrics::Scores;
use gradus::prelude::*;
use gradus::random::{Purpose, generator};
use gradus::{Result, trainer};
use rand::Rng;

/// A run, and what it returns: the hash of its parameters and its history.
pub struct Job {
    pub name: String,
    pub run: Box<dyn Fn() -> Result<u64>>,
}

/// All runs, in single and in double precision.
pub fn jobs() -> Vec<Job> {
    let mut jobs = Jobs { jobs: Vec::new(), real: "f32" };
    jobs.add_all::<f32>();
    jobs.real = "f64";
    jobs.add_all::<f64>();
    jobs.jobs
}

/// The hash FNV-1a of Fowler, Noll and Vo, of the bytes of 64-bit words.
#[derive(Clone, Copy)]
pub struct Hash(pub u64);

impl Default for Hash {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hash {
    pub fn word(&mut self, word: u64) {
        for byte in word.to_le_bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn number(&mut self, number: f64) {
        self.word(number.to_bits());
    }

    fn scores(&mut self, scores: &Option<Scores>) {
        scores.iter().flat_map(Scores::iter).for_each(|score| self.number(score.value));
    }

    /// Everything of the history but the seconds.
    fn history(&mut self, history: &History) {
        for record in history.epochs() {
            self.word(record.epoch as u64);
            for number in [record.learning_rate, record.running_cost, record.penalty] {
                self.number(number);
            }
            self.scores(&record.training);
            self.scores(&record.validation);
        }
    }
}

/// The parts of a run, by their names.
struct Parts<'a> {
    hidden: &'a str,
    initializer: &'a str,
    optimizer: &'a str,
    regularizer: &'a str,
    schedule: &'a str,
    stop: &'a str,
    measures: Vec<&'a str>,
    dropout: Option<(f64, f64)>,
    mini_batch: usize,
    leaves: usize,
    sizes: Vec<usize>,
}

impl Default for Parts<'_> {
    fn default() -> Self {
        Self {
            hidden: "tanh",
            initializer: "by_activation",
            optimizer: "sgd",
            regularizer: "none",
            schedule: "constant(eta=0.1)",
            stop: "max_epochs(epochs=3)",
            measures: Vec::new(),
            dropout: None,
            mini_batch: 8,
            leaves: 1,
            sizes: vec![7],
        }
    }
}

impl Parts<'_> {
    fn trainer<T: Real, O: HasCosts<T>>(&self, cost: &str) -> Result<Trainer<T, AnyCost<T, O>>> {
        let mut trainer = Trainer::new(cost.parse()?)
            .optimizer(self.optimizer.parse::<AnyOptimizer>()?)
            .regularizer(self.regularizer.parse::<AnyRegularizer>()?)
            .schedule(self.schedule.parse::<AnySchedule>()?)
            .stop(self.stop.parse::<AnyStoppingRule>()?)
            .mini_batch(self.mini_batch)
            .leaves(self.leaves)
            .monitor_training(true)
            .seed(7);
        for measure in &self.measures {
            trainer = trainer.measure(measure.parse::<AnyMeasure>()?);
        }
        if let Some((inputs, hidden)) = self.dropout {
            trainer = trainer.dropout(trainer::Dropout::new(inputs, hidden)?);
        }
        Ok(trainer)
    }

    fn network<T: Real, O: Activation<T>>(
        &self,
        output: O,
        (n_in, n_out): (usize, usize),
    ) -> Result<Network<T, AnyActivation, O>> {
        let sizes = [&[n_in], &self.sizes[..], &[n_out]].concat();
        Network::new(&sizes, self.hidden.parse()?, output, &self.initializer.parse::<AnyInitializer>()?, 11)
    }

    /// The hash of a run.
    fn run<T: Real, O: HasCosts<T>, S: Samples<T>>(
        &self,
        output: O,
        cost: &str,
        training: &S,
        validation: &Dataset<T>,
    ) -> Result<u64> {
        let mut network = self.network(output, (training.n_inputs(), training.n_outputs()))?;
        let report = self.trainer(cost)?.fit(&mut network, training, Some(validation))?;
        let mut hash = Hash::default();
        hash.history(&report.history);
        // The parameters of the best epoch, and those of the last.
        network.parameters().flatten().for_each(|value| hash.number(value.to_f64()));
        report.run.parameters.values().iter().for_each(|value| hash.number(value.to_f64()));
        Ok(hash.0)
    }

    /// The hash of a run on classes.
    fn classes<T: Real>(&self) -> Result<u64> {
        let [training, validation] = split(&classes::<T>(36)?)?;
        self.run(Softmax::default(), "log_likelihood", &training, &validation)
    }
}

/// 30 of 36 samples for training.
fn split<T: Real>(data: &Dataset<T>) -> Result<[Dataset<T>; 2]> {
    let at = data.len() * 5 / 6;
    let (training, validation) = data.split_at(at)?;
    Ok([training, validation])
}

/// `n` numbers drawn uniformly from [−1, 1).
fn uniform(n: usize, stream: u64) -> Vec<f64> {
    let mut rng = generator(3, Purpose::User, 0, stream);
    (0..n).map(|_| (rng.next_u64() >> 11) as f64 / (1u64 << 52) as f64 - 1.0).collect()
}

const INPUTS: usize = 5;

fn inputs<T: Real>(n: usize) -> DMatrix<T> {
    DMatrix::from_iterator(INPUTS, n, uniform(INPUTS * n, 0).into_iter().map(T::cast))
}

/// Three classes, or two sums and a number of them in between.
fn targets<T: Real>(n: usize, rows: usize, y: impl Fn(&[f64], usize) -> f64) -> DMatrix<T> {
    let x = inputs::<f64>(n);
    DMatrix::from_fn(rows, n, |row, sample| T::cast(y(&x.as_slice()[INPUTS * sample..][..INPUTS], row)))
}

fn classes<T: Real>(n: usize) -> Result<Dataset<T>> {
    let class = |x: &[f64]| usize::from(x[0] + x[1] > 0.2) + usize::from(x[2] * x[3] > x[0]);
    Dataset::new(inputs(n), targets(n, 3, |x, row| f64::from(u8::from(class(x) == row))))
}

fn labels<T: Real>(n: usize) -> Result<Dataset<T>> {
    Dataset::new(inputs(n), targets(n, 3, |x, row| f64::from(u8::from(x[row] * x[row + 1] > x[4]))))
}

fn binary<T: Real>(n: usize) -> Result<Dataset<T>> {
    Dataset::new(inputs(n), targets(n, 1, |x, _| f64::from(u8::from(x[0] * x[1] > x[4]))))
}

fn numbers<T: Real>(n: usize) -> Result<Dataset<T>> {
    Dataset::new(inputs(n), targets(n, 2, |x, row| x[row] * x[row + 1] - 0.5 * x[3]))
}

/// Numbers of which the second ones are the outputs for the logarithm of the variance.
fn padded<T: Real>(n: usize) -> Result<Dataset<T>> {
    let y: DMatrix<T> = targets(n, 1, |x, _| x[0] * x[1]);
    Dataset::new(inputs(n), GaussianNll::pad(&y))
}

fn counts<T: Real>(n: usize) -> Result<Dataset<T>> {
    Dataset::new(inputs(n), targets(n, 2, |x, row| (2.0 * (x[row] + 1.0)).floor()))
}

/// Images of 8 × 8 pixels, and two classes.
fn images<T: Real>(n: usize) -> Result<Dataset<T>> {
    let pixels = uniform(64 * n, 1).into_iter().map(|v| if v > 0.3 { (255.0 * v) as u8 } else { 0 });
    Dataset::from_pixels(pixels.collect(), 64, (0..n).map(|sample| (sample % 2) as u8).collect(), 2)
}

struct Jobs {
    jobs: Vec<Job>,
    real: &'static str,
}

impl Jobs {
    fn add(&mut self, name: &str, run: impl Fn() -> Result<u64> + 'static) {
        self.jobs.push(Job { name: format!("{} {name}", self.real), run: Box::new(run) });
    }

    fn add_all<T: Real>(&mut self) {
        self.add_parts::<T>();
        self.add_rules::<T>();
        self.add_costs::<T>();
        self.add_measures::<T>();
        self.add_distortions::<T>();
        self.add_data::<T>();
        self.add_shapes::<T>();
    }

    fn add_parts<T: Real>(&mut self) {
        for &hidden in AnyActivation::NAMES {
            let run = move || {
                Parts { hidden, schedule: "constant(eta=0.05)", sizes: vec![7, 6], ..Parts::default() }
                    .classes::<T>()
            };
            self.add(&format!("activation {hidden}"), run);
        }
        for &initializer in AnyInitializer::NAMES {
            self.add(&format!("initializer {initializer}"), move || {
                // Of this activation no other initializer has the deviation that `by_activation` has.
                Parts { hidden: "elu", initializer, ..Parts::default() }.classes::<T>()
            });
        }
        self.add("initializer with_biases", || {
            let [training, validation] = split(&classes::<T>(36)?)?;
            let initializer = WithBiases::new(HeNormal, 0.1, 0.5)?;
            let mut network =
                Network::<T, Silu, _>::new(&[INPUTS, 7, 3], Silu, Softmax::default(), &initializer, 11)?;
            let trainer = Trainer::new(LogLikelihood).stop(MaxEpochs::new(2)?).seed(7);
            let report = trainer.fit(&mut network, &training, Some(&validation))?;
            let mut hash = Hash::default();
            hash.history(&report.history);
            network.parameters().flatten().for_each(|value| hash.number(value.to_f64()));
            Ok(hash.0)
        });
        for (name, optimizer) in optimizers() {
            let run = move || {
                // L-BFGS needs the whole of the data.
                let full = optimizer.contains("lbfgs");
                let (mini_batch, schedule) =
                    if full { (30, "constant(eta=1)") } else { (8, "constant(eta=0.05)") };
                Parts { optimizer: &optimizer, mini_batch, schedule, ..Parts::default() }.classes::<T>()
            };
            self.add(&format!("optimizer {name}"), run);
        }
        for &regularizer in AnyRegularizer::NAMES {
            self.add(&format!("regularizer {regularizer}"), move || {
                Parts { regularizer: &format!("{regularizer} then l2(lambda=0.1)"), ..Parts::default() }
                    .classes::<T>()
            });
        }
        self.add("dropout", || Parts { dropout: Some((0.2, 0.5)), ..Parts::default() }.classes::<T>());
    }

    fn add_rules<T: Real>(&mut self) {
        for &name in AnySchedule::NAMES {
            let schedule = match name {
                "halve_on_plateau" => "halve_on_plateau(patience=1)",
                "reduce_on_plateau" => "reduce_on_plateau(patience=1, factor=0.3)",
                "multi_step_decay" => "multi_step_decay(after=[1, 2], factor=0.3)",
                "step_decay" => "step_decay(every=2, factor=0.3)",
                "polynomial_decay" => "polynomial_decay(epochs=7, power=1.7)",
                "cosine" => "cosine(epochs=7)",
                "cosine_restarts" => "cosine_restarts(epochs=2, lengthen=2)",
                "cyclic" => "cyclic(epochs=1.5, shrink=0.7)",
                "one_cycle" => "one_cycle(epochs=5)",
                "warm_up" => "warm_up(cosine(epochs=7), epochs=1.5)",
                name => name,
            };
            self.add(&format!("schedule {name}"), move || {
                Parts { schedule, stop: "max_epochs(epochs=5)", ..Parts::default() }.classes::<T>()
            });
        }
        for &name in AnyStoppingRule::NAMES {
            let rule = match name {
                "max_epochs" => "max_epochs(epochs=7)",
                "no_improvement" => "no_improvement(patience=4)",
                "rolling_average" => "rolling_average(window=2)",
                "target" => "target(value=0.5)",
                "cost_explosion" => "cost_explosion(factor=1.3)",
                "generalization_loss" => "generalization_loss(alpha=0.01)",
                "progress_quotient" => "progress_quotient(alpha=0.01, strip=3)",
                "successive_strips" => "successive_strips(strips=2, strip=2)",
                name => name,
            };
            self.add(&format!("stopping {name}"), move || {
                let (stop, schedule) = (&*format!("{rule} or max_epochs(epochs=25)"), "constant(eta=2)");
                Parts { stop, schedule, ..Parts::default() }.classes::<T>()
            });
        }
    }

    fn add_costs<T: Real>(&mut self) {
        fn run<T: Real, O: HasCosts<T>>(output: O, cost: &str, data: Result<Dataset<T>>) -> Result<u64> {
            let [training, validation] = split(&data?)?;
            Parts { schedule: "constant(eta=0.05)", ..Parts::default() }.run(
                output,
                cost,
                &training,
                &validation,
            )
        }
        for &cost in <Softmax as HasCosts<T>>::COSTS {
            self.add(&format!("cost {cost} of softmax"), move || {
                run(Softmax::with_sharpness(1.5)?, cost, classes::<T>(36))
            });
        }
        for &cost in <Sigmoid as HasCosts<T>>::COSTS {
            self.add(&format!("cost {cost} of sigmoid"), move || run(Sigmoid, cost, labels::<T>(36)));
        }
        for &cost in <Linear as HasCosts<T>>::COSTS {
            self.add(&format!("cost {cost} of linear"), move || {
                run(Linear, cost, if cost == "gaussian_nll" { padded::<T>(36) } else { numbers(36) })
            });
        }
        for &cost in <Exponential as HasCosts<T>>::COSTS {
            self.add(&format!("cost {cost} of exponential"), move || run(Exponential, cost, counts::<T>(36)));
        }
    }

    /// Every measure that is defined for the targets.
    fn add_measures<T: Real>(&mut self) {
        fn run<T: Real, O: HasCosts<T>>(output: O, cost: &str, data: Dataset<T>) -> Result<u64> {
            let (task, outputs) = (data.task(), data.n_outputs());
            let named =
                AnyMeasure::NAMES.iter().map(|&name| if name == "top_k" { "top_k(k=2)" } else { name });
            let defined = |name: &&str| {
                name.parse::<AnyMeasure>().is_ok_and(|measure| measure.meter(task, outputs).is_ok())
            };
            let measures = named.filter(|name| *name != "cost").filter(defined).collect();
            let [training, validation] = split(&data)?;
            Parts { measures, ..Parts::default() }.run(output, cost, &training, &validation)
        }
        self.add("measures of classes", || run(Softmax::default(), "log_likelihood", classes::<T>(60)?));
        self.add("measures of labels", || run(Sigmoid, "cross_entropy", labels::<T>(60)?));
        self.add("measures of two classes", || run(Sigmoid, "cross_entropy", binary::<T>(60)?));
        self.add("measures of numbers", || run(Linear, "quadratic", numbers::<T>(60)?));
    }

    fn add_distortions<T: Real>(&mut self) {
        type Make = fn() -> Result<Box<dyn Distortion>>;
        let distortions: [(&str, Make); 9] = [
            ("rotation", || Ok(Box::new(Rotation::up_to_degrees(20.0)?))),
            ("translation", || Ok(Box::new(Translation::up_to(1.5)?))),
            ("scaling", || Ok(Box::new(Scaling::up_to(1.3)?))),
            ("shear", || Ok(Box::new(Shear::up_to(0.3)?))),
            ("elastic", || Ok(Box::new(Elastic::new(1.5, 4.0)?))),
            ("contrast", || Ok(Box::new(Contrast::up_to(1.5)?))),
            ("noise", || Ok(Box::new(Noise::new(0.2)?))),
            ("erasing", || Ok(Box::new(Erasing::up_to(0.3)?))),
            ("rotation, elastic, noise", || Ok(Box::new(all()?))),
        ];
        fn all() -> Result<Then<Then<Rotation, Elastic>, Noise>> {
            Ok(Rotation::by_degrees(15.0)?.then(Elastic::new(1.5, 4.0)?).then(Noise::new(0.1)?))
        }
        for (name, distortion) in distortions {
            self.add(&format!("augmentation {name}"), move || {
                let [training, validation] = split(&images::<T>(12)?)?;
                let training = Augmented::new(training, (8, 8), distortion()?, 5)?;
                Parts { sizes: vec![4], ..Parts::default() }.run(
                    Softmax::default(),
                    "log_likelihood",
                    &training,
                    &validation,
                )
            });
        }
        for alpha in [0.2, 1.7] {
            self.add(&format!("augmentation mixup {alpha}"), move || {
                let [training, validation] = split(&classes::<T>(36)?)?;
                let training = Mixup::new(training, alpha, 5)?;
                Parts::default().run(Softmax::default(), "log_likelihood", &training, &validation)
            });
        }
    }

    fn add_data<T: Real>(&mut self) {
        type Make = fn() -> Result<Box<dyn Scale>>;
        let scales: [(&str, Make); 3] = [
            ("standardize", || Ok(Box::new(Standardize))),
            ("minmax", || Ok(Box::new(MinMax::default()))),
            ("robust", || Ok(Box::new(Robust))),
        ];
        for (name, scale) in scales {
            self.add(&format!("scale {name}"), move || {
                let [training, validation] = split(&numbers::<T>(36)?)?;
                let (rule, of) = (scale()?, Scaler::fit_targets::<T>);
                let (scaler, of_targets) = (Scaler::fit(&*rule, &training)?, of(&*rule, &training)?);
                let sets = of_targets.transform_targets_all(scaler.transform_all([training, validation])?)?;
                Parts::default().run(Linear, "quadratic", &sets[0], &sets[1])
            });
        }
        self.add("split and weights", || {
            let [training, validation] = Split::stratified(5).fractions(&classes::<T>(40)?, [0.75, 0.25])?;
            let training = Weighted::balanced(training)?;
            Parts::default().run(Softmax::default(), "log_likelihood", &training, &validation)
        });
        self.add("leaves", || Parts { leaves: 4, ..Parts::default() }.classes::<T>());
        self.add("permutation importance", || {
            let data = numbers::<T>(24)?;
            let network = Parts::default().network(Linear, (INPUTS, 2))?;
            let importances = PermutationImportance::new(3)?.of(&network, &Quadratic, &data)?;
            let mut hash = Hash::default();
            importances.inputs.iter().for_each(|input| hash.number(input.spread().mean));
            Ok(hash.0)
        });
        self.add("range test", || {
            let parts = Parts::default();
            let network = parts.network::<T, _>(Softmax::default(), (INPUTS, 3))?;
            let found = parts.trainer::<T, Softmax>("log_likelihood")?.find_rate(
                &network,
                &classes(36)?,
                RateRange::new(1e-3, 1.0, 20)?,
            )?;
            let mut hash = Hash::default();
            found.points.iter().for_each(|point| {
                hash.number(point.rate);
                hash.number(point.smoothed);
            });
            Ok(hash.0)
        });
        self.add("search", || {
            let search = Search::random(3).log_uniform("eta", 0.01, 1.0).log_integers("units", 2, 9).seed(1);
            let (found, _) = search.lower_is_better().run(|trial| {
                let eta = format!("constant(eta={})", trial.number("eta")?);
                let units = trial.integer("units")?;
                let parts = Parts { schedule: &eta, sizes: vec![units], ..Parts::default() };
                let [training, validation] = split(&numbers::<T>(36)?)?;
                let mut network = parts.network(Linear, (INPUTS, 2))?;
                let trainer = parts.trainer::<T, Linear>("quadratic")?;
                let report = trainer.fit(&mut network, &training, Some(&validation))?;
                Ok((report.history.last().map_or(f64::NAN, EpochRecord::training_cost), ()))
            })?;
            let mut hash = Hash::default();
            found.tried.iter().for_each(|tried| hash.number(tried.score));
            Ok(hash.0)
        });
    }

    /// Products of sizes that take other ways: several blocks, sums of more than 1,024 terms, a single output.
    fn add_shapes<T: Real>(&mut self) {
        self.add("digits 784-12-10", || {
            let [training, validation] = split(&Dataset::<T>::synthetic_digits(24, 1)?)?;
            Parts { sizes: vec![12], hidden: "sigmoid", stop: "max_epochs(epochs=1)", ..Parts::default() }
                .run(Softmax::default(), "log_likelihood", &training, &validation)
        });
        self.add("mini-batch of 1,300", || {
            let [training, validation] = split(&binary::<T>(1_560)?)?;
            Parts { sizes: vec![3], mini_batch: 1_300, stop: "max_epochs(epochs=2)", ..Parts::default() }.run(
                Sigmoid,
                "cross_entropy",
                &training,
                &validation,
            )
        });
        self.add("images 64-130-70-2", || {
            let [training, validation] = split(&images::<T>(120)?)?;
            let (sizes, stop) = (vec![130, 70], "max_epochs(epochs=1)");
            Parts { sizes, mini_batch: 60, hidden: "gelu", stop, ..Parts::default() }.run(
                Softmax::default(),
                "focal",
                &training,
                &validation,
            )
        });
        self.add("5-40-35-2", || {
            let [training, validation] = split(&numbers::<T>(40)?)?;
            Parts { sizes: vec![40, 35], mini_batch: 33, stop: "max_epochs(epochs=2)", ..Parts::default() }
                .run(Linear, "quadratic", &training, &validation)
        });
    }
}

/// Each optimizer by its name, and settings that its name does not show.
fn optimizers() -> Vec<(String, String)> {
    let wraps = |name: &str| ["clip_", "max_norm", "_average"].iter().any(|part| name.contains(part));
    let plain = AnyOptimizer::NAMES.iter().map(|&name| {
        let text = match name {
            "exponential_average" => "exponential_average(adam, beta=0.9)".to_owned(),
            "polyak_average" => "polyak_average(momentum, skip=3)".to_owned(),
            name if wraps(name) => format!("{name}(adam, limit=0.5)"),
            name => name.to_owned(),
        };
        (name.to_owned(), text)
    });
    let others = ["rms_prop(centred=true, mu=0.5)", "lion(lambda=0.1)"];
    plain.chain(others.map(|name| (name.to_owned(), name.to_owned()))).collect()
}
