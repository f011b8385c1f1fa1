//! What is known of the engine of containers, and what may be concluded while it is away.
//!
//! An engine of containers that dies takes the ways to its containers with it, and often the
//! containers too when it comes back. Neither says anything of a release, so nothing is concluded
//! until it is back and whoever owns a container had time to start it anew.

use serde::{Deserialize, Serialize};

use crate::instance::{Instance, InstancePhase};
use crate::routing::{Reason, TargetState};
use crate::spec::Runtime;
use crate::state::{Release, State};
use crate::time::{Millis, Timestamp};

/// How long a container that does not answer says nothing: an engine that goes takes it along
/// first, and that it goes is noticed a moment later. One that answers badly is there.
const SILENCE: Millis = Millis::seconds(3);

/// What is known of the engine of containers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Containers {
    /// Since when it does not answer, and what was said; none while it does.
    pub away: Option<Away>,
    /// When it last came back; none if it never was away.
    pub back_at: Option<Timestamp>,
}

/// An engine of containers that does not answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Away {
    /// Since when.
    pub since: Timestamp,
    /// What was said, printable.
    pub why: String,
    /// Whether another one answers in its stead: what is not there is elsewhere.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub elsewhere: bool,
}

impl State {
    /// Until when nothing is to be concluded of an instance because the engine of containers is,
    /// was or may be away; none if something may be. What never ends has the last of all times.
    pub fn excused_until(&self, instance: &Instance, now: Timestamp) -> Option<Timestamp> {
        let release = self.container_release(instance)?;
        if self.containers.away.is_some() {
            return Some(Timestamp(u64::MAX));
        }
        let until = [silent_until(instance), self.back_until(instance, release)];
        until.into_iter().flatten().max().filter(|until| now < *until)
    }

    /// Until when one that the engine may have taken along has time to start anew.
    fn back_until(&self, instance: &Instance, release: &Release) -> Option<Timestamp> {
        let back_at = self.containers.back_at?;
        // One that proved itself since then is judged as any other.
        let is_open = match &instance.phase {
            InstancePhase::Running { since, proved, .. } => *since <= back_at || !proved,
            InstancePhase::Starting
            | InstancePhase::Stopping { .. }
            | InstancePhase::Gone { .. } => false,
        };
        is_open.then(|| back_at.after(release.service.health.start_deadline))
    }

    /// Whether an instance can only be waited for: it is a container, and their engine is away.
    pub fn is_out_of_reach(&self, instance: &Instance) -> bool {
        self.containers.away.is_some() && self.container_release(instance).is_some()
    }

    /// Whether any instance is a container.
    pub fn has_containers(&self) -> bool {
        self.instances.values().any(|instance| self.container_release(instance).is_some())
    }

    /// The release of an instance that is a container.
    fn container_release(&self, instance: &Instance) -> Option<&Release> {
        let environment = self.environments.get(&instance.environment)?;
        let release = environment.releases.get(&instance.release)?;
        matches!(release.runtime, Runtime::Docker(_)).then_some(release)
    }
}

/// Until when the silence of an instance says nothing of it.
fn silent_until(instance: &Instance) -> Option<Timestamp> {
    let health = &instance.health;
    let is_silent = health.state == TargetState::Unhealthy
        && matches!(health.reason, Some(Reason::Timeout | Reason::FailedHealthChecks));
    is_silent.then(|| health.since.after(SILENCE))
}

#[cfg(test)]
mod tests {
    use crate::apply::apply;
    use crate::decide::decide;
    use crate::effect::{Input, Observation};
    use crate::event::{ContainersEvent, Event, Recorded};
    use crate::id::Seq;

    use super::*;

    #[test]
    fn the_newest_reason_is_told_and_is_no_new_absence() {
        let mut state = State::default();
        let mut told = Vec::new();
        for (at, why) in [(1, "no answer"), (2, "no answer"), (3, "permission denied")] {
            let lost = Observation::ContainersLost { why: why.to_owned(), elsewhere: false };
            let at = Timestamp(at);
            for event in decide(&state, &Input::Observation(lost), at).events {
                let seq = Seq(told.len() as u64 + 1);
                apply(&mut state, &Recorded { seq, at, event: event.clone() });
                told.push((at.0, event));
            }
        }
        let lost = |why: &str| {
            let why = why.to_owned();
            Event::Containers(ContainersEvent::Lost { why, elsewhere: false })
        };
        assert_eq!(told, [(1, lost("no answer")), (3, lost("permission denied"))]);
        let away = state.containers.away.unwrap();
        assert_eq!((away.since, away.why.as_str()), (Timestamp(1), "permission denied"));
    }
}
