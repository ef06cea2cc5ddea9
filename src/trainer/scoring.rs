//! The evaluation of the data sets after each epoch.

use crate::activation::Activation;
use crate::cost::Cost;
use crate::data::Samples;
use crate::error::Result;
use crate::metrics::Evaluator;
use crate::network::Network;
use crate::real::Real;

/// The data sets that are evaluated after each epoch, each with the room that this needs.
pub(super) struct EpochEvaluator<'a, T> {
    training: Option<(&'a dyn Samples<T>, Evaluator<T>)>,
    validation: Option<(&'a dyn Samples<T>, Evaluator<T>)>,
}

impl<'a, T: Real> EpochEvaluator<'a, T> {
    pub(super) fn new<H: Activation<T>, A: Activation<T>>(
        network: &Network<T, H, A>,
        training: &'a dyn Samples<T>,
        validation: Option<&'a dyn Samples<T>>,
        monitor_training: bool,
    ) -> Result<Self> {
        let scorer = |samples: &'a dyn Samples<T>| Ok((samples, Evaluator::new(network, samples)?));
        let training = training.unaugmented().unwrap_or(training);
        Ok(Self {
            training: monitor_training.then_some(training).map(scorer).transpose()?,
            validation: validation.map(scorer).transpose()?,
        })
    }
}

macro_rules! score {
    ($($set:ident)*) => { $(
        pub(super) fn $set<H, A, C>(&mut self, network: &Network<T, H, A>, cost: &C) -> Result<Option<crate::history::Score>>
        where
            H: Activation<T>,
            A: Activation<T>,
            C: Cost<T, A>,
        {
            match &mut self.$set {
                Some((samples, evaluator)) => Ok(Some(evaluator.evaluate(network, cost, *samples)?.score)),
                None => Ok(None),
            }
        }
    )* };
}

impl<T: Real> EpochEvaluator<'_, T> {
    score!(training validation);
}
