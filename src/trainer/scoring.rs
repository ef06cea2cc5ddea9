//! The measures of each epoch, and their evaluation.

use std::sync::Arc;

use crate::data::{Samples, Task, Unaugmented};
use crate::error::{Error, Result};
use crate::history::{Metric, Split};
use crate::metrics::{Evaluator, Measure, Scores, default_measures};
use crate::network::{AnyNetwork, Model};
use crate::ranks::Team;
use crate::real::Real;

/// The measures that are evaluated after each epoch.
pub(super) struct Plan {
    task: Task,
    measures: Vec<Arc<dyn Measure>>,
    /// Whether the training data are evaluated too.
    training: bool,
}

impl Plan {
    /// Plans the measures that every run has, those of `metrics`, and `measures`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Measure`] if a measure is not defined for the task, and [`Error::SameName`] if two measures
    /// share a name.
    pub(super) fn new(
        (task, n_outputs): (Task, usize),
        metrics: &[Metric],
        measures: &[Arc<dyn Measure>],
        monitor_training: bool,
    ) -> Result<Self> {
        let mut plan = Self { task, measures: Vec::new(), training: monitor_training };
        plan.training |= metrics.iter().any(|metric| metric.split() == Split::Training);
        let usual = default_measures(task).map(|measure| Arc::new(measure) as Arc<dyn Measure>);
        let named = metrics.iter().filter_map(Metric::measure);
        for measure in usual.iter().chain(named).chain(measures) {
            // A measure that is not defined for the task is found here, before the first step.
            measure.meter(task, n_outputs)?;
            match plan.measures.iter().find(|other| other.name() == measure.name()) {
                None => plan.measures.push(measure.clone()),
                Some(same) if format!("{same:?}") == format!("{measure:?}") => {}
                Some(_) => return Err(Error::SameName { name: measure.name().into_owned() }),
            }
        }
        Ok(plan)
    }
}

impl Plan {
    /// Returns the names of the measures, and whether the training data are evaluated.
    pub(super) fn names(&self) -> String {
        let names: Vec<_> = self.measures.iter().map(|measure| measure.name()).collect();
        format!("{}{}", names.join(", "), if self.training { ", of the training data too" } else { "" })
    }
}

/// The data sets that are evaluated after each epoch, each with its buffers.
pub(super) struct EpochEvaluator<'a, T> {
    plan: Plan,
    training: Option<(&'a dyn Samples<T>, Evaluator<T>)>,
    validation: Option<(&'a dyn Samples<T>, Evaluator<T>)>,
}

impl<'a, T: Real> EpochEvaluator<'a, T> {
    pub(super) fn new(
        network: &dyn AnyNetwork<T>,
        training: &'a dyn Samples<T>,
        validation: Option<&'a dyn Samples<T>>,
        plan: Plan,
    ) -> Result<Self> {
        let evaluator = |samples: &'a dyn Samples<T>| Ok((samples, Evaluator::new(network, samples)?));
        Ok(Self {
            training: plan.training.then_some(training).map(evaluator).transpose()?,
            validation: validation.map(evaluator).transpose()?,
            plan,
        })
    }

    /// Returns the bytes of the largest message between ranks that share the evaluation.
    pub(super) fn message_bytes(&self) -> usize {
        let sets = [&self.training, &self.validation].into_iter().flatten();
        sets.map(|(_, evaluator)| evaluator.message_bytes()).max().unwrap_or(0)
    }

    /// Evaluates one of the data sets, if it is to be evaluated, alone or with a team.
    pub(super) fn scores(
        &mut self,
        split: Split,
        model: &dyn Model<T>,
        team: Option<&Team<'_>>,
    ) -> Result<Option<Scores>> {
        let data = match split {
            Split::Training => &mut self.training,
            Split::Validation => &mut self.validation,
        };
        let Some((samples, evaluator)) = data else { return Ok(None) };
        let unaugmented = Unaugmented(*samples);
        let samples = if split == Split::Training { &unaugmented } else { *samples };
        let measures: Vec<&dyn Measure> = self.plan.measures.iter().map(|measure| &**measure).collect();
        let task = self.plan.task;
        match team {
            None => evaluator.scores(model, samples, task, &measures, &mut |_| ()),
            Some(team) => evaluator.divided_scores(model, samples, task, &measures, team),
        }
        .map(Some)
    }
}
