//! The run of the page as a native program: `gradus-web EPOCHS SETTINGS` trains with one call of `fit`, and prints the
//! hash of the parameters after each epoch. `SETTINGS` is the JSON that the page shows.

use std::error::Error;
use std::ops::ControlFlow;

use gradus::cost::HasCosts;
use gradus::prelude::*;
use gradus_web::digits::Digits;
use gradus_web::session::hash;
use gradus_web::settings::Settings;

/// Prints the hash after each epoch.
#[derive(Debug)]
struct Print;

impl Observer<f32> for Print {
    fn on_epoch(&self, running: &Running<'_, f32>) -> ControlFlow<()> {
        let layers = running.layers();
        let parameters =
            layers.iter().flat_map(|layer| layer.weights.iter().chain(layer.biases.iter()).copied());
        println!("{:3} {}", running.epoch, hash(parameters));
        ControlFlow::Continue(())
    }
}

fn fit<O: HasCosts<f32>>(epochs: usize, settings: &Settings, output: O) -> Result<(), Box<dyn Error>> {
    let sets = Digits::draw(settings.training, settings.seed)?.divide(settings.training)?;
    let mut network = settings.network(output)?;
    let cost = O::cost(&settings.cost)?;
    let trainer = settings.trainer(cost.clone())?.stop(MaxEpochs::new(epochs)?).observe(Print);
    trainer.fit(&mut network, &settings.source(&sets.training)?, None)?;
    let validation = evaluate(&network, &cost, &sets.validation)?.scores;
    println!("validation {validation}");
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [epochs, settings] = &arguments[..] else { return Err("usage: gradus-web EPOCHS SETTINGS".into()) };
    let settings: Settings = serde_json::from_str(settings)?;
    match settings.cost.as_str() {
        "log_likelihood" => fit(epochs.parse()?, &settings, Softmax::default()),
        _ => fit(epochs.parse()?, &settings, Sigmoid),
    }
}
