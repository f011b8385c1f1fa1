//! A target's health state, as Application Load Balancers keep it.
//!
//! Responsible for turning the outcomes of checks, and failures of live traffic, into a state
//! with a reason. Pure: `checker` makes the checks.

pub(crate) mod checker;

use pilothouse_core::routing::{HealthCheck, Reason, TargetState};

/// What is known of a target's health.
#[derive(Clone, Debug)]
pub(crate) struct Health {
    pub(crate) state: TargetState,
    pub(crate) reason: Option<Reason>,
    pub(crate) detail: String,
    pub(crate) since_ms: u64,
    /// True once a check has passed: only then may it serve while unhealthy.
    pub(crate) proven: bool,
    /// Checks of the same outcome in a row.
    streak: u32,
    streak_passes: bool,
    /// Live traffic could not connect, so the next check decides alone.
    suspect: bool,
}

/// What came of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The answer was a wanted one.
    Passed,
    /// There was none, or an unwanted one.
    Failed {
        /// The code for what went wrong.
        reason: Reason,
        /// The same in words.
        detail: String,
    },
    /// The check could not be made, which says nothing about the target.
    Unknown {
        /// Why not.
        detail: String,
    },
}

impl Health {
    /// Begins in the initial state.
    pub(crate) fn new(now_ms: u64) -> Self {
        Self {
            state: TargetState::Initial,
            reason: Some(Reason::RegistrationInProgress),
            detail: "not checked yet".to_owned(),
            since_ms: now_ms,
            proven: false,
            streak: 0,
            streak_passes: false,
            suspect: false,
        }
    }

    /// Takes in a check's outcome; true when what people see has changed.
    pub(crate) fn observe(&mut self, outcome: Outcome, check: &HealthCheck, now_ms: u64) -> bool {
        match outcome {
            Outcome::Passed => {
                self.count(true);
                self.passed(check, now_ms)
            }
            Outcome::Failed { reason, detail } => {
                self.count(false);
                self.failed(reason, detail, check, now_ms)
            }
            Outcome::Unknown { detail } => {
                let reason = match self.state {
                    TargetState::Initial => Some(Reason::InternalError),
                    TargetState::Healthy
                    | TargetState::Unhealthy
                    | TargetState::Unused
                    | TargetState::Draining
                    | TargetState::Unavailable => self.reason,
                };
                self.become_state(self.state, reason, detail, now_ms)
            }
        }
    }

    /// Whether the last check passed.
    pub(crate) fn last_passed(&self) -> bool {
        self.streak_passes
    }

    fn count(&mut self, passes: bool) {
        self.streak = if passes == self.streak_passes { self.streak.saturating_add(1) } else { 1 };
        self.streak_passes = passes;
    }

    /// Takes in that live traffic could not connect; true when that makes a healthy target
    /// unhealthy until the next check.
    pub(crate) fn suspect(&mut self, detail: &str, now_ms: u64) -> bool {
        if self.state != TargetState::Healthy {
            return false;
        }
        self.suspect = true;
        self.streak = 0;
        let detail = format!("{detail} on a request");
        self.become_state(TargetState::Unhealthy, Some(Reason::FailedHealthChecks), detail, now_ms)
    }

    fn passed(&mut self, check: &HealthCheck, now_ms: u64) -> bool {
        let needed = if self.proven && !self.suspect { check.healthy_threshold } else { 1 };
        if self.state == TargetState::Healthy {
            return self.become_state(TargetState::Healthy, None, String::new(), now_ms);
        }
        if self.streak >= needed {
            self.proven = true;
            self.suspect = false;
            return self.become_state(TargetState::Healthy, None, String::new(), now_ms);
        }
        let detail = format!("passed {} of {needed} health checks", self.streak);
        let (state, reason) = (self.state, self.reason);
        self.become_state(state, reason, detail, now_ms)
    }

    fn failed(&mut self, reason: Reason, detail: String, check: &HealthCheck, now: u64) -> bool {
        let is_decided = self.suspect || self.streak >= check.unhealthy_threshold;
        match self.state {
            TargetState::Initial if !is_decided => {
                let reason = Some(Reason::InitialHealthChecking);
                self.become_state(TargetState::Initial, reason, detail, now)
            }
            TargetState::Healthy if !is_decided => {
                let detail =
                    format!("{detail} ({} of {} failures)", self.streak, check.unhealthy_threshold);
                self.become_state(TargetState::Healthy, None, detail, now)
            }
            TargetState::Initial
            | TargetState::Healthy
            | TargetState::Unhealthy
            | TargetState::Unused
            | TargetState::Draining
            | TargetState::Unavailable => {
                self.suspect = false;
                self.become_state(TargetState::Unhealthy, Some(reason), detail, now)
            }
        }
    }

    fn become_state(
        &mut self,
        state: TargetState,
        reason: Option<Reason>,
        detail: String,
        now_ms: u64,
    ) -> bool {
        let is_same = self.state == state && self.reason == reason && self.detail == detail;
        if self.state != state {
            self.since_ms = now_ms;
        }
        self.state = state;
        self.reason = reason;
        self.detail = detail;
        !is_same
    }
}

#[cfg(test)]
mod tests;
