//! Containers on the same Docker engine that are somebody else's: read for whoever looks, never
//! touched, and no part of the state.

use std::collections::BTreeSet;
use std::time::Duration;

use pilothouse_api::types::OtherContainer;
use pilothouse_core::run::RunPhase;
use pilothouse_core::state::State;
use pilothouse_core::text::printable;
use pilothouse_docker::{Changes, Container};
use pilothouse_supervisor::read_regular;

use super::Docker;

/// Containers that are told of at most, those that run first.
const MOST: usize = 200;
/// How long the engine may take to list them: other measurements wait for it.
const WITHIN: Duration = Duration::from_secs(2);
/// Characters of a name that are told at most, and ports of one container.
const NAME: usize = 80;
const PORTS: usize = 4;

/// Others' containers, for as long as somebody looks.
#[derive(Debug, Default)]
pub struct Others {
    listed: Option<Listed>,
}

/// The list as it was read last, which is read again only once it may be another: an engine needs
/// long to write it, and whoever reads it as well.
#[derive(Debug)]
struct Listed {
    changes: Changes,
    /// What was being built then.
    building: BTreeSet<String>,
    others: Vec<OtherContainer>,
}

impl Docker {
    /// The containers that this engine did not have made, but for those in which its images are
    /// being built. None where nobody knows, or where this engine has nothing to do with
    /// containers: then none is asked.
    pub async fn others(&self, state: &State, last: &mut Others) -> Option<Vec<OtherContainer>> {
        if !self.was_used(state) {
            return None;
        }
        let building = self.building(state);
        let known = last.listed.take().and_then(|mut known| {
            let is_same = !known.changes.happened() && known.building == building;
            is_same.then_some(known)
        });
        let listed = match known {
            Some(known) => known,
            None => tokio::time::timeout(WITHIN, self.list(building)).await.ok()??,
        };
        let others = listed.others.clone();
        last.listed = Some(listed);
        Some(others)
    }

    async fn list(&self, building: BTreeSet<String>) -> Option<Listed> {
        let client = self.client().await.ok()?;
        // Listened to before it is looked at, so that nothing changes in between.
        let changes = client.changes().await.ok()?;
        let all = client.containers().await.ok()?;
        let is_own = |one: &Container| self.is_own(one) || building.contains(&one.id);
        let mut others: Vec<Container> = all.into_iter().filter(|one| !is_own(one)).collect();
        others.sort_by(|a, b| (!a.is_running, &a.name).cmp(&(!b.is_running, &b.name)));
        others.truncate(MOST);
        let others = others.iter().map(told).collect();
        Some(Listed { changes, building, others })
    }

    /// The ids of the containers in which images are being built for runs, as their builds tell.
    fn building(&self, state: &State) -> BTreeSet<String> {
        let live = state.live_runs.iter().filter_map(|id| state.runs.get(id));
        let steps = live.filter_map(|run| match run.phase {
            RunPhase::Running { step } => Some(self.places.building(run.id, step)),
            RunPhase::Queued
            | RunPhase::CheckingOut
            | RunPhase::Sealing
            | RunPhase::Cleaning { .. }
            | RunPhase::Ended { .. } => None,
        });
        // A step that builds nothing has no such file, and a build between two of its steps none.
        steps.filter_map(|path| String::from_utf8(read_regular(&path).ok()??).ok()).collect()
    }
}

fn told(container: &Container) -> OtherContainer {
    // The same port on every address of the host is one port to whoever looks.
    let ports: BTreeSet<(u16, u16)> =
        container.ports.iter().map(|(host, inner)| (host.port(), *inner)).collect();
    OtherContainer {
        name: printable(&container.name, NAME),
        image: printable(&container.image, NAME),
        state: printable(&container.state, NAME),
        ports: ports.iter().take(PORTS).map(|(host, inner)| format!(":{host}>{inner}")).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_are_made_printable_and_ports_told_once() {
        let container = Container {
            name: "a\x1b[2Jb\u{202e}".to_owned(),
            image: "x".repeat(500),
            state: "running".to_owned(),
            ports: ["0.0.0.0:8080", "[::]:8080"].map(|at| (at.parse().unwrap(), 80)).to_vec(),
            ..Container::default()
        };
        let told = told(&container);
        assert!(!told.name.contains(['\x1b', '\u{202e}']), "{:?}", told.name);
        assert!(told.image.chars().count() <= NAME + 1, "{}", told.image);
        assert_eq!(told.ports, [":8080>80"]);
    }
}
