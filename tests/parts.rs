#[path = "suite/activations.rs"]
mod activations;
#[path = "suite/costs.rs"]
mod costs;
#[path = "suite/initializers.rs"]
mod initializers;
#[path = "suite/reference.rs"]
mod reference;
