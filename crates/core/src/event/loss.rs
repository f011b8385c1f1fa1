//! What an engine goes on without.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::deployment::EnvironmentKey;
use crate::id::{DeploymentId, RunId, Seq};
use crate::state::{Retired, State};

/// Records of the journal that are lost, and numbers that may have been given in them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// The last record that is there.
    pub after: Seq,
    /// The last that is known to be gone; that which is there where nobody knows.
    pub to: Seq,
    /// The last run that may have had a number.
    pub last_run: RunId,
    /// The last deployment that may have had one.
    pub last_deployment: DeploymentId,
    /// Up to where environments may have used their numbers.
    #[serde(with = "crate::state::pairs")]
    pub used: BTreeMap<EnvironmentKey, Retired>,
}

impl Loss {
    /// Passes over what may have been given already: names of what is built, started and served
    /// must not come again, because what bears them may still be there.
    pub(crate) fn pass_over(&self, state: &mut State) {
        state.last_run = state.last_run.max(self.last_run);
        state.last_deployment = state.last_deployment.max(self.last_deployment);
        for (key, used) in &self.used {
            if let Some(environment) = state.environments.get_mut(key) {
                environment.generation = environment.generation.max(used.generation);
            }
            let retired = state
                .retired
                .entry(key.clone())
                .or_insert(Retired { release: used.release, generation: used.generation });
            retired.release = retired.release.max(used.release);
            retired.generation = retired.generation.max(used.generation);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::apply;
    use crate::event::{EngineEvent, Event, Recorded};
    use crate::id::ReleaseNumber;
    use crate::plan::next_release_of;
    use crate::time::Timestamp;

    #[test]
    fn numbers_that_lost_records_may_have_given_are_not_given_again() {
        let key = EnvironmentKey { project: "shop".into(), name: "production".into() };
        let used = |release, generation| Retired { release: ReleaseNumber(release), generation };
        let mut state = State { last_run: RunId(4), ..State::default() };
        state.retired.insert(key.clone(), used(2, 9));
        let mut lost = |last_run, last_deployment, release| {
            let loss = Box::new(Loss {
                last_run: RunId(last_run),
                last_deployment: DeploymentId(last_deployment),
                used: [(key.clone(), used(release, 3))].into(),
                ..Loss::default()
            });
            let event = Event::Engine(EngineEvent::RecordsLost { loss });
            let (seq, at) = (state.seq.next(), Timestamp::default());
            apply(&mut state, &Recorded { seq, at, event });
            let next = next_release_of(&state, &key);
            (state.last_run, state.last_deployment, next, state.retired[&key].generation)
        };
        let expected = (RunId(7), DeploymentId(5), ReleaseNumber(6), 9);
        assert_eq!(lost(7, 5, 5), expected);
        assert_eq!(lost(3, 1, 1), expected, "nothing goes back");
    }
}
