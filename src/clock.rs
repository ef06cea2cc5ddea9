//! The platform's clock, if it has one.

use std::time::{Duration, Instant, SystemTime};

/// `wasm32-unknown-unknown` has no clock: its `Instant::now` panics.
const HAS_CLOCK: bool = !cfg!(all(target_family = "wasm", target_os = "unknown"));

/// A point in time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment(Option<Instant>);

impl Moment {
    /// Returns the current time.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the platform's clock")]
    pub fn now() -> Self {
        Self(HAS_CLOCK.then(Instant::now))
    }

    /// Returns the time since this moment; zero on a platform without a clock.
    pub fn elapsed(self) -> Duration {
        self.0.map_or(Duration::ZERO, |start| start.elapsed())
    }
}

/// Returns the seconds since the beginning of 1970, in universal time; 0 on a platform without a clock.
pub(crate) fn seconds_since_1970() -> f64 {
    let now = HAS_CLOCK.then(SystemTime::now);
    now.and_then(|now| now.duration_since(SystemTime::UNIX_EPOCH).ok())
        .map_or(0.0, |passed| passed.as_secs_f64())
}
